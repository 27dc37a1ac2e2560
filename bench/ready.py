"""The append path alone: entries that are ready, one flusher that gathers what waits."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID, uuid4

from adapters.event_store.appending import STATEMENTS, append
from adapters.event_store.rows import EntryRow, parameters
from adapters.postgres.channel import Channel
from bench.ground import Home


def entry(workspace_id: UUID, size: int) -> EntryRow:
    """A stream's first entry, with a body of so many bytes."""
    return EntryRow(workspace_id, uuid4(), 1, 1, "bench.ready", b"r" * size)


class Appender:
    """Appends through the SQL function and connection of the writer; decides and seals nothing."""

    def __init__(self, channel: Channel, epoch: int) -> None:
        self._channel = channel
        self._epoch = epoch
        self._waiting: list[tuple[EntryRow, asyncio.Future[None]]] = []
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
        """No timer: what waits when the last batch is durable is the next one."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            taken, self._waiting = self._waiting, []
            entries = [one for one, _ in taken]
            await append(self._channel, parameters(self._epoch, datetime.now(UTC), entries))
            for _, answer in taken:
                answer.set_result(None)
