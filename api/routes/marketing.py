"""Whether something may be marketed to a number: asked before every campaign, of every number."""

from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from adapters.event_store.history import read_stream
from adapters.event_store.standing import is_restricted
from adapters.event_store.suppressions import is_suppressed
from adapters.twilio.addresses import lookup_of
from adapters.workspaces.api_keys import Scope
from api.contract import WITH_KEY, answers
from api.etag import answer
from api.parameters import Number
from api.schemas_marketing import MarketingAnswer, Reason
from api.security import ConsentReader, Session
from domain.consents.words import Marketing, Purpose
from domain.identifiers import consent_id
from projections.consents.read import stood
from projections.subjects.read import subject_of

ROUTER: Final = APIRouter(prefix="/v1/workspaces/{workspace_id}/marketing", tags=["consents"])


@ROUTER.get(
    "",
    operation_id="mayMarket",
    summary="Ask whether something may be marketed to a number",
    responses=answers(MarketingAnswer, "Whether it may, and why.", *WITH_KEY),
)
async def may_market(
    request: Request,
    session: ConsentReader,
    number: Number,
    kind: Annotated[Marketing, Query(description="Which marketing.")],
) -> Response:
    """Only to who has agreed to this kind of it. Needs `consents:read` and `values:open`.

    Who had said no and was erased stays suppressed, whoever brings the number again.
    """
    session.caller.require(Scope.values_open)
    reason = await _reason(session, number, kind)
    body = MarketingAnswer(is_allowed=reason is Reason.given, reason=reason)
    return answer(request, session.key, body)


async def _reason(session: Session, number: str, kind: Marketing) -> Reason:
    lookup = lookup_of(number)
    if lookup is None:
        return Reason.unknown
    connection, workspace_id = session.connection, session.workspace_id
    digest = session.key.digest(lookup)
    if await is_suppressed(connection, session.key, digest, kind):
        return Reason.suppressed
    subject_id = await subject_of(connection, workspace_id, digest)
    if subject_id is None:
        return Reason.unknown
    if await is_restricted(connection, workspace_id, subject_id):
        return Reason.restricted
    stream = consent_id(workspace_id, subject_id, Purpose.marketing, kind)
    found = stood(await read_stream(connection, stream), datetime.now(UTC))
    return Reason(found.standing) if found else Reason.unknown
