"""Access entries: their purposes, and how long they are kept."""

from datetime import date

import pytest

from adapters.accesses.expiry import LONGEST_DAYS
from adapters.accesses.row import SLOTS, slot_of
from domain.accesses import AccessPurpose, kept_from
from domain.recordings.words import Purpose
from domain.workspaces.profiles import RULES, rule_of
from domain.workspaces.words import Kept, ProfileName

DAY = date(2026, 3, 31)


def test_a_playback_has_its_purpose_in_both_places() -> None:
    """Whatever a recording may be played for, a value may be read for, in the same word."""
    assert {purpose.value for purpose in Purpose} < {purpose.value for purpose in AccessPurpose}


def test_none_grows_older_than_its_period() -> None:
    """Of a period of a day only today's are kept: yesterday's may be older than a day."""
    assert kept_from(DAY, 1) == DAY
    assert kept_from(DAY, 30) == date(2026, 3, 2)


@pytest.mark.parametrize("profile", ProfileName)
def test_no_policy_keeps_them_beyond_the_ring(profile: ProfileName) -> None:
    """The ring of days is longer than any rule: a day is emptied before its place is needed."""
    dated = {rule.valid_from for rule in RULES[profile]} | {DAY}
    for on in dated:
        rule = rule_of(profile, Kept.access_entries, on)
        assert rule.period.length <= LONGEST_DAYS < SLOTS
        assert all(days <= LONGEST_DAYS for days in range(1, 1_000) if days in rule.choices)
    kept = {slot_of(date.fromordinal(DAY.toordinal() - age)) for age in range(LONGEST_DAYS)}
    assert len(kept) == LONGEST_DAYS
