"""Putting a call that goes on through to another of the workspace's numbers."""

from typing import Final
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from adapters.twilio.client import rest_session
from adapters.twilio.controls import Controls, is_done
from adapters.twilio.twiml import Addresses
from api.contract import WITH_BODY, WITH_KEY, answers
from api.problems import Problem
from api.routes.history import entries_of
from api.schemas_transfers import Transfer, TransferState
from api.security import Caller, Transferrer
from domain.calls.call import CALL
from domain.calls.events import CallEvent
from domain.calls.state import Call
from domain.errors import Refused, Unavailable

ROUTER: Final = APIRouter(
    prefix="/v1/workspaces/{workspace_id}/calls/{call_id}/transfer", tags=["calls"]
)


@ROUTER.post(
    "",
    operation_id="transferCall",
    summary="Put a call through to another number",
    responses=answers(
        TransferState, "Twilio was told.", "refused", *WITH_KEY, *WITH_BODY, tagged=False
    ),
)
async def transfer_call(caller: Transferrer, call_id: UUID, wanted: Transfer) -> Response:
    """Whoever is on the first leg is put through; whoever they talked to is let go.

    Needs the scope `calls:transfer`. Where everybody has to agree to a recording it is stopped
    first: nobody has asked the number that is dialled now. The step is in the call's history once
    Twilio has asked us whom to dial.
    """
    async with caller.session() as session:
        entries = await entries_of(session, call_id)
    call = CALL.fold(e.event for e in entries if isinstance(e.event, CallEvent))
    sid = call.root.provider_id if call.root else None
    if call.root is None or sid is None or call.root.course.end is not None:
        raise Refused("call_is_over")
    office = await caller.deployment.offices.get(caller.workspace_id)
    if wanted.target not in office.numbers:
        detail = "it must be one of the workspace's dial targets"
        raise Problem("invalid-request", errors=[{"pointer": "/target", "detail": detail}])
    root = Addresses(f"{caller.deployment.public_url}/twilio/{caller.workspace_id}")
    number = office.names.index(wanted.target)
    address = root.of("voice/transferred", settings=office.version, target=number)
    return await _transfer(caller, call, sid, address)


async def _transfer(caller: Caller, call: Call, sid: str, address: str) -> Response:
    known = await caller.deployment.credentials.get(caller.workspace_id)
    account = next(iter(known.credentials.account_sids), "")
    standin = caller.deployment.ledger.settings.twilio_api_url
    stops = call.recording.needs_everybody and call.recording.is_start_asked
    async with rest_session() as session:
        controls = Controls(session, known.credentials, account, standin)
        if stops and not is_done(await controls.stop(sid)):
            raise Unavailable("provider")
        answer = await controls.lead(sid, address)
    if answer.status == 404:  # noqa: PLR2004 - it is not there, or has just ended
        raise Refused("call_is_over")
    if not is_done(answer):
        raise Unavailable("provider")
    body = TransferState(is_recording_stopped=stops)
    return Response(body.model_dump_json(), media_type="application/json")
