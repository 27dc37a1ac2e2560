"""The append path alone: entries that are ready, one flusher that gathers what waits."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import NamedTuple, TypeAlias
from uuid import UUID, uuid4

from adapters.event_store.appending import STATEMENTS, append
from adapters.event_store.rows import EntryRow, parameters
from adapters.event_store.writer import SPLIT
from adapters.postgres.channel import Answer, Channel
from bench.ground import Home


def entry(workspace_id: UUID, size: int) -> EntryRow:
    """A stream's first entry, with a body of so many bytes."""
    return EntryRow(workspace_id, uuid4(), 1, 1, "bench.ready", b"r" * size)


Ready: TypeAlias = tuple[EntryRow, asyncio.Future[None]]
"""An entry, and what its caller waits for."""


class Flight(NamedTuple):
    """A batch that is being committed."""

    waiting: list[Ready]
    commit: Answer

    async def landed(self) -> None:
        """Wait for it and answer for it."""
        await self.commit
        for _, answer in self.waiting:
            answer.set_result(None)


class Appender:
    """Appends through the SQL function and connection of the writer; decides and seals nothing."""

    def __init__(self, channel: Channel, epoch: int) -> None:
        self._channel = channel
        self._epoch = epoch
        self._waiting: list[Ready] = []
        self._wake = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def open(cls, home: Home) -> "AsyncIterator[Appender]":
        """An appender to the home's cell."""
        ((epoch,),) = await home.sql("SELECT epoch FROM counter")
        connection = await home.cell.whereabouts.connect("ringledger_writer")
        channel = await Channel.open(connection, STATEMENTS)
        appender = cls(channel, epoch)
        flusher = asyncio.create_task(appender._flush())
        try:
            yield appender
        finally:
            flusher.cancel()
            await channel.close()

    async def append(self, one: EntryRow) -> None:
        """Return when it is durable."""
        answer = asyncio.get_running_loop().create_future()
        self._waiting.append((one, answer))
        self._wake.set()
        await answer

    async def _flush(self) -> None:
        """No timer, and two batches of many, as the writer does: one is laid out meanwhile."""
        flight: Flight | None = None
        while True:
            if flight is not None and len(self._waiting) < len(flight.waiting):
                await flight.landed()
                flight = None
                await asyncio.sleep(0)  # whoever was answered comes again
            elif not self._waiting:
                self._wake.clear()
                await self._wake.wait()
            else:
                taken = self._take(is_alone=flight is None)
                batch = parameters(self._epoch, datetime.now(UTC), [one for one, _ in taken])
                if flight is not None:
                    await flight.landed()
                flight = Flight(taken, append(self._channel, batch))

    def _take(self, *, is_alone: bool) -> list[Ready]:
        count = len(self._waiting)
        if is_alone and count >= SPLIT:
            count -= count // 2
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        return taken
