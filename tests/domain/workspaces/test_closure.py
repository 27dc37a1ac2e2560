"""The rules of a workspace's end, one story each."""

from datetime import datetime, timedelta

import pytest
from asking import SAID, accept, change, close, invite
from reports import at
from scenario import Scenario

from domain.workspaces.commands import (
    ConfirmRemains,
    DestroyKeys,
    DisableIntegration,
    RemoveDialTarget,
    ReopenWorkspace,
)
from domain.workspaces.events import (
    ProfileSet,
    WorkspaceClosed,
    WorkspaceKeysDestroyed,
    WorkspaceRemainsDeleted,
    WorkspaceReopened,
)
from domain.workspaces.words import ChangeReason, ClosureReason, ProfileName
from domain.workspaces.workspace import WORKSPACE

STORY = Scenario(WORKSPACE)
DAY = at(0) + timedelta(days=60)
CLOSED = WorkspaceClosed(
    occurred_at=at(0), reason=ClosureReason.terminated, keys_destroyed_from=DAY
)


def destroy(moment: datetime, *, is_held: bool = False) -> DestroyKeys:
    """Keep the promise, at that moment."""
    return DestroyKeys(occurred_at=moment, is_held=is_held)


def reopen(moment: datetime) -> ReopenWorkspace:
    """Take the closure back, at that moment."""
    return ReopenWorkspace(occurred_at=moment, reason=ChangeReason.correction)


@pytest.mark.parametrize(
    ("profile", "days"),
    [(None, 60), (ProfileName.callnest, 60), (ProfileName.callnex, 30)],
)
def test_a_closure_promises_the_day_of_its_policy(profile: ProfileName | None, days: int) -> None:
    """The day is said with the closure: a policy that changes later does not move it."""
    past = [ProfileSet(**SAID, setting=profile)] if profile else []
    promised = WorkspaceClosed(
        occurred_at=at(0),
        reason=ClosureReason.terminated,
        keys_destroyed_from=at(0) + timedelta(days=days),
    )
    STORY.given(*past).when(close()).then(promised).when(close(9)).nothing_happens()


@pytest.mark.parametrize(
    "command",
    [
        change(profile=ProfileName.callnex),
        invite(),
        accept(),
        RemoveDialTarget(**SAID, target="front_desk"),
        DisableIntegration(**SAID, integration="crm"),
    ],
)
def test_a_closed_workspace_is_not_changed(command: object) -> None:
    """Nothing but its end or its reopening can be asked of it."""
    STORY.given(CLOSED).when(command).refused("workspace_closed")  # type: ignore[arg-type] # any


def test_a_closure_is_taken_back_until_the_promised_day() -> None:
    """A moment before the day it is; on the day nobody may break the promise."""
    closed = STORY.given(CLOSED)
    last = DAY - timedelta(seconds=1)
    back = closed.when(reopen(last)).then(
        WorkspaceReopened(occurred_at=last, reason=ChangeReason.correction)
    )
    back.when(reopen(last)).nothing_happens()
    assert back.state.closure is None
    closed.when(reopen(DAY)).refused("promised_day_has_come")


def test_the_key_goes_on_the_promised_day() -> None:
    """Not a moment before it, and once."""
    closed = STORY.given(CLOSED)
    closed.when(destroy(DAY - timedelta(seconds=1))).refused("before_the_promised_day")
    gone = closed.when(destroy(DAY)).then(WorkspaceKeysDestroyed(occurred_at=DAY))
    gone.when(destroy(DAY + timedelta(days=1))).nothing_happens()
    gone.when(reopen(at(9))).refused("promised_day_has_come")


def test_a_hold_keeps_the_key() -> None:
    """Art. 17(3)(e): the day passes; when the hold is released, the promise is kept."""
    closed = STORY.given(CLOSED)
    closed.when(destroy(DAY, is_held=True)).refused("held")
    closed.when(reopen(DAY)).refused("promised_day_has_come")
    assert closed.when(destroy(DAY + timedelta(days=400))).events


def test_an_open_workspace_is_not_ended() -> None:
    """Also not one that was reopened: its key stays whatever day it is."""
    STORY.when(destroy(DAY)).refused("not_closed")
    reopened = WorkspaceReopened(occurred_at=at(9), reason=ChangeReason.correction)
    STORY.given(CLOSED, reopened).when(destroy(DAY)).refused("not_closed")


def test_that_nothing_is_left_is_said_once_after_the_key() -> None:
    """Not of a workspace that still has its key, and not again."""
    moment = DAY + timedelta(minutes=1)
    confirmation = ConfirmRemains(occurred_at=moment, keys=3, lookups=2, credentials=1)
    STORY.when(confirmation).refused("not_ended")
    STORY.given(CLOSED).when(confirmation).refused("not_ended")
    ended = STORY.given(CLOSED, WorkspaceKeysDestroyed(occurred_at=DAY))
    said = WorkspaceRemainsDeleted(
        occurred_at=moment, keys_deleted=3, lookups_deleted=2, credentials_deleted=1
    )
    ended.when(confirmation).then(said)
    ended.given(said).when(confirmation).nothing_happens()
