"""Asking something of a workspace: through its cell's writer, as everything that changes is."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Header
from starlette.responses import Response

from adapters.event_store.requests import Request
from api.problems import Problem
from api.schemas_settings import Done, Reasoned
from api.security import Caller, Session
from domain.errors import Gone, NotFound, Refused
from domain.personal_data import Category, Clear
from domain.workspaces.commands import WorkspaceCommand
from domain.workspaces.words import ChangeReason
from domain.workspaces.workspace import WORKSPACE
from projections.subjects.read import subject_of

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=100,
        description="The `ETag` of the settings as you have seen them; `*` is any.",
    ),
]
_ABSENT: Final = frozenset({"no_such_invitation", "no_such_member"})
"""Refusals that say that what the address names is not there."""


async def ask(caller: Caller, command: WorkspaceCommand) -> int:
    """Make it durable; the version of the workspace's stream after it.

    Raises:
        Refused: A rule said no.
        NotFound: What it is about is not there.
        Gone: The workspace was closed meanwhile.
        Problem: Somebody changed something since the version that the command expects.
    """
    workspace_id = caller.workspace_id
    request = Request(workspace_id, workspace_id, WORKSPACE, command, caller.context)
    try:
        receipt = await caller.deployment.ledger.handle(request)
    except Refused as refusal:
        code = str(refusal)
        if code == "changed_meanwhile":
            raise Problem("changed-meanwhile") from None
        if code == "workspace_closed":
            raise Gone("workspace") from None
        if code in _ABSENT:
            raise NotFound(code.removeprefix("no_such_")) from None
        raise
    caller.deployment.offices.forget(workspace_id)  # the next call goes by it, at least here
    return receipt.version


def done(version: int) -> Response:
    """The answer where there is no more to say than that it is so."""
    return Response(Done(version=version).model_dump_json(), media_type="application/json")


def said(caller: Caller, asked: Reasoned, expected_version: int | None = None) -> dict[str, Any]:
    """When, why and on what grounds: what every change begins with."""
    note = Clear({"text": asked.note}, Category.account) if asked.note else None
    return {**because(caller, asked.reason, expected_version), "note": note}


def because(
    caller: Caller, reason: ChangeReason, expected_version: int | None = None
) -> dict[str, Any]:
    """The same without a note."""
    return {
        "occurred_at": caller.deployment.ledger.clock(),
        "expected_version": expected_version,
        "reason": reason,
    }


async def owner_of(session: Session, clear: Clear) -> UUID | None:
    """The living subject whose number or address it is; ``None`` for somebody new."""
    if clear.lookup is None:
        return None
    digest = session.key.digest(clear.lookup)
    return await subject_of(session.connection, session.workspace_id, digest)
