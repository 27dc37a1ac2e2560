"""The rules of a key epoch: what a rotation says, once for each.

With the old master key every copy of a destroyed key dies that is older than the rotation's begin.
"""

from collections.abc import Iterator

from domain.workspaces.commands import ConfirmMasterKeyDestroyed, RotateKey
from domain.workspaces.events import OldMasterKeyDestroyed, WorkspaceEvent, WorkspaceKeyRotated
from domain.workspaces.state import Workspace


def rotate(workspace: Workspace, command: RotateKey) -> Iterator[WorkspaceEvent]:
    """Says that a new epoch began, unless that is known."""
    known = workspace.key_epoch
    if known is None or known.number < command.epoch:
        yield WorkspaceKeyRotated(
            occurred_at=command.occurred_at,
            epoch=command.epoch,
            begun_at=command.begun_at,
            old_master_key_id=command.old_master_key_id,
            new_master_key_id=command.new_master_key_id,
            keys_rewrapped=command.keys_rewrapped,
        )


def confirm_destroyed(
    workspace: Workspace, command: ConfirmMasterKeyDestroyed
) -> Iterator[WorkspaceEvent]:
    """Says that the last rotation's old master key is gone, unless that is known."""
    known = workspace.key_epoch
    if known is None or known.old_master_key_id != command.master_key_id:
        return
    if known.old_destroyed_from is None:
        yield OldMasterKeyDestroyed(
            occurred_at=command.occurred_at,
            master_key_id=command.master_key_id,
            destroyed_from=command.destroyed_from,
        )
