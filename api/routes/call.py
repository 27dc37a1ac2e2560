"""One call: its legs and its way, as it was at any time."""

from collections.abc import Mapping
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query
from msgspec import structs
from starlette.requests import Request
from starlette.responses import Response

from adapters.event_store.values import Reference, references
from api.contract import WITH_KEY, answers
from api.etag import answer
from api.parameters import MomentParameter, NeedParameter, PastParameter
from api.parties import Readings, open_all, party
from api.problems import Problem
from api.routes.history import entries_of
from api.schemas import CallDetail, LegDetail, StepDetail
from api.security import CallReader
from domain.calls.call import CALL
from domain.calls.events import CallEvent
from domain.calls.outcome import direction, outcome, steps, times
from domain.calls.state import Leg
from domain.calls.words import LegStatus
from domain.personal_data import Sealed
from projections import timeline

ROUTER: Final = APIRouter(prefix="/v1/workspaces/{workspace_id}/calls", tags=["calls"])


@ROUTER.get(
    "/{call_id}",
    operation_id="getCall",
    summary="Read a call, as it was at any time",
    responses=answers(CallDetail, "The call.", "not-known-yet", *WITH_KEY),
)
async def get_call(
    request: Request,
    session: CallReader,
    call_id: UUID,
    known_at: Annotated[
        PastParameter | None, Query(description="As we knew it at this time, which has passed.")
    ] = None,
    as_of: Annotated[
        MomentParameter | None, Query(description="As far as it had happened by this time.")
    ] = None,
    need: NeedParameter = None,
) -> Response:
    """One call with its legs and the way that it took.

    `known_at` asks what we knew then, `as_of` what had happened by then. The same question with
    the same `known_at` has the same answer for ever, but for values that were erased since.
    """
    entries = timeline.at(await entries_of(session, call_id), known_at=known_at, as_of=as_of)
    if not entries:
        raise Problem("not-known-yet")
    call = CALL.fold(e.event for e in entries if isinstance(e.event, CallEvent))
    places = {one.sealed: one for entry in entries for one in references(entry)}
    readings = await open_all(
        session,
        (_place(places, one) for leg in call.legs.values() for one in (leg.caller, leg.callee)),
        need,
    )
    body = CallDetail(
        id=call_id,
        direction=direction(call),
        outcome=outcome(call),
        **structs.asdict(times(call)),
        legs=[_leg(leg, places, readings) for leg in call.legs.values()],
        steps=[StepDetail(**structs.asdict(step)) for step in steps(call)],
        version=entries[-1].version,
        recorded_at=entries[-1].recorded_at,
        known_at=known_at,
        as_of=as_of,
    )
    return answer(request, session.key, body)


def _place(places: Mapping[Sealed, Reference], value: object) -> Reference | None:
    return places[value] if isinstance(value, Sealed) else None


def _leg(leg: Leg, places: Mapping[Sealed, Reference], readings: Readings) -> LegDetail:
    course = leg.course
    end, firsts = course.end, course.firsts
    return LegDetail(
        id=leg.leg_id,
        provider_id=leg.provider_id,
        parent_id=leg.parent_id,
        direction=leg.direction,
        status=course.status,
        answered_by=course.answered_by,
        queued_at=firsts.get(LegStatus.queued),
        dialed_at=firsts.get(LegStatus.dialing),
        rang_at=firsts.get(LegStatus.ringing),
        answered_at=firsts.get(LegStatus.answered),
        ended_at=end.occurred_at if end else None,
        duration_seconds=end.duration_seconds if end else None,
        billed_minutes=end.billed_minutes if end else None,
        sip_code=end.sip_code if end else None,
        caller=party(_place(places, leg.caller), readings),
        callee=party(_place(places, leg.callee), readings),
    )
