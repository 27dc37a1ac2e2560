"""Whose consent the recording of a call needs, by the places of its parties.

The table is data: a row for each rule, from when to when it held, and where it is written. It is
an engineer's reading and no legal advice; a workspace's counsel may bring another. It errs on one
side: the strictest party's rule decides for all, of lists that disagree the stricter is taken,
and a place that is unknown, or has no row on that day, needs everybody's consent.

It says nothing of the lawful basis and the notice that the GDPR asks for beside it (Art. 6, 13).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

READ_SINCE: Final = date(2026, 1, 1)
"""From here on we vouch for a row that has no better date; before, its place is unknown."""

UNKNOWN: Final = "unknown"
"""The place of a party of whom nothing is known, and the rule that then decides."""


class Consents(StrEnum):
    """Whose consent a recording needs."""

    one_party = "one_party"
    """One party's is enough, and the workspace is one."""

    all_parties = "all_parties"


@dataclass(frozen=True, slots=True)
class Rule:
    """A row: what held at a place, from one day to another."""

    place: str
    """ISO 3166-1 or, where parts of a country differ, ISO 3166-2."""

    consents: Consents
    source: str
    valid_from: date = READ_SINCE
    valid_until: date | None = None
    """The first day on which it held no more."""

    @property
    def name(self) -> str:
        """What entries name it by; with the table's version it is one row."""
        return f"{self.place}/{self.consents}/{self.valid_from}"

    def holds(self, place: str, day: date) -> bool:
        """Whether it was the rule of this place on this day."""
        began = self.valid_from <= day
        return self.place == place and began and (not self.valid_until or day < self.valid_until)


@dataclass(frozen=True, slots=True)
class Table:
    """The rules as they were read on one day. A changed row is a new version."""

    version: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Ruling:
    """Whose consent a recording needs, and why."""

    consents: Consents
    rule: str
    """The row that decided, or ``unknown``."""

    source: str
    places: tuple[str, ...]
    """All that were asked about, sorted."""

    table_version: str

    @property
    def explanation(self) -> str:
        """Why, in a sentence."""
        return (
            f"{self.consents.replace('_', ' ')}, by {self.rule} ({self.source}) of the table of "
            f"{self.table_version}, the strictest for {', '.join(self.places)}"
        )


NOWHERE: Final = Rule(UNKNOWN, Consents.all_parties, "no rule is known of this place", date.min)

_FEDERAL: Final = "18 U.S.C. 2511(2)(d)"
_ONE_PARTY_STATES: Final = (
    *("AL", "AK", "AZ", "AR", "CO", "DC", "GA", "HI", "ID", "IN", "IA", "KS", "KY", "LA", "ME"),
    *("MN", "MS", "MO", "NE", "NJ", "NM", "NY", "NC", "ND", "OH", "OK", "RI", "SC", "SD", "TN"),
    *("TX", "UT", "VA", "WV", "WI", "WY"),
)
_ALL: Final = Consents.all_parties
_ONE: Final = Consents.one_party

_RULES: Final = (
    # The United States, where both lists that were read agree.
    Rule("US-CA", _ALL, "Cal. Penal Code 632, 632.7"),
    Rule("US-DE", _ALL, "11 Del. C. 1335, stricter than 11 Del. C. 2402"),
    Rule("US-FL", _ALL, "Fla. Stat. 934.03"),
    Rule("US-IL", _ALL, "720 ILCS 5/14-2 (private conversations)"),
    Rule("US-MD", _ALL, "Md. Code, Cts. & Jud. Proc. 10-402"),
    Rule("US-MA", _ALL, "Mass. Gen. Laws ch. 272 s. 99 (secret recording)"),
    Rule("US-MT", _ALL, "Mont. Code 45-8-213 (notice to all)"),
    Rule("US-NH", _ALL, "N.H. Rev. Stat. 570-A:2"),
    Rule("US-PA", _ALL, "18 Pa. C.S. 5703, 5704"),
    Rule("US-WA", _ALL, "Wash. Rev. Code 9.73.030 (an announcement that is recorded too)"),
    # Where they do not: the stricter reading.
    Rule("US-CT", _ALL, "Conn. Gen. Stat. 52-570d (civil: consent, recorded notice or tone)"),
    Rule("US-MI", _ALL, "Mich. Comp. Laws 750.539c (participants excepted by case law only)"),
    Rule("US-NV", _ALL, "Nev. Rev. Stat. 200.620 (wire communications, by case law)"),
    Rule("US-OR", _ALL, "Or. Rev. Stat. 165.540 (in person all, by telephone one: disputed)"),
    Rule("US-VT", _ALL, "no statute; case law only"),
    *(
        Rule(f"US-{state}", _ONE, f"{_FEDERAL}; state law no stricter")
        for state in _ONE_PARTY_STATES
    ),
    # Europe.
    Rule("AT", _ALL, "StGB 120 (disclosure)"),
    Rule("CH", _ALL, "StGB 179ter"),
    Rule("DE", _ALL, "StGB 201"),
    Rule("DK", _ALL, "Datatilsynet, decision of 2019-04-11 (customer calls)", date(2019, 4, 11)),
    Rule("FR", _ALL, "Code penal 226-1"),
    Rule("PT", _ALL, "Codigo Penal 199"),
    Rule("ES", _ONE, "Constitution 18.3 as read by the Constitutional Court (STC 114/1984)"),
    Rule("GB", _ONE, "Investigatory Powers Act 2016; S.I. 2018/356"),
    Rule("IE", _ONE, "Postal and Telecommunications Services Act 1983 s. 98"),
    Rule("IT", _ONE, "Codice penale 617 (participants excepted)"),
    Rule("NL", _ONE, "Wetboek van Strafrecht 139a, 139c (participants excepted)"),
    Rule("PL", _ONE, "Kodeks karny 267 (participants excepted)"),
    # Elsewhere.
    Rule("AU", _ALL, "Telecommunications (Interception and Access) Act 1979 s. 6, 7; state law"),
    Rule("BR", _ONE, "Lei 9.296/1996 as read by the Supreme Court (participants excepted)"),
    Rule("CA", _ONE, "Criminal Code 184(2)(a); PIPEDA (inform, purpose, alternative)"),
    Rule("JP", _ONE, "no statute against recording by a participant; case law"),
    Rule("ZA", _ONE, "RICA 2002 s. 4"),
)

TABLE: Final = Table("2026-11-25", _RULES)
"""Every rule. The United States have no row of their own: a state that is unknown is strict."""


def recording_consent(places: Iterable[str | None], day: date, table: Table = TABLE) -> Ruling:
    """Whose consent the recording of a call between these places needs on a day.

    Args:
        places: One for each party: a country (``BE``), a part of one (``US-CA``), or ``None``.
            Of no parties at all nothing is known either.
        day: When the recording begins.
        table: Another table than ours.
    """
    asked = sorted({place or UNKNOWN for place in places} or {UNKNOWN})
    rules = [rule_of(place, day, table) for place in asked]
    # The first of the strict ones in the order of the places: the same whatever theirs was.
    strict = [rule for rule in rules if rule.consents is Consents.all_parties]
    decisive = (strict or rules)[0]
    name = UNKNOWN if decisive.place == UNKNOWN else decisive.name
    return Ruling(decisive.consents, name, decisive.source, tuple(asked), table.version)


def rule_of(place: str, day: date, table: Table) -> Rule:
    """The rule of a place on a day: its own, else its country's, else the unknown's."""
    for name in (place, place.partition("-")[0]):
        for rule in table.rules:
            if rule.holds(name, day):
                return rule
    return NOWHERE
