"""Whose consent a recording needs: the table, and how it is read."""

from datetime import date
from itertools import permutations

import pytest

from domain.consents.jurisdictions import (
    READ_SINCE,
    TABLE,
    UNKNOWN,
    Consents,
    Rule,
    Table,
    recording_consent,
)

DAY = date(2026, 11, 25)
ONE, ALL = Consents.one_party, Consents.all_parties


@pytest.mark.parametrize(
    ("places", "consents", "rule"),
    [
        (["NL", "GB"], ONE, "GB/one_party/2026-01-01"),
        (["US-NY", "US-TX"], ONE, "US-NY/one_party/2026-01-01"),
        (["US-NY", "US-CA"], ALL, "US-CA/all_parties/2026-01-01"),
        (["NL", "DE"], ALL, "DE/all_parties/2026-01-01"),
        (["GB", "DK", "IE"], ALL, "DK/all_parties/2019-04-11"),
        (["DE", "DK"], ALL, "DE/all_parties/2026-01-01"),
        (["NL", None], ALL, UNKNOWN),
        (["NL", "XX"], ALL, UNKNOWN),
        (["US-NY", "US"], ALL, UNKNOWN),
        (["US-NY", "US-ZZ"], ALL, UNKNOWN),
        (["US-CA", None], ALL, "US-CA/all_parties/2026-01-01"),
        (["AU-NSW", "NL"], ALL, "AU/all_parties/2026-01-01"),
        (["GB-SCT"], ONE, "GB/one_party/2026-01-01"),
        ([], ALL, UNKNOWN),
    ],
)
def test_the_strictest_party_decides(
    places: list[str | None], consents: Consents, rule: str
) -> None:
    """For all of them; a place that is not known needs everybody. The order says nothing."""
    for order in permutations(places):
        ruling = recording_consent(order, DAY)
        assert (ruling.consents, ruling.rule) == (consents, rule)


def test_a_ruling_says_why() -> None:
    """The rule, where it is written, the version of the table, and the places asked about."""
    ruling = recording_consent(["NL", "US-CA", "NL"], DAY)
    assert ruling.places == ("NL", "US-CA")
    assert ruling.table_version == TABLE.version
    assert ruling.explanation == (
        "all parties, by US-CA/all_parties/2026-01-01 (Cal. Penal Code 632, 632.7) "
        "of the table of 2026-11-25, the strictest for NL, US-CA"
    )


def test_a_rule_holds_from_its_day_to_its_end() -> None:
    """What held then decides: before a rule began and from its end on, the place is unknown."""
    changed = Table(
        "test",
        (
            Rule("XA", ALL, "old law", date(2020, 1, 1), date(2024, 7, 1)),
            Rule("XA", ONE, "new law", date(2024, 7, 1), date(2025, 1, 1)),
        ),
    )
    days = {
        date(2019, 12, 31): (ALL, UNKNOWN),
        date(2020, 1, 1): (ALL, "XA/all_parties/2020-01-01"),
        date(2024, 6, 30): (ALL, "XA/all_parties/2020-01-01"),
        date(2024, 7, 1): (ONE, "XA/one_party/2024-07-01"),
        date(2024, 12, 31): (ONE, "XA/one_party/2024-07-01"),
        date(2025, 1, 1): (ALL, UNKNOWN),
    }
    for day, expected in days.items():
        ruling = recording_consent(["XA"], day, changed)
        assert (ruling.consents, ruling.rule) == expected
        assert ruling.table_version == "test"


def test_what_was_not_read_is_not_vouched_for() -> None:
    """Of a day before the table was read a one-party place says nothing."""
    assert recording_consent(["NL"], READ_SINCE).consents is ONE
    assert recording_consent(["NL"], date(2025, 12, 31)).rule == UNKNOWN


def test_every_rule_has_a_source_and_a_time_of_its_own() -> None:
    """No row without where it is written; at most one holds of a place on any day."""
    for rule in TABLE.rules:
        assert rule.source
        assert rule.valid_until is None or rule.valid_from < rule.valid_until
        days = (rule.valid_from, DAY)
        for day in days:
            assert [one for one in TABLE.rules if one.holds(rule.place, day)] == [rule]


def test_every_state_of_the_united_states_has_a_rule() -> None:
    """Fifty and the District of Columbia: fifteen of them strict or disputed, so strict."""
    states = {rule.place: rule.consents for rule in TABLE.rules if rule.place.startswith("US-")}
    assert len(states) == 51
    assert list(states.values()).count(ALL) == 15
