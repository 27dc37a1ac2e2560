"""Objecting to being recorded, while a call goes on or after it.

Nobody can do so by a key while two people talk: Twilio listens to keys within `<Gather>` only, and
whoever is in a `<Dial>` is in none. So it is whoever they tell it who says it here.
"""

from typing import Final
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from adapters.event_store import requests
from api.asking_consent import subject_on
from api.consents import request_of
from api.contract import WITH_BODY, WITH_KEY, answers
from api.etag import answer
from api.problems import Problem
from api.routes.history import entries_of
from api.schemas_objections import Objection, ObjectionState
from api.security import Caller, CallReader, ConsentTeller
from domain.calls.call import CALL
from domain.calls.commands import ObjectToRecording
from domain.calls.events import CallEvent
from domain.calls.state import Call
from domain.consents.commands import WithdrawConsent
from domain.consents.events import Evidence
from domain.consents.words import Channel, Purpose
from domain.messages import Entry

ROUTER: Final = APIRouter(
    prefix="/v1/workspaces/{workspace_id}/calls/{call_id}/objection", tags=["calls"]
)


@ROUTER.post(
    "",
    operation_id="objectToRecording",
    summary="Object to the recording of a call",
    responses=answers(
        ObjectionState, "It is durable, and attended to.", *WITH_KEY, *WITH_BODY, tagged=False
    ),
)
async def object_to_recording(
    caller: ConsentTeller, call_id: UUID, objection: Objection
) -> Response:
    """Whoever is on a leg objects. Needs the scope `consents:tell`.

    Their consent is withdrawn. What is recorded is stopped within seconds; once the provider says
    that it is complete it is deleted there, and nothing of it is kept or was ever heard here. What
    was kept of the call before is deleted, too. The call goes on.
    """
    async with caller.session() as session:
        call = _folded(await entries_of(session, call_id))
    leg_id = objection.leg_id or (call.root.leg_id if call.root else None)
    if leg_id is None or leg_id not in call.legs:
        detail = "it must be a leg of the call"
        raise Problem("invalid-request", errors=[{"pointer": "/leg_id", "detail": detail}])
    if leg_id not in call.recording.objections:
        call = await _object(caller, call_id, call, leg_id, objection.channel)
    return Response(_state(call).model_dump_json(), media_type="application/json")


@ROUTER.get(
    "",
    operation_id="getObjection",
    summary="Read what became of the objections to the recording of a call",
    responses=answers(ObjectionState, "The objections.", *WITH_KEY),
)
async def get_objection(request: Request, session: CallReader, call_id: UUID) -> Response:
    """Who objected, by leg, and whether nothing is left of what was recorded."""
    call = _folded(await entries_of(session, call_id))
    return answer(request, session.key, _state(call))


async def _object(
    caller: Caller, call_id: UUID, call: Call, leg_id: UUID, channel: Channel
) -> Call:
    """Withdraw the consent of whoever is on the leg, and then object; the call as it is then."""
    ledger, now = caller.deployment.ledger, caller.deployment.ledger.clock()
    subject = subject_on(call, leg_id)
    if subject is not None:
        withdrawn = WithdrawConsent(
            subject_id=subject,
            occurred_at=now,
            purpose=Purpose.recording,
            evidence=Evidence(channel=channel, call_id=call_id, leg_id=leg_id),
        )
        await ledger.handle(request_of(caller.workspace_id, withdrawn, caller.context))
    objects = ObjectToRecording(leg_id=leg_id, occurred_at=now)
    place = caller.workspace_id, call_id
    told = await ledger.handle(requests.Request(*place, CALL, objects, caller.context))
    return CALL.fold((e for e in told.events if isinstance(e, CallEvent)), call)


def _folded(entries: list[Entry]) -> Call:
    return CALL.fold(e.event for e in entries if isinstance(e.event, CallEvent))


def _state(call: Call) -> ObjectionState:
    said = call.recording
    return ObjectionState(
        leg_ids=sorted(said.objections),
        is_met=bool(said.objections) and said.objections <= said.met,
    )
