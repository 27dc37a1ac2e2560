"""What is due: not a day early, within a day of its end, and by the strongest rule there is."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from asking import SAID
from hypothesis import given
from hypothesis import strategies as st
from reports import at

from domain.personal_data import Category
from domain.workspaces.events import (
    RetentionPeriodCleared,
    RetentionPeriodSet,
    WorkspaceClosed,
    WorkspaceEvent,
    WorkspaceKeysDestroyed,
)
from domain.workspaces.expiry import Due, Living, due
from domain.workspaces.profiles import Period, Unit, days
from domain.workspaces.retention import KEPT_AS, Level
from domain.workspaces.words import ClosureReason, Kept
from domain.workspaces.workspace import WORKSPACE

TODAY = date(2026, 3, 2)
AUDIO = Category.recording
CLOSED = WorkspaceClosed(
    occurred_at=at(0), reason=ClosureReason.terminated, keys_destroyed_from=at(60)
)


def ago(length: int) -> date:
    """So many days before today."""
    return TODAY - timedelta(days=length)


def period(length: int, campaign: str | None = None) -> RetentionPeriodSet:
    """Recordings are kept so many days."""
    return RetentionPeriodSet(**SAID, category=Kept.recordings, days=length, campaign=campaign)


def what_is_due(*told: WorkspaceEvent, living: Living, today: date = TODAY) -> list[Due]:
    """What goes, of a workspace of which this was told."""
    return list(due(WORKSPACE.fold(told), (living,), today))


def midnight(day: date) -> datetime:
    """When a day begins."""
    return datetime.combine(day, time(), UTC)


@given(
    st.builds(Period, st.integers(1, 800), st.just(Unit.days))
    | st.builds(Period, st.integers(1, 12), st.just(Unit.years)),
    st.dates(date(2020, 1, 1), date(2040, 12, 31)),
)
def test_nothing_goes_early_and_nothing_stays_a_day_longer(kept: Period, today: date) -> None:
    """The last day that is over has ended a whole period ago; the day after it has not."""
    following = kept.over(today) + timedelta(days=1)
    assert kept.after(midnight(following)) <= midnight(today)
    assert kept.after(midnight(following + timedelta(days=1))) > midnight(today)


def test_ninety_days_are_over_on_the_ninety_first() -> None:
    """What was kept on a day goes when ninety whole days have followed it, and not before."""
    assert what_is_due(living=Living(AUDIO, None, ago(90))) == []
    assert what_is_due(living=Living(AUDIO, None, ago(91))) == [
        Due(AUDIO, None, ago(91), Level.profile, days(90), "promise 53")
    ]


@pytest.mark.parametrize(
    ("told", "campaign", "length", "level"),
    [
        ((), None, 90, Level.profile),
        ((period(60),), None, 60, Level.workspace),
        ((period(60),), "spring", 60, Level.workspace),
        ((period(60), period(30, "spring")), "spring", 30, Level.campaign),
        ((period(60), period(30, "spring")), "autumn", 60, Level.workspace),
        ((period(60), period(30, "spring")), None, 60, Level.workspace),
        ((period(30), period(60)), None, 60, Level.workspace),
        (
            (period(30), RetentionPeriodCleared(**SAID, category=Kept.recordings)),
            None,
            90,
            Level.profile,
        ),
    ],
)
def test_the_strongest_rule_decides(
    told: tuple[WorkspaceEvent, ...], campaign: str | None, length: int, level: Level
) -> None:
    """Campaign > workspace > profile, as they stand today: a change holds at once."""
    assert what_is_due(*told, living=Living(AUDIO, campaign, ago(length))) == []
    (found,) = what_is_due(*told, living=Living(AUDIO, campaign, ago(400)))
    assert (found.last_day, found.level) == (ago(length + 1), level)


@pytest.mark.parametrize("category", list(Category))
def test_every_kind_of_value_has_a_period(category: Category) -> None:
    """None is kept for ever: in the end it goes, or with the account."""
    (found,) = what_is_due(
        CLOSED,
        WorkspaceKeysDestroyed(occurred_at=at(60)),
        living=Living(category, None, TODAY),
    )
    assert (found.last_day, found.period) == (TODAY, days(60))
    is_account = KEPT_AS[category] is Kept.account
    assert bool(what_is_due(living=Living(category, None, date(2000, 1, 1)))) is not is_account


def test_a_closed_workspace_keeps_what_is_not_over_until_its_day() -> None:
    """A closure can be taken back: until its key is destroyed the usual periods hold."""
    assert what_is_due(CLOSED, living=Living(AUDIO, None, ago(90))) == []
    assert what_is_due(CLOSED, living=Living(Category.account, None, ago(4000))) == []
