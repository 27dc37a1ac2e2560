"""The first rule that fits decides, by the workspace's own clock."""

from datetime import datetime

import pytest

from domain.policies.routing import AT_ONCE, NOBODY, route, route_of
from domain.workspaces.words import Routing, RoutingRule, RoutingStep, Weekday

DIAL, VOICEMAIL, REJECT = RoutingStep.dial, RoutingStep.voicemail, RoutingStep.reject
WORKING_DAYS = tuple(Weekday)[:5]


def rule(step: RoutingStep = DIAL, **more: object) -> RoutingRule:
    """A rule that dials the desk, or does something else."""
    targets = ("desk",) if step is DIAL else None
    said: dict[str, object] = {"targets": targets, **more}
    return RoutingRule(step=step, **said)  # type: ignore[arg-type] # any field


def routing(*rules: RoutingRule) -> Routing:
    """These, in their order."""
    return Routing(time_zone="Europe/Brussels", rules=rules)


# 2026-03-02 is a Monday.
MONDAY_NOON = datetime.fromisoformat("2026-03-02T12:00")


@pytest.mark.parametrize(
    ("moment", "step"),
    [
        ("2026-03-02T08:59", VOICEMAIL),
        ("2026-03-02T09:00", DIAL),
        ("2026-03-02T17:29", DIAL),
        ("2026-03-02T17:30", VOICEMAIL),  # the closing minute is not included
        ("2026-03-06T12:00", DIAL),
        ("2026-03-07T12:00", VOICEMAIL),  # a Saturday
    ],
)
def test_opening_hours(moment: str, step: RoutingStep) -> None:
    """Dialled while it is open, and a message otherwise."""
    open_hours = rule(opens="09:00", closes="17:30", weekdays=WORKING_DAYS)
    found = route(routing(open_hours, rule(VOICEMAIL)), datetime.fromisoformat(moment))
    assert found.step is step


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-03-06T21:59", False),
        ("2026-03-06T22:00", True),  # Friday night
        ("2026-03-07T05:59", True),  # is still Friday's
        ("2026-03-07T06:00", False),
        ("2026-03-07T22:00", False),  # Saturday's own night
        ("2026-03-06T03:00", False),  # Thursday's
    ],
)
def test_a_night_belongs_to_the_day_on_which_it_began(moment: str, *, is_open: bool) -> None:
    """Hours that close after midnight."""
    night = rule(opens="22:00", closes="06:00", weekdays=(Weekday.friday,))
    found = route(routing(night), datetime.fromisoformat(moment))
    assert (found.step is DIAL) is is_open


def test_without_hours_it_fits_all_day() -> None:
    """From midnight to midnight, every day."""
    for moment in ("2026-03-02T00:00", "2026-03-08T23:59"):
        assert route(routing(rule()), datetime.fromisoformat(moment)).step is DIAL


def test_where_none_fits_the_call_is_turned_away() -> None:
    """Also where there are no rules."""
    saturdays = rule(weekdays=(Weekday.saturday,))
    assert route(routing(saturdays), MONDAY_NOON) == NOBODY
    assert route(routing(), MONDAY_NOON) == NOBODY


def test_a_rule_for_one_of_our_numbers_is_none_for_another() -> None:
    """By the names of the workspace's numbers; a call to an unnamed one fits what names none."""
    rules = routing(rule(called=("shop",)), rule(REJECT))
    assert route(rules, MONDAY_NOON, ["shop", "fair"]).step is DIAL
    assert route(rules, MONDAY_NOON, ["fair"]).step is REJECT
    assert route(rules, MONDAY_NOON).step is REJECT


def test_groups_come_one_after_another() -> None:
    """All of a group at once, at most so many; then those who are named for that."""
    many = tuple(f"desk{number}" for number in range(AT_ONCE + 2))
    found = route(routing(rule(targets=many, then=("home",), unanswered=VOICEMAIL)), MONDAY_NOON)
    assert found.groups == [many[:AT_ONCE], many[AT_ONCE:], ("home",)]
    assert (found.rule, found.unanswered) == (0, VOICEMAIL)


def test_a_rule_is_found_again_by_its_place() -> None:
    """What is not there dials nobody."""
    rules = routing(rule(REJECT), rule())
    assert route_of(rules, 1).groups == [("desk",)]
    for absent in (2, -1):
        assert route_of(rules, absent) == NOBODY
    assert route_of(None, 0) == NOBODY
