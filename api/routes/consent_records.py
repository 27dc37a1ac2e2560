"""The record of a consent, and the receipt for its subject (ISO/IEC TS 27560:2023)."""

from typing import Final
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from adapters.workspaces.withdrawal_links import WithdrawalLink
from api.consent_records import Controller, receipt_of, record_of
from api.contract import WITH_KEY, answers
from api.etag import answer
from api.schemas_consent_records import ConsentReceipt, ConsentRecord
from api.security import ConsentReader, Session
from projections.consents.read import consent_of

ROUTER: Final = APIRouter(
    prefix="/v1/workspaces/{workspace_id}/subjects/{subject_id}/consents", tags=["consents"]
)


@ROUTER.get(
    "/{consent_id}/record",
    operation_id="getConsentRecord",
    summary="Read a consent as a record of ISO/IEC TS 27560",
    responses=answers(ConsentRecord, "The record.", *WITH_KEY),
)
async def get_consent_record(
    request: Request, session: ConsentReader, subject_id: UUID, consent_id: UUID
) -> Response:
    """All that the specification asks a controller to keep, as far as the ledger knows it."""
    entries = await consent_of(session.connection, session.workspace_id, consent_id, subject_id)
    controller, link = await _controller(session), _link(session, consent_id)
    return answer(request, session.key, record_of(entries, controller, link))


@ROUTER.get(
    "/{consent_id}/receipt",
    operation_id="getConsentReceipt",
    summary="Read the receipt of a consent, for its subject",
    responses=answers(ConsentReceipt, "The receipt.", *WITH_KEY),
)
async def get_consent_receipt(
    request: Request, session: ConsentReader, subject_id: UUID, consent_id: UUID
) -> Response:
    """A copy of the record under an id of its own, to be handed to the subject."""
    entries = await consent_of(session.connection, session.workspace_id, consent_id, subject_id)
    controller, link = await _controller(session), _link(session, consent_id)
    return answer(request, session.key, receipt_of(entries, controller, link))


async def _controller(session: Session) -> Controller:
    directory = session.caller.deployment.ledger.directory
    return Controller(session.workspace_id, await directory.name_of(session.workspace_id))


def _link(session: Session, consent_id: UUID) -> str:
    link = WithdrawalLink.of(session.key, consent_id)
    return session.caller.deployment.public_url + link.path
