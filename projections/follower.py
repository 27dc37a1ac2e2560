"""Follows the history of one cell and keeps its views up to date.

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

from adapters.event_store.history import read_after, read_streams
from adapters.postgres.pool import Connection
from domain.messages import Entry
from projections.projection import Folds, Projection
from projections.tables import upsert

BATCH = 2_000
POLL_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 5.0

_POSITION = "SELECT position FROM positions WHERE view = %s FOR UPDATE"
_MOVE = "UPDATE positions SET position = %s WHERE view = %s"
log = structlog.get_logger()


class Follower:
    """Keeps one view of one cell; several followers of the same view take turns."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[Connection]],
        projection: Projection[Any],
    ) -> None:
        self._connect = connect
        self._projection = projection
        self._folds = Folds(projection)
        self._position: int | None = None

    async def run(self) -> None:
        """Follow until cancelled. A batch under way when that happens is undone, not half done."""
        pause = 0.1
        while True:
            try:
                async with await self._connect() as connection:
                    await self._listen(connection)
                    while True:
                        await self.catch_up(connection)
                        pause = 0.1
                        await _woken(connection)
            except psycopg.OperationalError as error:
                log.warning(
                    "follower_reconnects", view=self._projection.name, error=type(error).__name__
                )
                self._forget()
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def catch_up(self, connection: Connection) -> int:
        """Apply everything that is in the history by now; how many entries that was."""
        total = 0
        while applied := await self._apply_next(connection):
            total += applied
        return total

    async def _apply_next(self, connection: Connection) -> int:
        try:
            async with connection.transaction():
                start = await self._take_turn(connection)
                entries = await read_after(connection, start, BATCH)
                if entries:
                    await self._apply(connection, entries)
            self._position = entries[-1].position if entries else start
        except BaseException:
            self._forget()
            raise
        return len(entries)

    async def _take_turn(self, connection: Connection) -> int:
        """Lock the view's position; if another follower moved it, our folds are out of date."""
        rows = await connection.execute(_POSITION, (self._projection.name,), prepare=True)
        position: int = (await rows.fetchall())[0][0]
        if position != self._position:
            self._folds.forget()
        return position

    async def _apply(self, connection: Connection, entries: list[Entry]) -> None:
        self._folds.bound()
        ours = [entry for entry in entries if self._projection.reads(entry)]
        missing = self._folds.missing(ours)
        if missing:
            before = entries[0].position - 1
            self._folds.add(await read_streams(connection, missing, before))
        changed = self._folds.add(ours)
        if changed:
            await upsert(connection, self._projection, self._folds.rows(changed))
        await connection.execute(
            _MOVE, (entries[-1].position, self._projection.name), prepare=True
        )

    async def _listen(self, connection: Connection) -> None:
        rows = await connection.execute("SELECT 'ringledger_' || current_schema()")
        channel = (await rows.fetchall())[0][0]
        await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))

    def _forget(self) -> None:
        self._folds.forget()
        self._position = None


async def _woken(connection: Connection) -> None:
    """Wait for a hint that there is more, or for the next poll."""
    async for _ in connection.notifies(timeout=POLL_SECONDS, stop_after=1):
        return
