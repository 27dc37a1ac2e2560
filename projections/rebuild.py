"""Builds a view anew from the history, beside the live one, compares, and swaps what differs.

Everything is read in one snapshot, in which the live view is the history up to its own position:
so nobody waits, neither the followers nor the dashboards, and the two can be compared exactly.

The swap exchanges rows in one transaction, not the tables by renaming them: a reader whose
snapshot is older than a renaming finds the new table by its name and none of its rows.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any, LiteralString
from uuid import UUID

from psycopg import AsyncConnection, IsolationLevel, sql

from adapters.event_store.history import read_streams, scan
from adapters.postgres.pool import Connection
from domain.messages import Entry
from projections.projection import Folded, Folds, Projection, by_stream
from projections.tables import new_table, upsert

Progress = Callable[[int, int], None]
"""Called with how many entries were read, and how many there are to read."""

_POSITION = "SELECT position FROM positions WHERE view = %s"
_SNAPSHOT = "SELECT pg_export_snapshot()"
_JOIN = "SET TRANSACTION SNAPSHOT {}"
_COMPARE = """
    CREATE TEMPORARY TABLE differing AS
    SELECT {key} AS key, rebuilt.{key} IS NOT NULL AS missing, live.{key} IS NOT NULL AS surplus
    FROM {view} AS live FULL JOIN rebuilt USING ({key})
    WHERE live IS DISTINCT FROM rebuilt
"""
_COUNT = """
    SELECT count(*) FILTER (WHERE missing), count(*) FILTER (WHERE surplus) FROM differing
"""
_TAKE_OUT = "DELETE FROM {view} USING differing WHERE {view}.{key} = differing.key"
_PUT_IN = """
    INSERT INTO {view} SELECT rebuilt.*
    FROM rebuilt JOIN differing ON differing.key = rebuilt.{key}
    JOIN entries AS beginning ON beginning.stream_id = rebuilt.{key} AND beginning.version = 1
    ORDER BY beginning.position
"""
_LATE = """
    SELECT DISTINCT stream_id FROM entries JOIN differing ON stream_id = key
    WHERE position > %s AND position <= %s
"""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How the rebuilt view differs from the one it was built beside."""

    rows: int
    missing: int
    """Rows that only the rebuilt view has, or has otherwise."""

    surplus: int
    """Rows that only the live view had, or had otherwise."""

    swapped: bool
    """Whether the live view has the rebuilt rows now."""

    @property
    def is_equal(self) -> bool:
        """Whether the live view was what the history says."""
        return self.missing == self.surplus == 0


def _keep_quiet(_reached: int, _total: int) -> None:
    """Tell nobody."""


async def rebuild(
    url: str,
    projection: Projection[Any],
    progress: Progress = _keep_quiet,
    *,
    swap: bool = True,
) -> Comparison:
    """Build the view anew, compare, and (unless told not to) put right what differs.

    Broken off anywhere it leaves nothing behind. Several at once do not disturb each other.

    Args:
        url: The database, for the view's owner, with the cell as search path.
        projection: The view.
        progress: Hears how far it is.
        swap: Whether the rebuilt rows take the live ones' place. Without it this is a check.
    """
    async with await AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
        async with connection.transaction():
            position = await _position(connection, projection, _POSITION)
            rows = await _build(connection, url, projection, position, progress)
            await connection.execute(_sql(_COMPARE, projection))
            missing, surplus = (await (await connection.execute(_COUNT)).fetchall())[0]
        if swap and missing + surplus:
            await connection.set_isolation_level(IsolationLevel.READ_COMMITTED)
            async with connection.transaction():
                await _swap(connection, projection, position)
    return Comparison(rows, missing, surplus, swapped=swap)


async def _build(
    connection: Connection, url: str, projection: Projection[Any], up_to: int, progress: Progress
) -> int:
    """Fold stream after stream, and put each one's row beside the live view."""
    read = rows = 0
    async with (
        _beside(connection, url) as reader,
        new_table(connection, projection, "rebuilt") as put,
    ):
        async for entries, folded in _folds(scan(reader, up_to, projection.prefix), projection):
            await put([projection.row(one) for one in folded])
            rows += len(folded)
            read += len(entries)
            progress(read, up_to)
    progress(up_to, up_to)
    return rows


@asynccontextmanager
async def _beside(connection: Connection, url: str) -> AsyncIterator[Connection]:
    """Another connection in the same snapshot: one reads while the other one writes."""
    ((snapshot,),) = await _fetch(connection, _SNAPSHOT)
    async with await AsyncConnection.connect(url, autocommit=True) as other:
        await other.set_isolation_level(IsolationLevel.REPEATABLE_READ)
        async with other.transaction():
            await other.execute(sql.SQL(_JOIN).format(snapshot))
            yield other


async def _folds(
    pages: AsyncIterator[list[Entry]], projection: Projection[Folded]
) -> AsyncIterator[tuple[list[Entry], list[Folded]]]:
    """Each page of streams that come one after the other, and the folds of those that end in it.

    Nobody holds more than a page and a stream.
    """
    stream: UUID | None = None
    folded: Folded | None = None
    async for entries in pages:
        ended = []
        for stream_id, told in groupby(entries, attrgetter("stream_id")):
            if stream_id != stream:
                if folded is not None:
                    ended.append(folded)
                stream, folded = stream_id, None
            folded = projection.fold_all(folded, told)
        yield entries, ended
    if folded is not None:
        yield [], [folded]


async def _swap(connection: Connection, projection: Projection[Any], compared_at: int) -> None:
    """Exchange what differed. Followers wait meanwhile, readers do not."""
    position = await _position(connection, projection, _POSITION + " FOR UPDATE")
    await connection.execute(_sql(_TAKE_OUT, projection))
    await connection.execute(_sql(_PUT_IN, projection))
    late = [stream for (stream,) in await _fetch(connection, _LATE, compared_at, position)]
    await upsert(connection, projection, await _rows(connection, projection, late, position))


async def _rows(
    connection: Connection, projection: Projection[Any], streams: Sequence[UUID], up_to: int
) -> list[tuple[Any, ...]]:
    folds, told = Folds(projection), by_stream(await read_streams(connection, streams, up_to))
    folds.add(told)
    return folds.rows(told)


async def _position(
    connection: Connection, projection: Projection[Any], query: LiteralString
) -> int:
    position: int = (await _fetch(connection, query, projection.name))[0][0]
    return position


async def _fetch(
    connection: Connection, query: LiteralString, *parameters: object
) -> list[tuple[Any, ...]]:
    return await (await connection.execute(query, parameters)).fetchall()


def _sql(text: LiteralString, projection: Projection[Any]) -> sql.Composed:
    return sql.SQL(text).format(
        view=sql.Identifier(projection.name), key=sql.Identifier(projection.key)
    )
