"""An event and its context, to and from the bytes that are stored for ever.

The body is JSON: ``actor``, ``cause_id``, ``correlation_id`` and ``event``, the event's own
fields in the order of its class, absent ones left out. Name, schema version, place and time
of recording stand beside it in columns. The bytes are hashed as they are: never re-encoded.
"""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from domain.messages import Context, Entry, Event
from domain.personal_data import Sealed
from domain.registry import UnknownEvent, event_class, upcast


class Row(NamedTuple):
    """A row of ``entries``, in the order it is selected."""

    position: int
    recorded_at: datetime
    workspace_id: UUID
    stream_id: UUID
    version: int
    schema_version: int
    name: str
    body: bytes


_PARTS = {"actor", "cause_id", "correlation_id", "event"}
COLUMNS = "position, recorded_at, workspace_id, stream_id, version, schema_version, name, body"


def encode(event: Event, context: Context, stream_id: UUID) -> bytes:
    """The body of an entry. A ``Clear`` value left in the event is a ``TypeError``."""
    return orjson.dumps(
        {
            "actor": context.actor,
            "cause_id": context.cause_id,
            "correlation_id": context.correlation_id or stream_id,
            "event": {k: v for k, v in event.__dict__.items() if v is not None},
        },
        default=_sealed,
        option=orjson.OPT_UTC_Z,
    )


def decode(row: Row) -> Entry:
    """The entry that a row holds, in today's shape.

    Raises:
        UnknownEvent: The row is from a newer program.
    """
    body = orjson.loads(row.body)
    if body.keys() != _PARTS:
        raise UnknownEvent(f"{row.name}: a body of other parts")
    return Entry(
        position=row.position,
        workspace_id=row.workspace_id,
        stream_id=row.stream_id,
        version=row.version,
        recorded_at=row.recorded_at,
        event=_event(row.name, row.schema_version, body["event"]),
        origin=(body["actor"], body["cause_id"], body["correlation_id"]),
    )


def event_of(name: str, schema_version: int, body: bytes) -> Event:
    """The event alone, for who folds it and asks for nothing else."""
    return _event(name, schema_version, orjson.loads(body)["event"])


def _event(name: str, schema_version: int, stored: dict[str, Any]) -> Event:
    return event_class(name).model_validate(upcast(name, schema_version, stored))


def _sealed(value: object) -> dict[str, Any]:
    if isinstance(value, Sealed):
        return value.__dict__
    # The type's name only: the value may be personal.
    raise TypeError(type(value).__name__)
