"""The transaction that destroys: its line is on the disk before it can commit.

::

    lock the cell's writers, read the mark, see that the ledger agrees
    -> decide
    -> the ledger has "intended", synced
    -> destroy, and move the mark to that line
    -> commit
    -> the ledger has "done"

Killed before the commit, it leaves a line alone in the ledger, and what that intends is carried
out at the next start, or by the next one who destroys. Killed after it, the mark says that it was
done.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import structlog

from adapters.erasure_ledger.file import ErasureLedger, Mark
from adapters.erasure_ledger.lines import Act, Line, Said
from adapters.postgres.pool import Connection
from domain.errors import Unavailable

LOCK = "SELECT o_number, o_sha256 FROM lock_erasures()"
_MARK = "SELECT mark_erasure(%s, %s)"
log = structlog.get_logger()


class Destruction:
    """What destroys, in its transaction: it has the writers' lock of the cell until that ends."""

    def __init__(
        self, connection: Connection, ledger: ErasureLedger, mark: Mark, resumed: Line | None
    ) -> None:
        self._connection = connection
        self._ledger = ledger
        self._mark = mark
        self._resumed = resumed
        self.lines: Sequence[Line] = [resumed] if resumed else ()
        """What of the ledger is carried out here."""

    async def intend(self, *acts: Act) -> None:
        """Have it on the ledger's disk that these are about to be destroyed: then destroy them.

        Raises:
            Unavailable: The ledger cannot be written.
        """
        if not self._resumed:
            self.lines = await asyncio.to_thread(self._ledger.intend, *acts)

    async def complete(self) -> None:
        """Move the mark on, before the commit."""
        if self.lines:
            await advance(self._connection, self._mark, self.lines[-1])

    def give_up(self) -> None:
        """It is rolled back: nothing was destroyed."""
        if not self._resumed:
            _conclude(self._ledger, Said.given_up, self.lines)
        self.lines = ()


@asynccontextmanager
async def destroying(
    connection: Connection, ledger: ErasureLedger, resumed: Line | None = None
) -> AsyncIterator[Destruction]:
    """A transaction in which the block says what it destroys, and destroys it.

    Args:
        connection: Not in a transaction.
        ledger: The cell's.
        resumed: A line of it that is carried out again: it says already what is destroyed.

    Raises:
        Restored, Unfinished, IntegrityAlarm: See ``ErasureLedger.agree``.
    """
    async with connection.transaction():
        mark = await lock(connection)
        if not resumed and not ledger.is_at(mark):
            await asyncio.to_thread(ledger.agree, mark)
        destruction = Destruction(connection, ledger, mark, resumed)
        try:
            yield destruction
            await destruction.complete()
        except BaseException:
            # No commit was sent, so it is rolled back whatever happens.
            destruction.give_up()
            raise
    _conclude(ledger, Said.done, destruction.lines)


async def pass_over(connection: Connection, line: Line) -> None:
    """Move the mark over an act of which there is nothing here to be destroyed."""
    async with connection.transaction():
        await advance(connection, await lock(connection), line)


async def lock(connection: Connection) -> Mark:
    """Take the writers' lock until the transaction ends, and read the mark."""
    ((number, sha256),) = await (await connection.execute(LOCK)).fetchall()
    return Mark(number, sha256)


async def advance(
    connection: Connection, mark: Mark, line: Line, *, is_anew: bool = False
) -> None:
    """Move the mark on to a line, in the transaction that has the lock."""
    if is_anew or mark.number < line.number:
        await connection.execute(_MARK, (line.number, line.sha256))


def _conclude(ledger: ErasureLedger, said: Said, lines: Sequence[Line]) -> None:
    """Without this line nothing is lost: what was done is in the database's mark.

    It is not synced, and so takes less than it would to ask a thread.
    """
    if not lines:
        return
    try:
        ledger.conclude(said, lines)
    except Unavailable:
        log.exception("erasure_ledger.not_concluded", said=said)
