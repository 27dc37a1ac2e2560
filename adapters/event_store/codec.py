"""An event and its context, to and from the bytes that are stored for ever.

The body is JSON: ``actor``, ``cause_id``, ``correlation_id`` and ``event``, the event's own
fields in the order of its class, absent ones left out. Name, schema version, place and time
of recording stand beside it in columns. The bytes are hashed as they are: never re-encoded.
"""

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache, lru_cache, partial
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar
from uuid import UUID

import msgspec

from adapters.postgres.arrays import moment
from domain.messages import Context, Entry, Event
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


class _Written(msgspec.Struct, frozen=True):
    """An entry's body on its way in."""

    actor: str
    cause_id: UUID
    correlation_id: UUID
    event: Event


class _Body(msgspec.Struct, Generic[Said], frozen=True, gc=False, forbid_unknown_fields=True):
    """The same as it is read; the ids are parsed when they are asked for, which is seldom."""

    actor: str
    cause_id: str
    correlation_id: str
    event: Said


_Reader: TypeAlias = Callable[[bytes | memoryview], _Body[Event]]

COLUMNS = "position, recorded_at, workspace_id, stream_id, version, schema_version, name, body"


def encode(event: Event, context: Context, stream_id: UUID) -> bytes:
    """The body of an entry. A ``Clear`` value left in the event is a ``TypeError``."""
    correlation_id = context.correlation_id or stream_id
    return _ENCODER.encode(_Written(context.actor, context.cause_id, correlation_id, event))


def decode(row: Sequence[Any]) -> Entry:
    """The entry that a row holds, in today's shape.

    Raises:
        UnknownEvent: The row is from a newer program.
    """
    position, recorded_at, workspace_id, stream_id, version, schema_version, name, body = row
    said = _read(name, schema_version, body)
    origin = (said.actor, said.cause_id, said.correlation_id)
    return Entry(position, workspace_id, stream_id, version, recorded_at, said.event, origin)


def decode_copied(rows: Iterable[memoryview]) -> Iterator[Entry]:
    """The same of rows of ``COLUMNS`` as COPY sends them.

    One loop, and no function of ours for each row but ``_read``: it is the way of every entry
    when a view is built anew.
    """
    unpack, size = _FIXED.unpack_from, _FIXED.size
    for row in rows:
        position, at, workspace, stream, version, schema_version, length = unpack(row)
        end = size + length
        said = _read(str(row[size:end], "ascii"), schema_version, row[end + _LENGTH :])
        yield Entry(
            position,
            _uuid(workspace),
            _uuid(stream),
            version,
            moment(at),
            said.event,
            (said.actor, said.cause_id, said.correlation_id),
        )


def event_of(name: str, schema_version: int, body: bytes) -> Event:
    """The event alone, for who folds it and asks for nothing else."""
    return _read(name, schema_version, body).event


def _read(name: str, schema_version: int, body: bytes | memoryview) -> _Body[Event]:
    try:
        return _reader(name, schema_version)(body)
    except msgspec.ValidationError:
        # Raised anew and apart: the library's text may quote what is stored.
        flaw = UnknownEvent(f"{name}: a body of another shape")
    raise flaw


@cache
def _reader(name: str, schema_version: int) -> _Reader:
    """What reads a body of that shape. A personal field's value in it is always a sealed one."""
    event = event_class(name)
    if schema_version != event.schema_version:
        return partial(_read_old, event, schema_version)
    return msgspec.json.Decoder(_Body[event]).decode  # type: ignore[valid-type] # found at run time


def _read_old(kind: type[Event], schema_version: int, body: bytes | memoryview) -> _Body[Event]:
    old = _OLD.decode(body)
    event = msgspec.convert(upcast(kind.name, schema_version, old.event), kind)
    return _Body(old.actor, old.cause_id, old.correlation_id, event)


_FIXED = struct.Struct("!2x 4xq 4xq 4x16s 4x16s 4xi 4xh i")
"""Behind how many there are, the columns of fixed size behind their lengths; the name's length."""

_LENGTH = 4
_uuid = lru_cache(1024)(lambda id_: UUID(bytes=id_))
"""Entries of a stream stand together."""

_ENCODER = msgspec.json.Encoder()
_OLD = msgspec.json.Decoder(_Body[dict[str, Any]])
