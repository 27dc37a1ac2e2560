"""Batches of the history as rows of a view: read, folded, and the next one ahead of time.

PostgreSQL writes the rows of one batch while we read and fold the next: a view that is far behind
catches up with both at once. Only then is there a second connection.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from adapters.event_store.history import read_between, read_streams
from adapters.postgres.pool import Connection
from projections.projection import Folds, Projection, Streams, by_stream

SLICE: Final = 4_000
"""Entries read and folded at a time: the process answers nobody else for less than 30 ms."""

Folded = TypeVar("Folded")
Rows = list[tuple[Any, ...]]
Span = tuple[int, int]
"""After the first of these positions, up to and with the second."""


class Batches(Generic[Folded]):
    """Makes rows of what lies between two positions; one batch after the other, in order."""

    def __init__(
        self, connect: Callable[[], Awaitable[Connection]], projection: Projection[Folded]
    ) -> None:
        self._connect = connect
        self._projection = projection
        self._folds = Folds(projection)
        self._beside: Connection | None = None
        self._span: Span | None = None
        self._ahead: asyncio.Task[Rows] | None = None

    async def rows(self, connection: Connection, span: Span) -> Rows:
        """The rows that a batch changes, as they are after it."""
        if self._ahead is not None and self._span != span:
            await self.forget()
        if self._ahead is None:
            return await self._read(connection, span)
        rows = await self._ahead
        self._ahead = None
        return rows

    def look_ahead(self, span: Span) -> None:
        """Begin with the batch after the one whose rows were taken last."""
        self._span = span
        self._ahead = asyncio.create_task(self._read_beside(span), name="next batch")

    async def forget(self) -> None:
        """What is in memory may not be what was committed."""
        await self._give_up()
        self._folds.forget()

    async def rest(self) -> None:
        """There is no more for now: stay ready, and hold nothing that costs others."""
        if self._ahead is not None:
            await self.forget()  # it may have folded a part
        if self._beside is not None:
            await self._beside.close()
            self._beside = None

    async def _give_up(self) -> None:
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            ahead.cancel()
            await asyncio.wait((ahead,))
            if not ahead.cancelled():
                ahead.exception()  # whoever applies that batch will hear of it

    async def _read_beside(self, span: Span) -> Rows:
        if self._beside is None or self._beside.closed:
            self._beside = await self._connect()
        return await self._read(self._beside, span)

    async def _read(self, connection: Connection, span: Span) -> Rows:
        after, up_to = span
        changed: dict[UUID, None] = {}
        for begin in range(after, up_to, SLICE):
            told = await self._told(connection, begin, min(begin + SLICE, up_to))
            if begin == after:
                self._folds.bound()
            if missing := self._folds.missing(told):
                self._folds.add(by_stream(await read_streams(connection, missing, begin)))
            self._folds.add(told)
            changed |= dict.fromkeys(told)
            await asyncio.sleep(0)  # whoever else the process serves has waited long enough
        return self._folds.rows(changed)

    async def _told(self, connection: Connection, after: int, up_to: int) -> Streams:
        return by_stream(await read_between(connection, after, up_to, self._projection.prefix))
