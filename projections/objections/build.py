"""How the objections of a call become its row. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.calls.events import RecordingObjected, RecordingObjectionMet
from domain.messages import Entry


@dataclass(frozen=True, slots=True)
class ObjectionsSoFar:
    """The objections of a call, as far as its entries were read."""

    workspace_id: UUID
    call_id: UUID
    version: int = 0
    position: int = 0
    first_recorded_at: datetime | None = None
    raised: frozenset[UUID] = frozenset()
    met: frozenset[UUID] = frozenset()


def fold(so_far: ObjectionsSoFar | None, entry: Entry) -> ObjectionsSoFar:
    """One more entry of the call; most are about something else and leave no trace."""
    told = so_far or ObjectionsSoFar(entry.workspace_id, entry.stream_id)
    event = entry.event
    if not isinstance(event, RecordingObjected | RecordingObjectionMet):
        return told
    is_met = isinstance(event, RecordingObjectionMet)
    return replace(
        told,
        version=entry.version,
        position=entry.position,
        first_recorded_at=told.first_recorded_at or entry.recorded_at,
        raised=told.raised if is_met else told.raised | {event.leg_id},
        met=told.met | {event.leg_id} if is_met else told.met,
    )


def row(so_far: ObjectionsSoFar) -> tuple[Any, ...]:
    """The row of the call, in the order of the view's columns."""
    return (
        so_far.workspace_id,
        so_far.call_id,
        so_far.version,
        so_far.position,
        so_far.first_recorded_at,
        ",".join(sorted(str(leg) for leg in so_far.raised - so_far.met)),
    )
