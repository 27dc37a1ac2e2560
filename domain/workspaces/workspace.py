"""The rules of a workspace, request by request. What changes nothing says nothing new.

No setting has a default that does something: what was never set is off.
"""

from collections.abc import Iterable, Sequence
from typing import assert_never

from domain.decider import Decider
from domain.errors import Refused
from domain.workspaces import closure, epochs, members, settings
from domain.workspaces.commands import (
    AcceptInvitation,
    ChangeMemberRole,
    ChangeSettings,
    CloseWorkspace,
    ConfirmMasterKeyDestroyed,
    ConfirmRemains,
    DestroyKeys,
    DisableIntegration,
    EnableIntegration,
    InviteMember,
    RemoveDialTarget,
    RemoveMember,
    ReopenWorkspace,
    RotateKey,
    SetDialTarget,
    WithdrawInvitation,
    WorkspaceCommand,
)
from domain.workspaces.events import WorkspaceEvent
from domain.workspaces.state import Workspace, evolve

ALSO_WHEN_CLOSED = (
    *(CloseWorkspace, ReopenWorkspace, DestroyKeys),
    *(RotateKey, ConfirmMasterKeyDestroyed, ConfirmRemains),
)
"""A closed workspace has its keys still, and they rotate with the others until they are gone."""


def decide(workspace: Workspace, command: WorkspaceCommand) -> Sequence[WorkspaceEvent]:
    """What the request changes; ``Refused`` where a rule says no."""
    if command.expected_version not in (None, workspace.version):
        raise Refused("changed_meanwhile")
    if workspace.closure is not None and not isinstance(command, ALSO_WHEN_CLOSED):
        raise Refused("workspace_closed")
    return tuple(_decide(workspace, command))


def _decide(  # noqa: C901, PLR0911, PLR0912 - one line per request
    workspace: Workspace, command: WorkspaceCommand
) -> Iterable[WorkspaceEvent]:
    match command:
        case ChangeSettings():
            return settings.change_settings(workspace, command)
        case SetDialTarget():
            return settings.set_dial_target(workspace, command)
        case RemoveDialTarget():
            return settings.remove_dial_target(workspace, command)
        case EnableIntegration():
            return settings.enable_integration(workspace, command)
        case DisableIntegration():
            return settings.disable_integration(workspace, command)
        case InviteMember():
            return members.invite(workspace, command)
        case WithdrawInvitation():
            return members.withdraw(workspace, command)
        case AcceptInvitation():
            return members.accept(workspace, command)
        case ChangeMemberRole():
            return members.change_role(workspace, command)
        case RemoveMember():
            return members.remove(workspace, command)
        case CloseWorkspace():
            return closure.close(workspace, command)
        case ReopenWorkspace():
            return closure.reopen(workspace, command)
        case DestroyKeys():
            return closure.destroy_keys(workspace, command)
        case RotateKey():
            return epochs.rotate(workspace, command)
        case ConfirmMasterKeyDestroyed():
            return epochs.confirm_destroyed(workspace, command)
        case ConfirmRemains():
            return closure.confirm_remains(workspace, command)
        case _:
            assert_never(command)


WORKSPACE = Decider(initial=Workspace(), decide=decide, evolve=evolve)
