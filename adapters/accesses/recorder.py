"""The recorder of a cell's access entries: those that wait are committed together.

The first goes at once, in the very call that brings it, so that PostgreSQL commits it while the
reader's values are still being opened. There is no timer: what comes meanwhile is the next batch.

An entry has an id of its own. One that was committed without anybody hearing of it (the
connection broke) is tried again and is there already; so a retry never doubles anything.
"""

import asyncio
from asyncio import Future
from collections import deque
from collections.abc import Iterable
from typing import Final, NamedTuple

import psycopg
import structlog

from adapters.accesses.row import STATEMENTS, insert
from adapters.cells.whereabouts import has_moved
from adapters.event_store.lines import Connect
from adapters.event_store.requests import Clock
from adapters.postgres.channel import Answer, Call, Channel
from domain.accesses import AccessEntry
from domain.errors import Overloaded, Unavailable

MAX_WAITING = 2_000
"""More than this waiting is refused (503): memory must not grow with a slow disk."""

MAX_BATCH: Final = 200
PATIENCE_SECONDS = 5.0
"""So long a reader waits for a database that is away, and then is given nothing."""

SHORTEST_PAUSE_SECONDS: Final = 0.01
LONGEST_PAUSE_SECONDS: Final = 0.5

_GONE: Final = (psycopg.OperationalError, psycopg.InterfaceError, OSError)
log = structlog.get_logger()


class Waiting(NamedTuple):
    """An entry, and whoever waits until it is durable."""

    call: Call
    durable: Future[None]
    since: float


class AccessRecorder:
    """Takes access entries for one cell and says of each when it is durable."""

    def __init__(self, connect: Connect, clock: Clock) -> None:
        self.clock = clock
        self._connect = connect
        self._channel: Channel | None = None
        self._queue: deque[Waiting] = deque()
        self._flight: list[Waiting] = []
        self._alone = 0
        """How many of the queue go one by one: one of them breaks the batch that it is in."""

        self._opening: asyncio.Task[None] | None = None
        self._pause = SHORTEST_PAUSE_SECONDS
        self._closing = False
        self._idle = asyncio.Event()
        self._idle.set()

    def record(self, entry: AccessEntry, origin: bytes | None) -> Future[None]:
        """Begin to make an entry durable; what comes back is done when it is.

        Raises:
            Overloaded: Too much waits already.
            Unavailable: We are closing. Or, when it is awaited, the database could not be reached
                in time: the entry may be there or not, and the reader gets nothing.
        """
        if self._closing:
            raise Unavailable("closing")
        if len(self._queue) >= MAX_WAITING:
            raise Overloaded("access entries")
        loop = asyncio.get_running_loop()
        waiting = Waiting(insert(entry, origin), loop.create_future(), loop.time())
        waiting.durable.add_done_callback(_heard)
        self._queue.append(waiting)
        self._idle.clear()
        self._launch()
        return waiting.durable

    async def close(self) -> None:
        """Answer all who wait, then stop."""
        self._closing = True
        await self._idle.wait()
        if self._opening is not None:
            await self._opening
        if self._channel is not None:
            await self._channel.close()

    def _launch(self) -> None:
        """Send what waits, unless something is under way."""
        if self._flight or self._opening is not None:
            return
        if not self._queue:
            self._idle.set()
        elif self._channel is None:
            self._opening = asyncio.create_task(self._open(), name="access recorder")
        else:
            self._send(self._channel)

    def _send(self, channel: Channel) -> None:
        count = 1 if self._alone else min(len(self._queue), MAX_BATCH)
        self._alone = max(self._alone - 1, 0)
        self._flight = [self._queue.popleft() for _ in range(count)]
        try:
            answer = channel.send(*(one.call for one in self._flight))
        except psycopg.Error as error:
            self._recover(error)
        else:
            answer.add_done_callback(self._land)

    def _land(self, answer: Answer) -> None:
        error = answer.exception()
        if error is not None:
            self._recover(error)
            return
        self._pause = SHORTEST_PAUSE_SECONDS
        flight, self._flight = self._flight, []
        for one in flight:
            if not one.durable.done():
                one.durable.set_result(None)
        self._launch()

    def _recover(self, error: BaseException) -> None:
        """Put back what was under way, and see how to go on."""
        flight, self._flight = self._flight, []
        if isinstance(error, _GONE) or has_moved(error):
            self._queue.extendleft(reversed(flight))
            self._opening = asyncio.create_task(self._reopen(error), name="access recorder")
            return
        if len(flight) > 1:
            self._queue.extendleft(reversed(flight))
            self._alone = len(flight)
        else:
            _fail(flight, error)
        self._launch()

    async def _reopen(self, error: BaseException) -> None:
        """Try again a little later, but not for ever."""
        log.warning("accesses.reconnect", error=type(error).__name__)
        if self._channel is not None:
            channel, self._channel = self._channel, None
            await channel.close()
        now = asyncio.get_running_loop().time()
        while self._queue and now - self._queue[0].since > PATIENCE_SECONDS:
            _fail((self._queue.popleft(),), Unavailable("access entries"))
        await asyncio.sleep(self._pause)
        self._pause = min(self._pause * 2, LONGEST_PAUSE_SECONDS)
        await self._open()

    async def _open(self) -> None:
        try:
            if self._queue:
                self._channel = await Channel.open(await self._connect(), STATEMENTS)
        except Exception as error:  # noqa: BLE001 - whatever broke, all who wait must hear
            self._opening = asyncio.create_task(self._reopen(error), name="access recorder")
        else:
            self._opening = None
            self._launch()


def _fail(waiting: Iterable[Waiting], error: BaseException) -> None:
    for one in waiting:
        if not one.durable.done():
            one.durable.set_exception(error)


def _heard(durable: Future[None]) -> None:
    """Whoever waited may have left; then nobody asks what became of it."""
    if not durable.cancelled():
        durable.exception()
