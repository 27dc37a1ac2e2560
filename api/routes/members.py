"""Members of a workspace: invited, joined, with a role, removed."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID, uuid4

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from adapters.event_store.values import Reference
from api.asking import IfMatch, ask, because, done, owner_of, said
from api.contract import WITH_BODY, WITH_KEY, answers
from api.etag import answer, expected_version
from api.parties import open_all, party
from api.routes.sharing import Reason
from api.schemas import Party
from api.schemas_members import (
    Invitation,
    InvitationRequest,
    Invited,
    Member,
    MemberList,
    RoleChange,
)
from api.schemas_settings import Done
from api.security import MemberWriter, Session, SettingsReader
from domain.personal_data import Category, Clear, Sealed
from domain.workspaces.commands import (
    AcceptInvitation,
    ChangeMemberRole,
    InviteMember,
    RemoveMember,
    WithdrawInvitation,
)
from domain.workspaces.state import Owned, Workspace
from projections.workspaces.read import entries_of, workspace_at

ROUTER: Final = APIRouter(prefix="/v1/workspaces/{workspace_id}", tags=["members"])
_ANSWERS: Final = answers(
    Done, "It is so.", "changed-meanwhile", "refused", *WITH_KEY, *WITH_BODY, tagged=False
)


@ROUTER.get(
    "/members",
    operation_id="listMembers",
    summary="List members and invitations",
    responses=answers(MemberList, "The members.", *WITH_KEY),
)
async def list_members(request: Request, session: SettingsReader) -> Response:
    """Who is a member, and who is invited. Their addresses need `values:open` too."""
    entries = await entries_of(session.connection, session.workspace_id)
    workspace = workspace_at(entries)
    emails = await _emails(session, workspace)
    body = MemberList(
        version=workspace.version,
        data=[
            Member(subject_id=subject_id, role=role, email=_of(subject_id, emails.values()))
            for subject_id, role in workspace.members.items()
        ],
        invitations=[
            Invitation(
                invitation_id=invitation_id,
                email=emails[invitation_id],
                role=one.role,
                expires_at=one.expires_at,
                is_accepted=one.is_accepted,
            )
            for invitation_id, one in workspace.invitations.items()
        ],
    )
    return answer(request, session.key, body, version=workspace.version)


@ROUTER.post(
    "/invitations",
    operation_id="inviteMember",
    summary="Invite somebody",
    responses=answers(
        Invited,
        "They are invited.",
        *("changed-meanwhile", "refused"),
        *WITH_KEY,
        *WITH_BODY,
        tagged=False,
    ),
)
async def invite_member(
    caller: MemberWriter, asked: InvitationRequest, if_match: IfMatch = None
) -> Response:
    """Let somebody join until a certain time. Needs `members:write`."""
    email = _email(asked.email)
    async with caller.session() as session:
        owner = await owner_of(session, email)
    command = InviteMember(
        **said(caller, asked, expected_version(if_match)),
        invitation_id=uuid4(),
        email=email,
        subject_id=owner,
        role=asked.role,
        expires_at=asked.expires_at,
    )
    version = await ask(caller, command)
    body = Invited(invitation_id=command.invitation_id, version=version)
    return Response(body.model_dump_json(), media_type="application/json")


@ROUTER.post(
    "/invitations/{invitation_id}/acceptance",
    operation_id="acceptInvitation",
    summary="Let the invited join",
    responses=_ANSWERS,
)
async def accept_invitation(caller: MemberWriter, invitation_id: UUID) -> Response:
    """Whoever was invited joins, in time. Needs `members:write`: your sign-in asks this."""
    now = caller.deployment.ledger.clock()
    return done(await ask(caller, AcceptInvitation(occurred_at=now, invitation_id=invitation_id)))


@ROUTER.delete(
    "/invitations/{invitation_id}",
    operation_id="withdrawInvitation",
    summary="Withdraw an invitation",
    responses=_ANSWERS,
)
async def withdraw_invitation(
    caller: MemberWriter, invitation_id: UUID, reason: Reason, if_match: IfMatch = None
) -> Response:
    """Make it good for nothing. Who accepted it stays a member. Needs `members:write`."""
    grounds = because(caller, reason, expected_version(if_match))
    return done(await ask(caller, WithdrawInvitation(**grounds, invitation_id=invitation_id)))


@ROUTER.put(
    "/members/{subject_id}/role",
    operation_id="changeMemberRole",
    summary="Change a member's role",
    responses=_ANSWERS,
)
async def change_member_role(
    caller: MemberWriter, subject_id: UUID, asked: RoleChange, if_match: IfMatch = None
) -> Response:
    """Let a member see and do other things. Needs `members:write`; an admin must stay."""
    command = ChangeMemberRole(
        **said(caller, asked, expected_version(if_match)), subject_id=subject_id, role=asked.role
    )
    return done(await ask(caller, command))


@ROUTER.delete(
    "/members/{subject_id}",
    operation_id="removeMember",
    summary="Remove a member",
    responses=_ANSWERS,
)
async def remove_member(
    caller: MemberWriter, subject_id: UUID, reason: Reason, if_match: IfMatch = None
) -> Response:
    """Let a member see and do nothing any more. Needs `members:write`; an admin must stay.

    Their address stays sealed in the history until they are erased.
    """
    grounds = because(caller, reason, expected_version(if_match))
    return done(await ask(caller, RemoveMember(**grounds, subject_id=subject_id)))


def _email(text: str) -> Clear:
    """An address, found again however its letters are written."""
    value = {"address": text, "kind": "email"}
    return Clear(value, Category.account, f"email:{text.lower()}")


async def _emails(session: Session, workspace: Workspace) -> dict[UUID, Party]:
    """The addresses by invitation: there they are sealed."""
    places = {
        invitation_id: place
        for invitation_id, invitation in workspace.invitations.items()
        if (place := _place(session.workspace_id, invitation.email))
    }
    readings = await open_all(session, places.values())
    found = {one: party(place, readings) for one, place in places.items()}
    return {one: email for one, email in found.items() if email}


def _place(workspace_id: UUID, owned: Owned) -> Reference | None:
    if not isinstance(owned.value, Sealed):
        return None
    return Reference(workspace_id, owned.version, "email", owned.value)


def _of(subject_id: UUID, emails: Iterable[Party]) -> Party | None:
    """A member's address: that of the invitation which they accepted."""
    return next((email for email in emails if email.subject_id == subject_id), None)
