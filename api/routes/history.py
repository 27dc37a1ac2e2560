"""A call's history, entry by entry."""

from typing import Final
from uuid import UUID

import msgspec
from fastapi import APIRouter
from msgspec import structs
from starlette.requests import Request
from starlette.responses import Response

from adapters.event_store.history import read_stream
from adapters.event_store.values import Reference, references
from api.contract import WITH_KEY, answers
from api.etag import answer
from api.parameters import NeedParameter
from api.parties import Readings, open_all
from api.schemas_history import EntryDetail, History, SealedField
from api.security import CallReader, Session
from domain.calls.events import CallEvent
from domain.errors import NotFound
from domain.messages import Entry
from domain.personal_data import Sealed

ROUTER: Final = APIRouter(prefix="/v1/workspaces/{workspace_id}/calls", tags=["calls"])


@ROUTER.get(
    "/{call_id}/history",
    operation_id="getCallHistory",
    summary="Read every entry of a call",
    responses=answers(History, "The entries, in order.", *WITH_KEY),
)
async def get_history(
    request: Request, session: CallReader, call_id: UUID, need: NeedParameter = None
) -> Response:
    """Every entry: what happened, when, when we learnt it, and who caused it."""
    entries = await entries_of(session, call_id)
    wanted = (one for entry in entries for one in references(entry))
    readings = await open_all(session, wanted, need)
    body = History(data=[entry_detail(entry, readings) for entry in entries])
    return answer(request, session.key, body)


async def entries_of(session: Session, call_id: UUID) -> list[Entry]:
    """The entries of a call of this workspace."""
    entries = [
        entry
        for entry in await read_stream(session.connection, call_id)
        if entry.workspace_id == session.workspace_id and isinstance(entry.event, CallEvent)
    ]
    if not entries:
        raise NotFound("call")
    return entries


def entry_detail(entry: Entry, readings: Readings) -> EntryDetail:
    """An entry of any stream as it is answered."""
    context = entry.context
    said = {
        name: value for name, value in structs.asdict(entry.event).items() if value is not None
    }
    return EntryDetail(
        position=entry.position,
        version=entry.version,
        name=entry.event.name,
        occurred_at=said.pop("occurred_at", None),
        recorded_at=entry.recorded_at,
        actor=context.actor,
        cause_id=context.cause_id,
        correlation_id=context.correlation_id or entry.stream_id,
        fields={
            name: msgspec.to_builtins(value)
            for name, value in said.items()
            if not isinstance(value, Sealed)
        },
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
