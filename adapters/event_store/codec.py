"""An event and its context, to and from the bytes that are stored for ever.

The body is JSON: ``actor``, ``cause_id``, ``correlation_id`` and ``event``, the event's own
fields in the order of its class, absent ones left out. Name, schema version, place and time
of recording stand beside it in columns. The bytes are hashed as they are: never re-encoded.
"""

from datetime import datetime
from functools import cache
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

import msgspec

from domain.messages import Context, Entry, Event
from domain.personal_data import Personal, Sealed
from domain.registry import UnknownEvent, event_class, upcast

Said = TypeVar("Said")


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


class _Body(msgspec.Struct, Generic[Said], frozen=True, forbid_unknown_fields=True):
    """An entry's body; the ids are parsed when they are asked for, which is seldom."""

    actor: str
    cause_id: str
    correlation_id: str
    event: Said


COLUMNS = "position, recorded_at, workspace_id, stream_id, version, schema_version, name, body"


def encode(event: Event, context: Context, stream_id: UUID) -> bytes:
    """The body of an entry. A ``Clear`` value left in the event is a ``TypeError``."""
    correlation_id = context.correlation_id or stream_id
    return _ENCODER.encode(_Body(context.actor, str(context.cause_id), str(correlation_id), event))


def decode(row: Row) -> Entry:
    """The entry that a row holds, in today's shape.

    Raises:
        UnknownEvent: The row is from a newer program.
    """
    body = _read(row.name, row.schema_version, row.body)
    return Entry(
        position=row.position,
        workspace_id=row.workspace_id,
        stream_id=row.stream_id,
        version=row.version,
        recorded_at=row.recorded_at,
        event=body.event,
        origin=(body.actor, body.cause_id, body.correlation_id),
    )


def event_of(name: str, schema_version: int, body: bytes) -> Event:
    """The event alone, for who folds it and asks for nothing else."""
    return _read(name, schema_version, body).event


def _read(name: str, schema_version: int, body: bytes) -> _Body[Event]:
    try:
        if schema_version == event_class(name).schema_version:
            return _decoder(name).decode(body)
        old = _OLD.decode(body)
        event = upcast(name, schema_version, old.event)
        said = msgspec.convert(event, event_class(name), dec_hook=_personal)
        return _Body(old.actor, old.cause_id, old.correlation_id, said)
    except msgspec.ValidationError:
        # Raised anew and apart: the library's text may quote what is stored.
        flaw = UnknownEvent(f"{name}: a body of another shape")
    raise flaw


@cache
def _decoder(name: str) -> msgspec.json.Decoder[_Body[Event]]:
    return msgspec.json.Decoder(_Body[event_class(name)], dec_hook=_personal)  # type: ignore[misc] # the class is found at run time


def _personal(_kind: type, stored: object) -> Personal:
    """A personal field's value; in the history it is always a sealed one."""
    return msgspec.convert(stored, Sealed)


_ENCODER = msgspec.json.Encoder()
_OLD = msgspec.json.Decoder(_Body[dict[str, Any]])
