"""The gate before a cell: nothing of it is served before it and its erasure ledger agree.

An act that was begun and broken off is carried out here, by itself. A database that knows of less
than the ledger says was done was restored, and waits for ``ringledger erasures replay``.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, LiteralString

import structlog

from adapters.cells.whereabouts import Whereabouts
from adapters.erasure_ledger.file import ErasureLedger, Mark, Tail, Unfinished, restored
from adapters.erasure_ledger.lines import Act, Kind, Line, Said
from adapters.erasure_ledger.transaction import (
    Destruction,
    advance,
    destroying,
    lock,
    pass_over,
)
from adapters.postgres.pool import Connection
from domain.errors import IntegrityAlarm, Restored

DoAgain = Callable[[Act, Line], Awaitable[None]]
"""Does again what a line of the ledger intends; nothing where it is done."""

_MARK: Final = "SELECT ledger_number, ledger_sha256 FROM counter"
_DESTROYED: Final[LiteralString] = """
    SELECT 'subject_erased', workspace_id, subject_id, erased_at AS at FROM subjects
    WHERE erased_at IS NOT NULL
    UNION ALL
    SELECT 'workspace_ended', workspace_id, stream_id, recorded_at FROM entries
    WHERE name = 'workspace.keys_destroyed'
    ORDER BY at
"""
"""What a cell has destroyed, with no help of a ledger."""

log = structlog.get_logger()


class Gate:
    """The gate of one cell, and the way through it for whoever destroys."""

    def __init__(self, whereabouts: Whereabouts, ledger: ErasureLedger) -> None:
        self.ledger = ledger
        self._whereabouts = whereabouts
        self._again: dict[Kind, DoAgain] = {}

    def knows(self, kind: Kind, do_again: DoAgain) -> None:
        """From now on acts of this kind can be done again."""
        self._again[kind] = do_again

    @asynccontextmanager
    async def destroying(
        self, connection: Connection, resumed: Line | None = None
    ) -> AsyncIterator[Destruction]:
        """The only way to destroy a key. See the function.

        What somebody else began and broke off is carried out before it.
        """
        while True:
            try:
                async with destroying(connection, self.ledger, resumed) as destruction:
                    yield destruction
            except Unfinished:
                await self.settle()
            else:
                return

    async def admit(self) -> None:
        """See that the cell may be served; carry out what was broken off.

        Raises:
            Restored: It knows less than its ledger: ``replay`` first.
            IntegrityAlarm: The ledger is not this cell's, or not whole.
            psycopg.OperationalError: The cell cannot be reached.
        """
        try:
            async with await self._whereabouts.connect("ringledger_writer") as connection:
                mark = await _mark(connection)
                tail = await asyncio.to_thread(self.ledger.since, mark)
                is_begun = tail.last is not None or not await _has_destroyed(connection)
        except IntegrityAlarm:
            # Somebody may have been at it between the two looks.
            tail, is_begun = None, True
        if tail is None or tail.acts or not is_begun:
            await self.settle()

    async def settle(self) -> None:
        """Carry out what was begun and broken off; begin a ledger where there never was one."""
        tail = await self.lacks()
        if tail.is_ahead:
            raise Restored(restored(self._whereabouts.place.name, tail))
        await self._do_again(tail)

    async def replay(self) -> int:
        """Carry out again all that a restored cell lacks; how many acts these were.

        Broken off, it goes on where it was.
        """
        tail = await self.lacks()
        await self._do_again(tail)
        return len(tail.acts)

    async def lacks(self) -> Tail:
        """What the ledger says and the cell knows nothing of. A ledger that never was begins."""
        return await self._whereabouts.patiently(self._agree)

    async def begin_anew(self) -> int:
        """Write the ledger anew, from what the cell has destroyed; how many acts.

        For one that is lost. It says nothing any more of what an older backup lacks.
        """

        async def begin() -> int:
            async with self._locked() as (connection, mark):
                await asyncio.to_thread(self.ledger.put_aside)
                return await self._begin(connection, mark)

        return await self._whereabouts.patiently(begin)

    async def _agree(self) -> Tail:
        """What the ledger says after the mark, both read while nobody changes either."""
        async with self._locked() as (connection, mark):
            tail = await asyncio.to_thread(self.ledger.since, mark)
            if tail.last is None:
                await self._begin(connection, mark)
        if tail.torn:
            log.warning("erasure_ledger.torn", file=str(self.ledger.path), pieces=tail.torn)
        return tail

    @asynccontextmanager
    async def _locked(self) -> AsyncIterator[tuple[Connection, Mark]]:
        """A transaction that has the writers' lock, and the mark that it finds."""
        async with (
            await self._whereabouts.connect("ringledger_writer") as connection,
            connection.transaction(),
        ):
            yield connection, await lock(connection)

    async def _begin(self, connection: Connection, mark: Mark) -> int:
        """Write down what was destroyed before there was a ledger; how many acts."""
        rows = await (await connection.execute(_DESTROYED)).fetchall()
        acts = [Act(kind=Kind(kind), workspace_id=w, id=i) for kind, w, i, _ in rows]
        if acts:
            lines = await asyncio.to_thread(self.ledger.intend, *acts)
            await asyncio.to_thread(self.ledger.conclude, Said.done, lines)
            await advance(connection, mark, lines[-1], is_anew=True)
        return len(acts)

    async def _do_again(self, tail: Tail) -> None:
        for line in tail.acts:
            if line.act is not None:
                await self._again[line.act.kind](line.act, line)
            async with await self._whereabouts.connect("ringledger_writer") as connection:
                await pass_over(connection, line)
            log.warning("erasure.done_again", line=line.number)


async def _mark(connection: Connection) -> Mark:
    ((number, sha256),) = await (await connection.execute(_MARK)).fetchall()
    return Mark(number, sha256)


async def _has_destroyed(connection: Connection) -> bool:
    return (await connection.execute(_DESTROYED + " LIMIT 1")).rowcount > 0
