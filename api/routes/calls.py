"""The call log, one call, and its history."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from adapters.event_store.history import read_stream
from adapters.event_store.values import Reference, references
from adapters.twilio.addresses import lookup_of
from adapters.workspaces.api_keys import Scope
from api.contract import WITH_KEY, answers
from api.cursors import read_cursor, write_cursor
from api.etag import answer
from api.parameters import CallQuestion, MomentParameter
from api.parties import Readings, open_all, party
from api.problems import Problem
from api.schemas import CallDetail, CallPage, CallSummary, LegDetail, StepDetail
from api.schemas_history import EntryDetail, History, SealedField
from api.security import CallReader, Session
from domain.calls.call import CALL
from domain.calls.events import CallEvent
from domain.calls.outcome import direction, outcome, steps, times
from domain.calls.state import Leg
from domain.calls.words import LegStatus
from domain.errors import NotFound
from domain.messages import Entry
from domain.personal_data import Sealed
from projections import timeline
from projections.call_log.read import CallRow, find_calls
from projections.paging import page
from projections.subjects.read import subject_of

ROUTER: Final = APIRouter(prefix="/v1/workspaces/{workspace_id}/calls", tags=["calls"])


@ROUTER.get(
    "",
    operation_id="listCalls",
    summary="List calls",
    responses=answers(CallPage, "A page of calls.", "invalid-cursor", *WITH_KEY),
)
async def list_calls(
    request: Request, session: CallReader, question: Annotated[CallQuestion, Query()]
) -> Response:
    """The call log, page by page.

    A page goes on where the last one ended, whatever came in meanwhile. The filter `number`
    needs the scope `values:open`; a number that nobody living has finds no call.
    """
    after = read_cursor(session.key, question.text, question.cursor)
    filters = await _filters(session, question)
    rows: list[CallRow] = []
    if filters is not None:
        rows = await find_calls(
            session.connection,
            session.workspace_id,
            filters,
            sort=question.sort,
            limit=question.limit + 1,
            after=after,
        )
    shown, end = page(rows, question.limit)
    readings = await open_all(
        session, (row.reference(role) for row in shown for role in ("caller", "callee"))
    )
    body = CallPage(
        data=[_summary(row, readings) for row in shown],
        next_cursor=write_cursor(session.key, question.text, end),
    )
    return answer(request, session.key, body)


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
        MomentParameter | None, Query(description="As we knew it at this time.")
    ] = None,
    as_of: Annotated[
        MomentParameter | None, Query(description="As far as it had happened by this time.")
    ] = None,
) -> Response:
    """One call with its legs and the way that it took.

    `known_at` asks what we knew then, `as_of` what had happened by then. The same question with
    the same `known_at` has the same answer for ever, but for values that were erased since.
    """
    entries = timeline.at(await _history(session, call_id), known_at=known_at, as_of=as_of)
    if not entries:
        raise Problem("not-known-yet")
    call = CALL.fold(e.event for e in entries if isinstance(e.event, CallEvent))
    places = {one.sealed: one for entry in entries for one in references(entry)}
    readings = await open_all(
        session,
        (_place(places, one) for leg in call.legs.values() for one in (leg.caller, leg.callee)),
    )
    body = CallDetail(
        id=call_id,
        direction=direction(call),
        outcome=outcome(call),
        **asdict(times(call)),
        legs=[_leg(leg, places, readings) for leg in call.legs.values()],
        steps=[StepDetail(**asdict(step)) for step in steps(call)],
        version=entries[-1].version,
        recorded_at=entries[-1].recorded_at,
        known_at=known_at,
        as_of=as_of,
    )
    return answer(request, session.key, body)


@ROUTER.get(
    "/{call_id}/history",
    operation_id="getCallHistory",
    summary="Read every entry of a call",
    responses=answers(History, "The entries, in order.", *WITH_KEY),
)
async def get_history(request: Request, session: CallReader, call_id: UUID) -> Response:
    """Every entry: what happened, when, when we learnt it, and who caused it."""
    entries = await _history(session, call_id)
    readings = await open_all(session, (one for entry in entries for one in references(entry)))
    body = History(data=[_entry(entry, readings) for entry in entries])
    return answer(request, session.key, body)


async def _filters(session: Session, question: CallQuestion) -> dict[str, object] | None:
    """The filters in the view's own terms; ``None`` where they can find nothing."""
    filters = question.filters()
    if question.number is None:
        return filters
    session.caller.require(Scope.values_open)
    lookup = lookup_of(question.number)
    if lookup is None:
        return None
    digest = session.key.digest(lookup)
    subject_id = await subject_of(session.connection, session.workspace_id, digest)
    return None if subject_id is None else {**filters, "subject_id": subject_id}


async def _history(session: Session, call_id: UUID) -> list[Entry]:
    """The entries of a call of this workspace."""
    entries = [
        entry
        for entry in await read_stream(session.connection, call_id)
        if entry.workspace_id == session.workspace_id and isinstance(entry.event, CallEvent)
    ]
    if not entries:
        raise NotFound("call")
    return entries


def _summary(row: CallRow, readings: Readings) -> CallSummary:
    fields = row._asdict()
    return CallSummary.model_validate(
        {
            **fields,
            "id": row.call_id,
            "caller": party(row.reference("caller"), readings),
            "callee": party(row.reference("callee"), readings),
        }
    )


def _place(places: Mapping[Sealed, Reference], value: object) -> Reference | None:
    return places[value] if isinstance(value, Sealed) else None


def _leg(leg: Leg, places: Mapping[Sealed, Reference], readings: Readings) -> LegDetail:
    end = leg.end
    return LegDetail(
        id=leg.leg_id,
        provider_id=leg.provider_id,
        parent_id=leg.parent_id,
        direction=leg.direction,
        status=leg.status,
        answered_by=leg.answered_by,
        queued_at=leg.first(LegStatus.queued),
        dialed_at=leg.first(LegStatus.dialing),
        rang_at=leg.first(LegStatus.ringing),
        answered_at=leg.first(LegStatus.answered),
        ended_at=end.occurred_at if end else None,
        duration_seconds=end.duration_seconds if end else None,
        billed_minutes=end.billed_minutes if end else None,
        sip_code=end.sip_code if end else None,
        caller=party(_place(places, leg.caller), readings),
        callee=party(_place(places, leg.callee), readings),
    )


def _entry(entry: Entry, readings: Readings) -> EntryDetail:
    context = entry.context
    said = {name: value for name, value in entry.event.__dict__.items() if value is not None}
    return EntryDetail(
        position=entry.position,
        version=entry.version,
        name=entry.event.name,
        occurred_at=said.pop("occurred_at", None),
        recorded_at=entry.recorded_at,
        actor=context.actor,
        cause_id=context.cause_id,
        correlation_id=context.correlation_id or entry.stream_id,
        fields={name: value for name, value in said.items() if not isinstance(value, Sealed)},
        sealed={one.field: _sealed(one, readings) for one in references(entry)},
    )


def _sealed(one: Reference, readings: Readings) -> SealedField:
    reading = readings[one]
    return SealedField(
        subject_ids=list(one.sealed.subjects),
        category=one.sealed.category,
        commitment=one.sealed.commitment,
        state=reading.state,
        value=reading.value,
    )
