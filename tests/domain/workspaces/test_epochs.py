"""The rules of a key epoch: each rotation is said once, and what died with it once."""

from datetime import timedelta

from asking import close
from reports import at
from scenario import Scenario

from domain.workspaces.commands import ConfirmMasterKeyDestroyed, DestroyKeys, RotateKey
from domain.workspaces.events import OldMasterKeyDestroyed, WorkspaceKeyRotated
from domain.workspaces.state import KeyEpoch
from domain.workspaces.workspace import WORKSPACE

STORY = Scenario(WORKSPACE)


def rotate(epoch: int, old: str = "old") -> RotateKey:
    """Say that this epoch began."""
    return RotateKey(
        occurred_at=at(1),
        epoch=epoch,
        begun_at=at(0),
        old_master_key_id=old,
        new_master_key_id="new",
        keys_rewrapped=7,
    )


def rotated(epoch: int, old: str = "old") -> WorkspaceKeyRotated:
    """What that says."""
    return WorkspaceKeyRotated(
        occurred_at=at(1),
        epoch=epoch,
        begun_at=at(0),
        old_master_key_id=old,
        new_master_key_id="new",
        keys_rewrapped=7,
    )


def destroyed(master_key_id: str) -> ConfirmMasterKeyDestroyed:
    """Say that this master key is gone."""
    return ConfirmMasterKeyDestroyed(
        occurred_at=at(2), master_key_id=master_key_id, destroyed_from=at(3)
    )


GONE = OldMasterKeyDestroyed(occurred_at=at(2), master_key_id="old", destroyed_from=at(3))


def test_an_epoch_is_said_once() -> None:
    """Whoever goes on with a rotation that broke off says nothing again; a later epoch is new."""
    STORY.when(rotate(1)).then(rotated(1)).when(rotate(1)).nothing_happens()
    STORY.given(rotated(1)).when(rotate(2)).then(rotated(2))
    STORY.given(rotated(2)).when(rotate(1)).nothing_happens()


def test_the_end_of_the_old_master_key_is_said_once() -> None:
    """It is the date from which no older copy opens what was destroyed before."""
    STORY.given(rotated(1)).when(destroyed("old")).then(GONE)
    STORY.given(rotated(1), GONE).when(destroyed("old")).nothing_happens()


def test_another_master_key_is_not_the_workspaces_business() -> None:
    """One that its key was never under, or before its last rotation but one."""
    STORY.when(destroyed("old")).nothing_happens()
    STORY.given(rotated(1, "older"), rotated(2)).when(destroyed("older")).nothing_happens()


def test_a_closed_workspace_rotates_too() -> None:
    """Its keys are there until its promised day; a refusal would keep the old master key."""
    closed = STORY.when(close())
    closed.when(rotate(1)).then(rotated(1))
    day = DestroyKeys(occurred_at=at(0) + timedelta(days=90), is_held=False)
    assert closed.when(rotate(1)).when(day).state.closure.is_final


def test_what_is_known_of_it() -> None:
    """The state tells a certificate from when on older copies are dead."""
    state = WORKSPACE.fold([rotated(1), GONE])
    assert state.key_epoch == KeyEpoch(1, at(0), "old", at(3))
    assert WORKSPACE.fold([GONE]).key_epoch is None
