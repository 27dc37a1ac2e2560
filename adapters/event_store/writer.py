"""The writer of a cell: what waits is decided, sealed and committed together.

There is no timer. While one batch commits, the next one gathers; a lone command goes at once.
Whoever waits is answered after the commit, so an answer means durable.

Every command is idempotent by its decider: what was committed without anybody hearing of
it (the connection broke, another process was first) is found again on the retry and says
nothing new. So a retry never doubles anything.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

import psycopg
import structlog

from adapters.event_store.batch import APPEND, Batch
from adapters.event_store.knowledge import Knowledge
from adapters.event_store.requests import Receipt, Request, Waiting, clear_values
from adapters.keys.keyring import Keyring
from adapters.postgres.pool import Connection
from domain.errors import NotFound, Overloaded, Refused, Unavailable
from domain.identifiers import bucket_id

Clock = Callable[[], datetime]
Connect = Callable[[], Awaitable[Connection]]

MAX_WAITING = 5_000
"""More than this waiting is refused (503): memory must not grow with a slow disk."""

MAX_BATCH = 500
PATIENCE_SECONDS = 12.0
"""How long a batch outlives a lost database. Twilio gives up on a call after 15 s."""

STALE = "RL001"
KEY_RACES = frozenset({"lookups_digest", "buckets_id"})
log = structlog.get_logger()


class CellWriter:
    """Takes requests for one cell and answers each once it is durable."""

    def __init__(self, connect: Connect, keyring: Keyring, clock: Clock) -> None:
        self._connect = connect
        self._keyring = keyring
        self._clock = clock
        self._connection: Connection | None = None
        self._knowledge = Knowledge()
        self._queue: deque[Waiting] = deque()
        self._wake = asyncio.Event()
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
        await self._disconnect()

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
        if len(self._queue) >= MAX_WAITING:
            raise Overloaded("writer")
        waiting = Waiting(request, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._wake.set()
        return await waiting.answer

    async def _run(self) -> None:
        while self._queue or not self._closing:
            if not self._queue:
                self._wake.clear()
                await self._wake.wait()
                continue
            count = min(len(self._queue), MAX_BATCH)
            await self._serve([self._queue.popleft() for _ in range(count)])

    async def _serve(self, waiting: Sequence[Waiting]) -> None:
        """Commit the batch; a request that breaks it fails alone."""
        try:
            await self._commit(waiting)
        except Unavailable as error:
            # Who came meanwhile has waited as long. Their sender will try again, or give up.
            _fail((*waiting, *self._queue), error)
            self._queue.clear()
        except Exception as error:  # noqa: BLE001 - whatever broke, all who wait must hear of it
            if len(waiting) == 1:
                _fail(waiting, error)
                return
            for one in waiting:
                await self._serve([one])

    async def _commit(self, waiting: Sequence[Waiting]) -> None:
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        pause = 0.01
        while True:
            try:
                return await self._attempt(waiting)
            except psycopg.Error as error:
                if not await self._recover(error, waiting):
                    raise
                if asyncio.get_running_loop().time() > deadline:
                    raise Unavailable("history") from error
                if isinstance(error, psycopg.OperationalError):
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, 0.5)

    async def _attempt(self, waiting: Sequence[Waiting]) -> None:
        self._knowledge.bound()
        connection = await self._connected()
        live = [one for one in waiting if not one.answer.done()]
        remembered = {
            one.request.stream_id
            for one in live
            if one.request.stream_id in self._knowledge.streams
        }
        batch = await self._prepare(connection, live)
        answers, doubtful = _decide(batch, live, remembered)
        if batch.entries:
            await connection.execute(APPEND, batch.parameters(), prepare=True)
        batch.commit()
        for one, receipt in answers:
            if not one.answer.done():
                one.answer.set_result(receipt)
        if doubtful:
            self._knowledge.forget_streams(one.request.stream_id for one in doubtful)
            await self._attempt(doubtful)

    async def _prepare(self, connection: Connection, waiting: Sequence[Waiting]) -> Batch:
        """A batch that knows what these requests need; one of no known workspace fails."""
        keys, now = {}, self._clock()
        for workspace_id in {one.request.workspace_id for one in waiting}:
            try:
                keys[workspace_id] = await self._keyring.get(connection, workspace_id)
            except NotFound as error:
                _fail((one for one in waiting if one.request.workspace_id == workspace_id), error)
        requests = [one.request for one in waiting if not one.answer.done()]
        await self._knowledge.learn(connection, requests, keys, _buckets(requests, now))
        return Batch(self._knowledge, keys, now)

    async def _recover(self, error: psycopg.Error, waiting: Sequence[Waiting]) -> bool:
        """Whether trying again can help, and forget what turned out to be wrong."""
        constraint = error.diag.constraint_name
        if error.sqlstate == STALE or constraint in KEY_RACES:
            self._knowledge.forget_keys()
        elif constraint == "entries_stream_version":
            self._knowledge.forget_streams(one.request.stream_id for one in waiting)
        elif isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError)):
            log.warning("writer_reconnects", error=type(error).__name__)
            self._knowledge = Knowledge()
            await self._disconnect()
        else:
            return False
        return True

    async def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = await self._connect()
        return self._connection

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


def _decide(
    batch: Batch, waiting: Sequence[Waiting], remembered: Collection[UUID]
) -> tuple[list[tuple[Waiting, Receipt]], list[Waiting]]:
    """Put what waits into the batch: the receipts, and the refusals that rest on memory.

    What was remembered of a stream may be out of date; what was just read is not.
    """
    answers, doubtful = [], []
    for one in waiting:
        if one.answer.done():
            continue
        try:
            answers.append((one, batch.add(one.request)))
        except NotFound as error:
            _fail((one,), error)
        except Refused as refusal:
            if one.request.stream_id in remembered:
                doubtful.append(one)
            else:
                _fail((one,), refusal)
    return answers, doubtful


def _fail(waiting: Iterable[Waiting], error: Exception) -> None:
    for one in waiting:
        if not one.answer.done():
            one.answer.set_exception(error)


def _buckets(requests: Sequence[Request], now: datetime) -> set[UUID]:
    day = now.date().isoformat()
    return {
        bucket_id(request.workspace_id, value.category, "", day)
        for request in requests
        for _, value in clear_values(request.command)
    }
