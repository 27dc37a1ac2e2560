"""How an access entry lies in the database.

Where a reader comes from is a personal value of theirs and is sealed, under the workspace's key
alone: a key for each day would lie in the same database and go at the same moment as the entry.
"""

from datetime import date
from typing import Final

import orjson

from adapters.keys.workspace_key import WorkspaceKey
from adapters.postgres.arrays import Uuids, time
from adapters.postgres.channel import Call
from domain.accesses import AccessEntry, Origin

SLOTS: Final = 32
"""Partitions, a day each, again and again; longer than the longest period."""

_INSERT: Final = b"access"
_COLUMNS: Final = (
    *("slot", "access_id", "workspace_id", "accessed_at", "reader", "purpose", "operation"),
    *("request_id", "subjects", "streams", "origin"),
)
_NUMBERED: Final = ", ".join(f"${number}" for number, _ in enumerate(_COLUMNS, 1))
STATEMENTS: Final = {
    _INSERT: f"INSERT INTO access_entries ({', '.join(_COLUMNS)}) VALUES ({_NUMBERED}) "  # noqa: S608 - ours
    "ON CONFLICT DO NOTHING",
}
"""What the recorder's connection has prepared."""


def insert(entry: AccessEntry, origin: bytes | None) -> Call:
    """What puts an entry there, once, however often it is asked."""
    reader = entry.reader
    return Call(
        _INSERT,
        (
            slot_of(entry.accessed_at.date()).to_bytes(2, "big"),
            entry.access_id.bytes,
            entry.workspace_id.bytes,
            time(entry.accessed_at),
            reader.actor.encode(),
            reader.purpose.encode(),
            reader.operation.encode(),
            reader.request_id.bytes,
            Uuids(entry.subjects).data,
            Uuids(entry.streams).data,
            origin,
        ),
    )


def slot_of(day: date) -> int:
    """The partition of a day, in UTC."""
    return day.toordinal() % SLOTS


def sealed(origin: Origin, entry: AccessEntry, key: WorkspaceKey) -> bytes:
    """Where a reader comes from, as it is stored with an entry."""
    return key.wrap_origin(orjson.dumps(origin._asdict()), entry.access_id)
