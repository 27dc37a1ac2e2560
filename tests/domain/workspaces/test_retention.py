"""How long things are kept: the published numbers, the law's, and which rule goes before which."""

from datetime import UTC, date, datetime
from itertools import combinations

import pytest

from domain.workspaces.profiles import RULES, Start, days, law_of, rule_of, years
from domain.workspaces.retention import Level, Retention
from domain.workspaces.words import Kept, ProfileName

TODAY = date(2026, 3, 2)
LEVELS = tuple(Level)


@pytest.mark.parametrize(
    ("profile", "category", "period", "source"),
    [
        (ProfileName.callnest, Kept.recordings, days(90), "promise 52"),
        (ProfileName.callnest, Kept.call_metadata, days(730), "promise 51"),
        (ProfileName.callnest, Kept.account, days(60), "promises 49 and 54"),
        (ProfileName.callnex, Kept.recordings, days(90), "promise 53"),
        (ProfileName.callnex, Kept.account, days(30), "promise 50"),
        (ProfileName.callnex, Kept.invoices, years(7), "promise 55"),
        (ProfileName.callnex, Kept.tickets, years(2), "promise 57"),
        (ProfileName.callnex, Kept.access_entries, days(30), "promise 60"),
        (ProfileName.cloudcall, Kept.invoices, years(10), "promise 56"),
        (ProfileName.cloudtalk, Kept.account, days(60), "promises 49 and 54"),
    ],
)
def test_what_was_published(
    profile: ProfileName, category: Kept, period: object, source: str
) -> None:
    """Each number of the policies, and the baseline's where a policy names none."""
    ruling = Retention(profile).explain(category, None, TODAY).ruling
    assert (ruling.level, ruling.period, ruling.source) == (Level.profile, period, source)


@pytest.mark.parametrize("profile", list(ProfileName))
@pytest.mark.parametrize("category", list(Kept))
def test_nothing_is_kept_without_a_rule(profile: ProfileName, category: Kept) -> None:
    """Every policy has one for everything, with its source and a reason; none is for ever."""
    for day in (date.min, TODAY, date.max):
        rule = rule_of(profile, category, day)
        assert rule.source
        assert 0 < rule.period.after(datetime(2026, 3, 2, tzinfo=UTC)).year < 2040
    assert Retention(profile).explain(category, None, TODAY).reason


def test_rules_are_added_in_the_order_of_their_days() -> None:
    """The last one that is valid holds: an older one after it would be taken for newer."""
    for rules in RULES.values():
        for category in Kept:
            dates = [rule.valid_from for rule in rules if rule.category is category]
            assert dates == sorted(dates)


def test_a_rule_holds_from_its_day_on() -> None:
    """Before CallNest published 24 months, the baseline's year held."""
    assert rule_of(ProfileName.callnest, Kept.call_metadata, date(2025, 4, 30)).period == days(365)
    assert rule_of(ProfileName.callnest, Kept.call_metadata, date(2025, 5, 1)).period == days(730)


def test_the_law_s_longer_period_goes_before_the_published_one() -> None:
    """Belgian invoices: seven years were published, ten are the law since 2023."""
    belgian = Retention(ProfileName.callnex, country="BE")
    ruling = belgian.explain(Kept.invoices, None, TODAY).ruling
    assert ruling.period == years(10)
    assert "Belgium" in ruling.source
    old = law_of("BE", date(2022, 12, 31))
    assert old is not None
    assert old.period == years(7)
    assert Retention(ProfileName.callnex, country="NL").explain(
        Kept.invoices, None, TODAY
    ).ruling.period == years(7)
    # A law about invoices says nothing of anything else.
    assert belgian.explain(Kept.account, None, TODAY).ruling.period == days(30)


@pytest.mark.parametrize(
    "standing", [c for n in range(5) for c in combinations(LEVELS[:-1], n)], ids=str
)
def test_the_strongest_rule_that_stands_holds(standing: tuple[Level, ...]) -> None:
    """Hold > restriction > campaign > workspace > profile, whichever of them there are."""
    periods: dict[tuple[Kept, str | None], int] = {}
    if Level.campaign in standing:
        periods[Kept.recordings, "spring"] = 10
    if Level.workspace in standing:
        periods[Kept.recordings, None] = 60
    found = Retention(periods={**periods, (Kept.recordings, "autumn"): 5}).explain(
        Kept.recordings,
        "spring",
        TODAY,
        is_held=Level.hold in standing,
        is_restricted=Level.restriction in standing,
    )
    assert tuple(one.level for one in (found.ruling, *found.overrides)) == (
        *standing,
        Level.profile,
    )
    expected = {
        Level.hold: None,
        Level.restriction: None,
        Level.campaign: days(10),
        Level.workspace: days(60),
        Level.profile: days(90),
    }
    for one in (found.ruling, *found.overrides):
        assert one.period == expected[one.level]
        assert one.source


def test_outside_a_campaign_no_campaign_s_period_holds() -> None:
    """Nor does another category's."""
    chosen = Retention(periods={(Kept.recordings, "spring"): 10, (Kept.call_metadata, None): 400})
    assert chosen.explain(Kept.recordings, None, TODAY).ruling.level is Level.profile


def test_what_a_period_is_counted_from() -> None:
    """Tickets and accounts from their closing, everything else from when it came to be."""
    starts = {category: Retention().explain(category, None, TODAY).start for category in Kept}
    assert starts.pop(Kept.account) is Start.workspace_closed
    assert starts.pop(Kept.tickets) is Start.ticket_closed
    assert set(starts.values()) == {Start.kept}


def test_years_are_calendar_years() -> None:
    """Two years from a leap day end on the first of March, not a day early."""
    leap = datetime(2024, 2, 29, 12, tzinfo=UTC)
    assert years(2).after(leap) == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert years(4).after(leap) == datetime(2028, 2, 29, 12, tzinfo=UTC)
    assert days(30).after(leap) == datetime(2024, 3, 30, 12, tzinfo=UTC)
