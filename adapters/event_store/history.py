"""Reading the history: one stream, or everything after a position. In binary, in order."""

from collections.abc import Sequence
from uuid import UUID

from adapters.event_store.codec import COLUMNS, Row, decode
from adapters.postgres.pool import Connection
from domain.messages import Entry

# ruff: noqa: S608 - the columns are a constant of ours
_STREAM = f"SELECT {COLUMNS} FROM entries WHERE stream_id = %s ORDER BY version"
_STREAMS = f"""
    SELECT {COLUMNS} FROM entries WHERE stream_id = ANY(%s) AND position <= %s ORDER BY position
"""
_AFTER = f"SELECT {COLUMNS} FROM entries WHERE position > %s ORDER BY position LIMIT %s"


async def read_stream(connection: Connection, stream_id: UUID) -> list[Entry]:
    """A stream's entries in their order; none for a stream that is not there."""
    return await _read(connection, _STREAM, (stream_id,))


async def read_streams(
    connection: Connection, stream_ids: Sequence[UUID], up_to: int
) -> list[Entry]:
    """The entries of several streams, up to and with a position."""
    return await _read(connection, _STREAMS, (list(stream_ids), up_to))


async def read_after(connection: Connection, position: int, limit: int) -> list[Entry]:
    """The next entries of the cell. Nothing can appear later below what was returned."""
    return await _read(connection, _AFTER, (position, limit))


async def _read(connection: Connection, query: str, parameters: tuple[object, ...]) -> list[Entry]:
    cursor = connection.cursor(binary=True)
    await cursor.execute(query, parameters, prepare=True)
    return [decode(Row(*row)) for row in await cursor.fetchall()]
