"""The rules of members: somebody is invited, joins in time, changes role, and is removed.

A member is a data subject, known by id; their address is sealed with the invitation.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

from domain.errors import Refused
from domain.workspaces.commands import (
    AcceptInvitation,
    ChangeMemberRole,
    InviteMember,
    RemoveMember,
    WithdrawInvitation,
)
from domain.workspaces.events import (
    InvitationWithdrawn,
    MemberInvited,
    MemberJoined,
    MemberRemoved,
    MemberRoleChanged,
    WorkspaceEvent,
)
from domain.workspaces.state import Workspace
from domain.workspaces.words import Role

LONGEST_INVITATION: Final = timedelta(days=30)
"""Nobody stays invited for longer: who never joins must be forgotten (promise 16)."""


def invite(workspace: Workspace, command: InviteMember) -> Iterator[WorkspaceEvent]:
    """Invites once by this id, somebody who is no member, for 30 days at most."""
    if command.invitation_id in workspace.invitations:
        return
    if not timedelta() < command.expires_at - command.occurred_at <= LONGEST_INVITATION:
        raise Refused("invitation_period_not_allowed")
    if command.subject_id in workspace.members:
        raise Refused("already_a_member")
    yield MemberInvited(
        **command.said,
        invitation_id=command.invitation_id,
        email=command.email,
        role=command.role,
        expires_at=command.expires_at,
    )


def withdraw(workspace: Workspace, command: WithdrawInvitation) -> Iterator[WorkspaceEvent]:
    """Withdraws an invitation that nobody accepted yet."""
    invitation = workspace.invitations.get(command.invitation_id)
    if invitation is not None and not invitation.is_accepted:
        yield InvitationWithdrawn(**command.said, invitation_id=command.invitation_id)


def accept(workspace: Workspace, command: AcceptInvitation) -> Iterator[WorkspaceEvent]:
    """Lets the invited join, once and in time."""
    invitation = workspace.invitations.get(command.invitation_id)
    if invitation is None:
        raise Refused("no_such_invitation")
    if invitation.is_accepted:
        return
    if command.occurred_at >= invitation.expires_at:
        raise Refused("invitation_expired")
    subject_id = invitation.email.subject_id
    if subject_id is None or subject_id in workspace.members:
        raise Refused("already_a_member")
    yield MemberJoined(
        occurred_at=command.occurred_at,
        invitation_id=command.invitation_id,
        subject_id=subject_id,
        role=invitation.role,
    )


def change_role(workspace: Workspace, command: ChangeMemberRole) -> Iterator[WorkspaceEvent]:
    """Changes what a member may do; somebody must stay who may change it back."""
    role = workspace.members.get(command.subject_id)
    if role is None:
        raise Refused("no_such_member")
    if command.role is not role:
        _check_admins(workspace.members, command.subject_id)
        yield MemberRoleChanged(**command.said, subject_id=command.subject_id, role=command.role)


def remove(workspace: Workspace, command: RemoveMember) -> Iterator[WorkspaceEvent]:
    """Removes a member, as long as an admin stays."""
    if command.subject_id in workspace.members:
        _check_admins(workspace.members, command.subject_id)
        yield MemberRemoved(**command.said, subject_id=command.subject_id)


def _check_admins(members: Mapping[UUID, Role], leaving: UUID) -> None:
    others = (role for subject_id, role in members.items() if subject_id != leaving)
    if members[leaving] is Role.admin and Role.admin not in others:
        raise Refused("last_admin")
