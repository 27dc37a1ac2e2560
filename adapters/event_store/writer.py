"""The writer of a cell: what waits is decided, sealed and committed together.

There is no timer. While one batch commits, the next one gathers; once as many wait as are under
way, they are decided and sealed meanwhile. A lone command goes at once. Whoever waits is answered
after the commit, so an answer means durable.

Every command is idempotent by its decider: what was committed without anybody hearing of
it (the connection broke, another process was first) is found again on the retry and says
nothing new. So a retry never doubles anything.
"""

import asyncio
from collections import deque
from typing import Final, NamedTuple

import psycopg
import structlog

from adapters.cells.whereabouts import has_moved
from adapters.event_store.appending import (
    STALE,
    STREAM_VERSION,
    append,
    conflicts,
    position_before,
)
from adapters.event_store.batch import Batch
from adapters.event_store.lines import Connect, Lines
from adapters.event_store.preparing import Preparing, fail
from adapters.event_store.requests import Clock as Clock  # noqa: PLC0414 - who opens a cell finds it here
from adapters.event_store.requests import Receipt, Request, Waiting
from adapters.keys.keyring import Keyring
from adapters.keys.workspace_key import StaleKey
from adapters.postgres.channel import Answer
from domain.errors import Overloaded, Unavailable

MAX_WAITING = 5_000
"""More than this waiting is refused (503): memory must not grow with a slow disk."""

MAX_WAITING_BYTES = 32 * 1024 * 1024
"""The same for few that are large. What a request came in as is a part of what it takes."""

MAX_BATCH = 500
SPLIT: Final = 24
"""So many are two batches: the second is decided while the first commits."""

PATIENCE_SECONDS = 12.0
"""How long requests outlive a lost database. Twilio gives up on a call after 15 s."""

SHORTEST_PAUSE_SECONDS: Final = 0.01
LONGEST_PAUSE_SECONDS: Final = 0.5

MAX_TURNS: Final = 5
"""After these, what a key does not unwrap is wrong, and the key is not."""

_RACES: Final = frozenset({"lookups_digest", "buckets_id", STREAM_VERSION})
"""Constraints that break where another process was first."""

_GONE: Final = (psycopg.OperationalError, psycopg.InterfaceError)
log = structlog.get_logger()


class Flight(NamedTuple):
    """A batch that is being committed."""

    batch: Batch
    commit: Answer


class CellWriter:
    """Takes requests for one cell and answers each once it is durable."""

    def __init__(self, connect: Connect, keyring: Keyring, clock: Clock) -> None:
        self._lines = Lines(connect)
        self._preparing = Preparing(self._lines, keyring, clock)
        self._queue: deque[Waiting] = deque()
        self._bytes = 0
        """Of all who are not answered yet."""

        self._taken: list[Waiting] = []
        """Out of the queue and not sent yet."""

        self._ready: Batch | None = None
        self._flight: Flight | None = None
        self._alone = 0
        """How many of the queue go one by one: one of them breaks the batch that it is in."""

        self._gone_since: float | None = None
        self._pause = SHORTEST_PAUSE_SECONDS
        self._turns = 0
        """How often in a row a key was too old."""

        self._wake = asyncio.Event()
        self._enough = 1
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to take requests."""
        self._task = asyncio.create_task(self._run(), name="cell writer")

    async def close(self) -> None:
        """Answer all who wait, then stop."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task
        await self._lines.close()

    async def handle(self, request: Request) -> Receipt:
        """Make the request durable.

        Raises:
            Refused: A rule said no.
            NotFound: The workspace is not in this cell, or the stream is another one's.
            Overloaded: Too much waits already; nothing was kept.
            Unavailable: The database could not be reached in time, or we are closing.
        """
        if self._closing:
            raise Unavailable("closing")
        if len(self._queue) >= MAX_WAITING or self._bytes >= MAX_WAITING_BYTES:
            raise Overloaded("writer")
        waiting = Waiting(request, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        if len(self._queue) >= self._enough:
            self._wake.set()
        self._bytes += request.size
        try:
            return await waiting.answer
        finally:
            self._bytes -= request.size

    async def _run(self) -> None:
        while self._queue or self._flight or not self._closing:
            try:
                await self._gathered()
                await self._prepare()
                await self._land()
                await self._launch()
            except Exception as error:  # noqa: BLE001 - whatever broke, all who wait must hear
                await self._recover(error)

    async def _gathered(self) -> None:
        """Until somebody waits; while a batch is under way, until it landed or as many wait."""
        self._enough = len(self._flight.batch.decided) if self._flight else 1
        while len(self._queue) < self._enough and not self._closing and not self._has_landed():
            self._wake.clear()
            await self._wake.wait()

    def _has_landed(self) -> bool:
        return self._flight is not None and self._flight.commit.done()

    async def _prepare(self) -> None:
        """Decide and seal what waits."""
        if not self._queue:
            return
        self._taken = self._take()
        self._ready, rest = await self._preparing.prepare(self._taken)
        self._queue.extendleft(reversed(rest))
        self._taken = self._ready.waiting

    def _take(self) -> list[Waiting]:
        count = min(len(self._queue), MAX_BATCH)
        if self._alone:
            self._alone -= 1
            count = 1
        elif count >= SPLIT and (self._flight is None or self._has_landed()):
            count -= count // 2
        return [self._queue.popleft() for _ in range(count)]

    async def _land(self) -> None:
        """Wait for the batch under way and answer for it."""
        while self._flight is not None:
            try:
                answer = await self._flight.commit
            except psycopg.errors.UniqueViolation as error:
                if error.diag.constraint_name != STREAM_VERSION:
                    raise
                await self._step_back(self._flight.batch, error)
            else:
                batch, self._flight = self._flight.batch, None
                self._preparing.knowledge.appended(position_before(answer), batch.entries)
                self._answer(batch)

    async def _launch(self) -> None:
        """Send what is ready."""
        if self._ready is None:
            return
        if self._ready.entries:
            self._flight = await self._fly(self._ready)
        else:
            self._answer(self._ready)
        self._ready, self._taken = None, []

    async def _fly(self, batch: Batch) -> Flight:
        channel = await self._lines.appending()
        commit = append(channel, batch.parameters())
        commit.add_done_callback(lambda _: self._wake.set())
        return Flight(batch, commit)

    def _answer(self, batch: Batch) -> None:
        """It is durable, and so is all that its refusals rest on."""
        self._gone_since, self._pause, self._turns = None, SHORTEST_PAUSE_SECONDS, 0
        for one in batch.decided:
            if not one.waiting.answer.done():
                one.waiting.answer.set_result(one.receipt)
        for refused in batch.refused:
            fail((refused.waiting,), refused.refusal)
        self._decide_anew(batch.doubtful)

    def _decide_anew(self, waiting: list[Waiting]) -> None:
        """What we know of their streams may be out of date: it has to be read."""
        self._preparing.knowledge.streams.forget(one.request.stream_id.int for one in waiting)
        self._queue.extendleft(reversed(waiting))

    async def _step_back(self, batch: Batch, error: psycopg.Error) -> None:
        """Another process appended to some of its streams: only these are decided again."""
        taken = await conflicts(await self._lines.appending(), *batch.versions())
        if not taken:
            raise error
        out = batch.take_out(taken)
        if self._ready is not None:
            out += self._ready.take_out(taken)
            self._taken = self._ready.waiting
        self._decide_anew(out)
        self._flight = await self._fly(batch) if batch.entries else None
        if self._flight is None:
            self._answer(batch)

    async def _recover(self, error: Exception) -> None:
        """Put back what was under way, forget what may be wrong, and see whether to go on."""
        failed = await self._failed_flight()
        culprits = failed or self._taken
        self._queue.extendleft(reversed([*failed, *self._taken]))
        self._taken, self._ready = [], None
        self._preparing.knowledge.forget()
        if isinstance(error, _GONE) or has_moved(error):
            await self._reconnect(error)
        elif not _is_race(error) and not self._is_turning(error):
            self._isolate(len(culprits), error)

    def _is_turning(self, error: Exception) -> bool:
        """Whether a workspace's key rotates, and was read before what it is to unwrap."""
        self._turns += isinstance(error, StaleKey)
        return isinstance(error, StaleKey) and self._turns <= MAX_TURNS

    async def _failed_flight(self) -> list[Waiting]:
        """Whoever is on the batch under way, unless it arrives after all."""
        flight, self._flight = self._flight, None
        if flight is None:
            return []
        await asyncio.wait((flight.commit,))
        if flight.commit.exception() is not None:
            return flight.batch.waiting
        self._answer(flight.batch)
        return []

    async def _reconnect(self, error: Exception) -> None:
        """Try again a little later, but not for ever."""
        log.warning("writer_reconnects", error=type(error).__name__)
        await self._lines.close()
        now = asyncio.get_running_loop().time()
        self._gone_since = self._gone_since or now
        if now - self._gone_since > PATIENCE_SECONDS:
            # Who came meanwhile has waited as long. Their sender will try again, or give up.
            fail(self._queue, Unavailable("history"))
            self._queue.clear()
            self._gone_since = None
        await asyncio.sleep(self._pause)
        self._pause = min(self._pause * 2, LONGEST_PAUSE_SECONDS)

    def _isolate(self, culprits: int, error: Exception) -> None:
        """One of the first requests breaks every batch that it is in; alone, it fails."""
        if culprits > 1:
            self._alone = culprits
        elif self._queue:
            fail((self._queue.popleft(),), error)


def _is_race(error: Exception) -> bool:
    if not isinstance(error, psycopg.Error):
        return False
    return error.sqlstate == STALE or error.diag.constraint_name in _RACES
