"""How long each thing is kept by each published policy and by law, as dated data.

A policy that names no number goes by the baseline: nothing is kept without a rule, and nothing
for ever. ``source`` is the row of the promise register. A rule holds from its day on; a newer one
is added after it, so that what held on any day can still be told.
"""

from collections.abc import Container, Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from domain.workspaces.words import Kept, ProfileName


class Unit(StrEnum):
    """What a period is counted in. A year is a calendar year."""

    days = "days"
    years = "years"


class Period(NamedTuple):
    """So long."""

    length: int
    unit: Unit

    def after(self, start: datetime) -> datetime:
        """When a period that begins then is over; a 29 February ends on 1 March."""
        if self.unit is Unit.days:
            return start + timedelta(days=self.length)
        year = start.year + self.length
        try:
            return start.replace(year=year)
        except ValueError:
            return start.replace(year=year, month=3, day=1)

    def ends(self, day: date) -> date:
        """The day at whose beginning all of what was kept on a day is older than this."""
        return self.after(datetime.combine(day + timedelta(days=1), time(), UTC)).date()

    def over(self, today: date) -> date:
        """The last day that has ended so by ``today``."""
        if self.unit is Unit.days:
            return today - timedelta(days=self.length + 1)
        year = today.year - self.length
        try:
            end = today.replace(year=year)
        except ValueError:
            end = today.replace(year=year, day=28)
        return end - timedelta(days=1)


def days(length: int) -> Period:
    """So many days."""
    return Period(length, Unit.days)


def years(length: int) -> Period:
    """So many calendar years."""
    return Period(length, Unit.years)


class Start(StrEnum):
    """What a period is counted from."""

    kept = "kept"
    """When the thing came to be."""

    workspace_closed = "workspace_closed"
    ticket_closed = "ticket_closed"


class Rule(NamedTuple):
    """What a policy says of one category."""

    category: Kept
    period: Period
    source: str
    choices: Container[int] = ()
    """The periods in days that a workspace or a campaign may choose instead."""

    valid_from: date = date.min


class Law(NamedTuple):
    """How long the law of a country has invoices kept."""

    period: Period
    source: str
    valid_from: date = date.min


STARTS: Final[Mapping[Kept, Start]] = MappingProxyType(
    {
        **dict.fromkeys(Kept, Start.kept),
        Kept.account: Start.workspace_closed,
        Kept.tickets: Start.ticket_closed,
    }
)
REASONS: Final[Mapping[Kept, str]] = MappingProxyType(
    {
        Kept.recordings: "To hear what was said while a call is still dealt with.",
        Kept.call_metadata: "To bill calls, and to answer for a bill that is disputed.",
        Kept.account: "To reopen what was closed by mistake, and to hand it over.",
        Kept.invoices: "The law has the books kept.",
        Kept.tickets: "To answer when somebody comes back to what they asked.",
        Kept.access_entries: "To look into an incident that is noticed late.",
        Kept.unclassified: "To understand later what the provider says in a new way.",
        Kept.dead_letters: "To understand later what could not be, and to lose no call.",
        Kept.consent_evidence: "To show that there was a consent (GDPR Art. 7(1)).",
    }
)
"""Why each thing is kept at all, for as long as its rule says."""

_MAY_2025: Final = date(2025, 5, 1)
_LOGS: Final = range(365, 731)

RULES: Final[Mapping[ProfileName, tuple[Rule, ...]]] = MappingProxyType(
    {
        ProfileName.baseline: (
            Rule(Kept.recordings, days(90), "promise 53", range(1, 91)),
            Rule(Kept.call_metadata, days(365), "promise 51", _LOGS),
            # Recordings must go within 60 days of a closure, and they go with the key.
            Rule(Kept.account, days(60), "promises 49 and 54"),
            Rule(Kept.invoices, years(10), "promise 56"),
            Rule(Kept.tickets, years(2), "promise 57"),
            Rule(Kept.access_entries, days(30), "promise 60", range(1, 31)),
            # Long enough to teach the program what it did not understand, and to replay it.
            Rule(Kept.unclassified, days(90), "promise 59", range(1, 91)),
            Rule(Kept.dead_letters, days(90), "promise 59", range(1, 91)),
            # Whoever relies on a consent must be able to show it (GDPR Art. 7(1)).
            Rule(Kept.consent_evidence, years(5), "promise 59"),
        ),
        ProfileName.callnest: (
            Rule(Kept.recordings, days(90), "promise 52", (30, 60, 90), _MAY_2025),
            Rule(Kept.call_metadata, days(730), "promise 51", _LOGS, _MAY_2025),
        ),
        ProfileName.callnex: (
            Rule(Kept.account, days(30), "promise 50", (), _MAY_2025),
            Rule(Kept.invoices, years(7), "promise 55", (), _MAY_2025),
        ),
        # These two name no number: "by our retention practice" (promise 62), and the contract
        # and the limitation period after it (promise 61).
        ProfileName.cloudcall: (),
        ProfileName.cloudtalk: (),
    }
)
LAWS: Final[Mapping[str, tuple[Law, ...]]] = MappingProxyType(
    {
        "BE": (
            Law(years(7), "promise 55"),
            Law(years(10), "act of 20 November 2022 (Belgium)", date(2023, 1, 1)),
        )
    }
)


def rule_of(profile: ProfileName, category: Kept, on: date) -> Rule:
    """What the profile says of a category on a day; what the baseline says where it is silent."""
    rules = RULES[profile]
    found = [rule for rule in rules if rule.category is category and rule.valid_from <= on]
    return found[-1] if found else rule_of(ProfileName.baseline, category, on)


def law_of(country: str | None, on: date) -> Law | None:
    """What the law of a country says of invoices on a day, where it is known."""
    laws = LAWS.get(country, ()) if country else ()
    found = [law for law in laws if law.valid_from <= on]
    return found[-1] if found else None
