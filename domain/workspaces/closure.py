"""The rules of a workspace's end, in two stages.

Closed, nothing of it can be reached, and the closure can be taken back; from the promised day on
its key is destroyed, unless a legal hold stands, and nothing brings it back.
"""

from collections.abc import Iterator

from domain.errors import Refused
from domain.workspaces.commands import (
    CloseWorkspace,
    ConfirmRemains,
    DestroyKeys,
    ReopenWorkspace,
)
from domain.workspaces.events import (
    WorkspaceClosed,
    WorkspaceEvent,
    WorkspaceKeysDestroyed,
    WorkspaceRemainsDeleted,
    WorkspaceReopened,
)
from domain.workspaces.state import Workspace
from domain.workspaces.words import Kept


def close(workspace: Workspace, command: CloseWorkspace) -> Iterator[WorkspaceEvent]:
    """Closes an open workspace. The policy of that day promises the day of its key."""
    now = command.occurred_at
    account = workspace.settings.retention.explain(Kept.account, None, now.date()).ruling.period
    if workspace.closure is None and account is not None:
        yield WorkspaceClosed(
            occurred_at=now,
            reason=command.reason,
            note=command.note,
            keys_destroyed_from=account.after(now),
        )


def reopen(workspace: Workspace, command: ReopenWorkspace) -> Iterator[WorkspaceEvent]:
    """Takes a closure back. The promised day is a promise: from then on it stands."""
    closure = workspace.closure
    if closure is None:
        return
    if closure.is_final or command.occurred_at >= closure.keys_destroyed_from:
        raise Refused("promised_day_has_come")
    yield WorkspaceReopened(**command.said)


def destroy_keys(workspace: Workspace, command: DestroyKeys) -> Iterator[WorkspaceEvent]:
    """Ends a closed workspace, once, from the promised day on and under no hold."""
    closure = workspace.closure
    if closure is None:
        raise Refused("not_closed")
    if closure.is_final:
        return
    if command.occurred_at < closure.keys_destroyed_from:
        raise Refused("before_the_promised_day")
    if command.is_held:
        raise Refused("held")
    yield WorkspaceKeysDestroyed(occurred_at=command.occurred_at)


def confirm_remains(workspace: Workspace, command: ConfirmRemains) -> Iterator[WorkspaceEvent]:
    """Says once that nothing is left, after the key is destroyed."""
    closure = workspace.closure
    if closure is None or not closure.is_final:
        raise Refused("not_ended")
    if not closure.is_empty:
        yield WorkspaceRemainsDeleted(
            occurred_at=command.occurred_at,
            keys_deleted=command.keys,
            lookups_deleted=command.lookups,
            credentials_deleted=command.credentials,
        )
