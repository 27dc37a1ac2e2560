"""What is done with a call that comes in: the first of the workspace's rules that fits.

Pure: the moment is given in the workspace's own time zone, numbers are known by their names.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from domain.workspaces.words import Routing, RoutingRule, RoutingStep, Weekday

AT_ONCE: Final = 10
"""How many telephones the provider rings at once; of a larger group ten after ten."""

_WEEKDAYS: Final = tuple(Weekday)


class Route(NamedTuple):
    """What is done, and by which of the rules."""

    step: RoutingStep
    rule: int | None = None
    """Its place in the list, from 0 on; ``None`` where none fits."""

    groups: Sequence[Sequence[str]] = ()
    """Whom to dial: each group at once, the next one where nobody of the last picks up."""

    unanswered: RoutingStep | None = None
    finds_machines: bool = False
    room: str | None = None


NOBODY: Final = Route(RoutingStep.reject)
"""Where no rule fits."""


def route(routing: Routing, moment: datetime, called: Collection[str] = ()) -> Route:
    """By the first rule that fits.

    Args:
        routing: The workspace's rules.
        moment: When the call came in, in the workspace's time zone.
        called: The names of the workspace's number that was called; none if it has none.
    """
    for number, rule in enumerate(routing.rules):
        if _fits(rule, moment, called):
            return route_of(routing, number)
    return NOBODY


def route_of(routing: Routing | None, number: int) -> Route:
    """What the rule at this place of the list says; where there is none, nobody is dialled."""
    rules = routing.rules if routing else ()
    if not 0 <= number < len(rules):
        return NOBODY
    rule = rules[number]
    groups = [
        group[first : first + AT_ONCE]
        for group in (rule.targets or (), rule.then or ())
        for first in range(0, len(group), AT_ONCE)
    ]
    listens = bool(rule.finds_machines)
    return Route(rule.step, number, groups, rule.unanswered, listens, rule.room)


def _fits(rule: RoutingRule, moment: datetime, called: Collection[str]) -> bool:
    if rule.called is not None and not set(rule.called) & set(called):
        return False
    opens, closes, now = rule.opens or "00:00", rule.closes or "24:00", f"{moment:%H:%M}"
    day = moment.weekday()
    if opens < closes:
        return opens <= now < closes and _is_day(rule, day)
    # It closes on the day after; what is open then belongs to the day on which it opened.
    return (now >= opens and _is_day(rule, day)) or (now < closes and _is_day(rule, day - 1))


def _is_day(rule: RoutingRule, day: int) -> bool:
    return rule.weekdays is None or _WEEKDAYS[day % 7] in rule.weekdays
