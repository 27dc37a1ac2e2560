"""The consents of a data subject: where each stands or stood, and what was said of it."""

from datetime import UTC, datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from adapters.event_store.values import references
from adapters.keys.workspace_key import WorkspaceKey
from adapters.workspaces.withdrawal_links import WithdrawalLink
from api.consents import command_of, request_of
from api.contract import WITH_BODY, WITH_KEY, answers
from api.etag import answer
from api.parameters import MomentParameter, PastParameter
from api.parties import open_all
from api.problems import Problem
from api.routes.history import entry_detail
from api.schemas_consents import ConsentDetail, ConsentList, ConsentStatement, EvidenceBody
from api.schemas_history import History
from api.security import Caller, ConsentReader, ConsentTeller
from domain.consents.events import ConsentGiven
from domain.errors import NotFound
from projections.consents.read import Stood, consent_of, consents_of, stood
from projections.subjects.read import certificate_of

ROUTER: Final = APIRouter(
    prefix="/v1/workspaces/{workspace_id}/subjects/{subject_id}/consents", tags=["consents"]
)
ValidAt = Annotated[
    MomentParameter | None,
    Query(description="As it stood at this time: what was said by then, whenever we heard of it."),
]
KnownAt = Annotated[
    PastParameter | None, Query(description="As we knew it at this time, which has passed.")
]


@ROUTER.get(
    "",
    operation_id="listConsents",
    summary="List the consents of a subject, as they stood at any time",
    responses=answers(ConsentList, "The consents.", *WITH_KEY),
)
async def list_consents(
    request: Request,
    session: ConsentReader,
    subject_id: UUID,
    valid_at: ValidAt = None,
    known_at: KnownAt = None,
) -> Response:
    """Every consent of which anything was said by then. Needs the scope `consents:read`.

    `valid_at` asks what was true then, `known_at` what we knew then. A consent of which nothing
    was said before is in the list a moment after it was told.
    """
    connection, workspace_id = session.connection, session.workspace_id
    await certificate_of(connection, workspace_id, subject_id)
    moment = valid_at or datetime.now(UTC)
    streams = await consents_of(connection, workspace_id, subject_id)
    found = (stood(entries, moment, known_at) for entries in streams)
    body = ConsentList(
        data=[
            _detail(session.caller, session.key, one, valid_at, known_at) for one in found if one
        ]
    )
    return answer(request, session.key, body)


@ROUTER.post(
    "",
    operation_id="tellConsent",
    summary="Say that a consent was asked for, given, refused or withdrawn",
    responses=answers(
        ConsentDetail,
        "It is durable. Where the consent stands now.",
        "refused",
        *WITH_KEY,
        *WITH_BODY,
        tagged=False,
    ),
)
async def tell_consent(
    caller: ConsentTeller, subject_id: UUID, statement: ConsentStatement
) -> Response:
    """Say what was said: withdrawing is as easy as giving. Needs the scope `consents:tell`.

    The same statement twice is as good as once. After a subject's erasure a grant is refused
    (`subject_erased`) and a withdrawal accepted.
    """
    command = command_of(subject_id, statement)
    told = request_of(caller.workspace_id, command, caller.context)
    receipt = await caller.deployment.ledger.handle(told)
    async with caller.cell.scoped(caller.workspace_id) as connection:
        entries = await consent_of(connection, caller.workspace_id, receipt.stream_id)
        key = await caller.cell.workspace_key(connection, caller.workspace_id)
    # A statement of this very moment is in it.
    found = stood(entries, max(datetime.now(UTC), statement.occurred_at))
    if found is None:
        raise NotFound("consent")
    return Response(_detail(caller, key, found).model_dump_json(), media_type="application/json")


@ROUTER.get(
    "/{consent_id}",
    operation_id="getConsent",
    summary="Read a consent, as it stood at any time",
    responses=answers(ConsentDetail, "The consent.", "not-known-yet", *WITH_KEY),
)
async def get_consent(
    request: Request,
    session: ConsentReader,
    subject_id: UUID,
    consent_id: UUID,
    valid_at: ValidAt = None,
    known_at: KnownAt = None,
) -> Response:
    """One consent with the evidence of what held then. Needs the scope `consents:read`."""
    entries = await consent_of(session.connection, session.workspace_id, consent_id, subject_id)
    found = stood(entries, valid_at or datetime.now(UTC), known_at)
    if found is None:
        raise Problem("not-known-yet")
    body = _detail(session.caller, session.key, found, valid_at, known_at)
    return answer(request, session.key, body)


@ROUTER.get(
    "/{consent_id}/history",
    operation_id="getConsentHistory",
    summary="Read everything that was said of a consent",
    responses=answers(History, "The entries, in order.", *WITH_KEY),
)
async def get_consent_history(
    request: Request, session: ConsentReader, subject_id: UUID, consent_id: UUID
) -> Response:
    """Every entry: what was said, when, when we learnt it, who told us, and the evidence."""
    entries = await consent_of(session.connection, session.workspace_id, consent_id, subject_id)
    readings = await open_all(session, (one for entry in entries for one in references(entry)))
    body = History(data=[entry_detail(entry, readings) for entry in entries])
    return answer(request, session.key, body)


def _detail(
    caller: Caller,
    key: WorkspaceKey,
    found: Stood,
    valid_at: datetime | None = None,
    known_at: datetime | None = None,
) -> ConsentDetail:
    last, link = found.last, WithdrawalLink.of(key, found.consent_id)
    given = last if isinstance(last, ConsentGiven) else None
    return ConsentDetail(
        id=found.consent_id,
        subject_id=last.subject_id,
        purpose=last.purpose,
        kind=last.kind,
        standing=found.standing,
        is_valid=found.is_valid,
        since=last.occurred_at,
        form=given.form if given else None,
        expires_at=given.expires_at if given else None,
        evidence=EvidenceBody.model_validate(last.evidence),
        version=found.version,
        recorded_at=found.recorded_at,
        withdrawal_url=caller.deployment.public_url + link.path,
        valid_at=valid_at,
        known_at=known_at,
    )
