"""Follows the history of one cell and keeps a view of it up to date.

A batch of entries, the rows they change and the position reached are one transaction, so a view
is always the history up to its position, whatever breaks in between. NOTIFY wakes the follower;
it polls as well, and it outlives a database that goes away.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import structlog
from psycopg import sql

from adapters.cells.whereabouts import has_moved
from adapters.postgres.pool import Connection
from projections.batches import Batches
from projections.projection import Projection
from projections.tables import upsert

BATCH = 8_000
"""Entries in a transaction, at most; the more, the fewer rows are written twice."""

POLL_SECONDS = 1.0
SHORTEST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0

_POSITION = """
    SELECT positions.position, counter.position FROM positions, counter
    WHERE view = %s FOR UPDATE OF positions
"""
_MOVE = "UPDATE positions SET position = %s WHERE view = %s"
_LAG = """
    SELECT max(counter.position - positions.position) FROM counter, positions
    WHERE positions.view = coalesce(%s, positions.view)
"""
_GONE = (psycopg.OperationalError, psycopg.InterfaceError)
log = structlog.get_logger()


class Follower:
    """Keeps one view of one cell; several followers of the same view take turns."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[Connection]],
        projection: Projection[Any],
        *,
        batch: int = BATCH,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._connect = connect
        self._projection = projection
        self._batch = batch
        self._poll_seconds = poll_seconds
        self._batches = Batches(connect, projection)
        self._position = 0
        self._names = {"view": projection.name}

    async def run(self) -> None:
        """Follow until cancelled. A batch under way when that happens is undone, not half done.

        Whatever breaks is tried again, for ever: a view that cannot go on must not take down the
        process that still writes the history. It says so each time, and readiness shows its lag.
        """
        pause = SHORTEST_PAUSE_SECONDS
        while True:
            try:
                async with await self._connect() as connection:
                    await self._listen(connection)
                    while True:
                        await self.catch_up(connection)
                        pause = SHORTEST_PAUSE_SECONDS
                        await self._woken(connection)
            except Exception as error:
                if isinstance(error, _GONE) or has_moved(error):
                    log.warning("follower.reconnects", exc_info=error, **self._names)
                else:
                    # The entry after this position cannot be applied, and none is ever skipped.
                    log.exception("view.stopped", position=self._position, **self._names)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def catch_up(self, connection: Connection) -> int:
        """Apply everything that is in the history by now; how many entries that was.

        Where one cannot be applied, all before it are, and its error is raised.
        """
        total, size = 0, self._batch
        try:
            while await lag(connection, self._projection.name) > 0:
                try:
                    total += await self._apply_next(connection, size)
                except Exception:
                    if connection.closed or size == 1:
                        raise
                    size //= 2
        finally:
            await self._batches.rest()
        return total

    async def _apply_next(self, connection: Connection, size: int) -> int:
        try:
            async with connection.transaction():
                last = await self._take_turn(connection)
                up_to = min(self._position + size, last)
                if up_to > self._position:
                    await self._apply(connection, up_to, last)
        except BaseException:
            # Nobody told us whether it was committed.
            await self._batches.forget()
            raise
        applied, self._position = up_to - self._position, up_to
        return applied

    async def _take_turn(self, connection: Connection) -> int:
        """Lock the view's position; if another follower moved it, our folds are out of date.

        Returns the last position of the history.
        """
        rows = await connection.execute(_POSITION, (self._projection.name,), prepare=True)
        place: tuple[int, int] = (await rows.fetchall())[0]
        position, last = place
        if position != self._position:
            await self._batches.forget()
            self._position = position
        return max(position, last)  # who waited for the lock may have looked before it moved

    async def _apply(self, connection: Connection, up_to: int, last: int) -> None:
        rows = await self._batches.rows(connection, (self._position, up_to))
        if up_to - self._position == self._batch <= last - up_to:
            self._batches.look_ahead((up_to, up_to + self._batch))
        await upsert(connection, self._projection, rows)
        await connection.execute(_MOVE, (up_to, self._projection.name), prepare=True)

    async def _listen(self, connection: Connection) -> None:
        rows = await connection.execute("SELECT current_schema()")
        cell = (await rows.fetchall())[0][0]
        self._names["cell"] = cell
        channel = sql.Identifier(f"ringledger_{cell}")
        await connection.execute(sql.SQL("LISTEN {}").format(channel))

    async def _woken(self, connection: Connection) -> None:
        """Wait for a hint that there is more, or for the next poll."""
        async for _ in connection.notifies(timeout=self._poll_seconds, stop_after=1):
            pass  # to the end: many hints are one, and the generator gives the connection back


async def lag(connection: Connection, view: str | None = None) -> int:
    """How many entries a view is behind the history, or that one which is furthest behind."""
    rows = await connection.execute(_LAG, (view,), prepare=True)
    behind: int = (await rows.fetchall())[0][0]
    return behind
