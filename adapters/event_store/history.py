"""Reading the history: one stream, what lies between two positions, or all of it. In order."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final, LiteralString
from uuid import UUID

from adapters.event_store.codec import COLUMNS, decode, decode_copied
from adapters.postgres.copying import copy_out
from adapters.postgres.pool import Connection
from domain.messages import Entry

LAST_POSITION: Final = 2**63 - 1
"""Behind every entry that there can be."""

MANY: Final = 2_000
"""From so many on they come by COPY: it is planned each time, and takes less for each."""

# ruff: noqa: S608 - the columns are a constant of ours
_STREAM: Final[LiteralString] = f"""
    SELECT {COLUMNS} FROM entries WHERE stream_id = %s ORDER BY version
"""
_STREAMS: Final[LiteralString] = f"""
    SELECT {COLUMNS} FROM entries WHERE stream_id = ANY(%s) AND position <= %s ORDER BY position
"""
_BETWEEN: Final[LiteralString] = f"""
    SELECT {COLUMNS} FROM entries
    WHERE position > %s AND position <= %s AND starts_with(name, %s) ORDER BY position
"""
_BETWEEN_COPIED: Final[LiteralString] = f"""
    SELECT {COLUMNS} FROM entries
    WHERE position > {{}} AND position <= {{}} AND starts_with(name, {{}}) ORDER BY position
"""
_BY_STREAM: Final[LiteralString] = f"""
    SELECT {COLUMNS} FROM entries
    WHERE position <= {{}} AND starts_with(name, {{}}) ORDER BY stream_id, version
"""


async def read_stream(connection: Connection, stream_id: UUID) -> list[Entry]:
    """A stream's entries in their order; none for a stream that is not there."""
    return await _read(connection, _STREAM, stream_id)


async def read_streams(
    connection: Connection, stream_ids: Sequence[UUID], up_to: int
) -> list[Entry]:
    """The entries of several streams, up to and with a position."""
    return await _read(connection, _STREAMS, list(stream_ids), up_to)


async def read_between(
    connection: Connection, after: int, up_to: int, prefix: str = ""
) -> list[Entry]:
    """The entries after one position, up to and with another, whose name begins so.

    Nothing can appear there later: positions have no gaps, and are in the order of the commits.
    """
    if up_to - after < MANY:
        return await _read(connection, _BETWEEN, after, up_to, prefix)
    copied = copy_out(connection, _BETWEEN_COPIED, after, up_to, prefix)
    return [entry async for rows in copied for entry in decode_copied(rows)]


async def scan(connection: Connection, up_to: int, prefix: str = "") -> AsyncIterator[list[Entry]]:
    """The same from the beginning on, stream after stream, some entries at a time."""
    async for rows in copy_out(connection, _BY_STREAM, up_to, prefix):
        yield list(decode_copied(rows))


async def _read(connection: Connection, query: LiteralString, *parameters: object) -> list[Entry]:
    cursor = connection.cursor(binary=True, row_factory=_entries)
    await cursor.execute(query, parameters, prepare=True)
    return await cursor.fetchall()


def _entries(_cursor: object) -> Callable[[Sequence[Any]], Entry]:
    """Rows as entries."""
    return decode
