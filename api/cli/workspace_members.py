"""``ringledger workspaces members``: who is a member, who is invited, and with which role."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

import typer

from adapters.wiring import now
from api.cli.asking import Json, act, ask, body_of
from api.cli.output import AsJson, InWorkspace, read_secret, write_json, write_table
from api.cli.running import EXIT_CODES, run
from api.cli.tables import who
from api.cli.workspace_settings import Reason
from api.routes.members import (
    accept_invitation,
    change_member_role,
    invite_member,
    list_members,
    remove_member,
    withdraw_invitation,
)
from api.schemas_members import InvitationRequest, RoleChange
from domain.workspaces.words import Role

app = typer.Typer(help="A workspace's members and invitations.", no_args_is_help=True)

SubjectId = Annotated[UUID, typer.Argument(metavar="SUBJECT", help="The member's subject id.")]
InvitationId = Annotated[UUID, typer.Argument(metavar="INVITATION", help="The invitation's id.")]
RoleOption = Annotated[Role, typer.Option(help="What they may see and do.")]


@app.command("list", epilog=EXIT_CODES)
def list_(workspace: InWorkspace = None, *, as_json: AsJson = False) -> None:
    """List the members, and every invitation that was not withdrawn."""
    found = run(ask(workspace, list_members, "member"))
    if as_json:
        write_json(found)
        return
    members = ((who(one["email"]), one["role"], one["subject_id"]) for one in found["data"])
    write_table(("member", "role", "subject"), members)
    waiting = (
        (who(one["email"]), one["role"], one["expires_at"], one["invitation_id"])
        for one in found["invitations"]
        if not one["is_accepted"]
    )
    write_table(("invited", "role", "until", "invitation"), waiting)


@app.command(epilog=EXIT_CODES)
def invite(
    email: Annotated[str, typer.Argument(help="Their address; '-' reads it from stdin.")],
    role: RoleOption,
    reason: Reason,
    days: Annotated[int, typer.Option(min=1, max=30, help="For so many days.")] = 7,
    workspace: InWorkspace = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Let somebody join until a certain time."""
    wanted = body_of(
        InvitationRequest,
        email=read_secret(email),
        role=role,
        reason=reason,
        expires_at=now() + timedelta(days=days),
    )
    _write(run(act(workspace, lambda _, caller: invite_member(caller, wanted))), as_json=as_json)


@app.command(epilog=EXIT_CODES)
def accept(
    invitation: InvitationId, workspace: InWorkspace = None, *, as_json: AsJson = False
) -> None:
    """Let whoever was invited join."""
    work = act(workspace, lambda _, caller: accept_invitation(caller, invitation), "invitation")
    _write(run(work), as_json=as_json)


@app.command(epilog=EXIT_CODES)
def withdraw(
    invitation: InvitationId,
    reason: Reason,
    workspace: InWorkspace = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Make an invitation good for nothing."""
    work = act(workspace, lambda _, caller: withdraw_invitation(caller, invitation, reason))
    _write(run(work), as_json=as_json)


@app.command(epilog=EXIT_CODES)
def role(
    subject: SubjectId,
    role: RoleOption,
    reason: Reason,
    workspace: InWorkspace = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Change what a member may see and do; an admin must stay."""
    wanted = body_of(RoleChange, role=role, reason=reason)
    work = act(
        workspace,
        lambda _, caller: change_member_role(caller, subject, wanted),
        "member",
    )
    _write(run(work), as_json=as_json)


@app.command(epilog=EXIT_CODES)
def remove(
    subject: SubjectId,
    reason: Reason,
    workspace: InWorkspace = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Let a member see and do nothing any more; an admin must stay."""
    work = act(workspace, lambda _, caller: remove_member(caller, subject, reason))
    _write(run(work), as_json=as_json)


def _write(found: Json, *, as_json: bool) -> None:
    if as_json:
        write_json(found)
    else:
        write_table(("done", ""), found.items())
