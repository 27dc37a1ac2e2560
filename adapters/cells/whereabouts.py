"""Where a cell lies by now: asked before every connection, so that a process follows a move.

Nothing is told to the processes. Whoever meets a cell that moves (``has_moved``) drops its
connection, waits a moment and connects again, which leads to wherever the directory says.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeVar

import psycopg
import structlog

from adapters.cells.place import Place
from adapters.postgres.pool import Connection, Role, connect
from domain.errors import Unavailable

Result = TypeVar("Result")
Look = Callable[[str], Awaitable[Place]]

BOUNDED: Final = "-c statement_timeout=8s"
BOUNDED_NETWORK: Final = {"connect_timeout": 5, "tcp_user_timeout": 8_000}
"""Nobody waits for ever for a database that fell silent; Twilio waits 15 s at most."""

PATIENCE_SECONDS: Final = 12.0
PAUSE_SECONDS: Final = 0.05

FENCED: Final = "RL004"
MOVED: Final = frozenset({FENCED, "42501", "42P01", "42883", "3F000"})
"""What a cell says that is fenced, hidden from the application, or gone from this database.

A fence of the functions; privileges that were taken; a table, a function or a schema that is not
there or may not be seen. In a cell that stands open where it should, only a fault of ours can
make these happen; and that it is fenced, nothing can.
"""

_IS_OPEN: Final = "SELECT has_schema_privilege(%s, 'USAGE')"

log = structlog.get_logger()


def has_moved(error: BaseException) -> bool:
    """Whether trying again elsewhere can help: the cell is moving, or has moved."""
    return isinstance(error, psycopg.Error) and error.sqlstate in MOVED


class Drained(Protocol):
    """A pool whose connections can be replaced."""

    async def drain(self) -> None:
        """Replace every connection by a new one."""


class Whereabouts:
    """Where one cell lies, as far as this process knows."""

    def __init__(self, place: Place, look: Look | None = None) -> None:
        self.place = place
        self._look = look
        self._pools: list[Drained] = []

    def lead(self, pool: Drained) -> None:
        """From now on the pool's connections go where the cell goes."""
        self._pools.append(pool)

    async def now(self) -> Place:
        """Ask the directory; while it cannot answer, what it said last."""
        if self._look is not None:
            try:
                await self.found(await self._look(self.place.name))
            except (psycopg.OperationalError, OSError):
                log.warning("directory.silent", cell=self.place.name)
        return self.place

    async def found(self, place: Place) -> None:
        """Take note of what the directory says."""
        if place != self.place:
            self.place = place
            log.info("cell.elsewhere", cell=place.name)
            await self.connect_anew()

    async def inside(self, options: str = "") -> str:
        """The cell's database now, with its schema as the search path."""
        return (await self.now()).inside(f"{BOUNDED} {options}", **BOUNDED_NETWORK)

    async def connect(self, role: Role) -> Connection:
        """A connection to where the cell is now, for whoever keeps it."""
        return await connect(await self.inside(), role)

    async def is_open(self, at: Place | None = None) -> bool:
        """Whether the cell can be used where the directory says that it is, and it is there still.

        To hide a cell takes its schema from everybody, and from the writers first.
        """
        try:
            async with await self.connect("ringledger_writer") as connection:
                found = await connection.execute(_IS_OPEN, (self.place.schema,))
                may = (await found.fetchall())[0][0] is True
                return may and at in {None, self.place}
        except (psycopg.Error, OSError):
            return False

    async def connect_anew(self) -> None:
        """Replace every connection: one begun as the cell went may lead to its old place."""
        for pool in self._pools:
            await pool.drain()

    async def patiently(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """Do the work; while the cell moves, do it again, where the cell is by then.

        Raises:
            Unavailable: It took too long. Nothing was done.
        """
        patience = Patience(self)
        while True:
            try:
                return await work()
            except psycopg.Error as error:
                await patience.endure(error)


class Patience:
    """What one caller has with a cell that moves."""

    def __init__(self, whereabouts: Whereabouts) -> None:
        self._whereabouts = whereabouts
        self._deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        self._moves = False
        """It was seen not to be open: that is explanation enough."""

        self._open_at: Place | None = None
        """Where it was open before this try."""

    async def endure(self, error: psycopg.Error) -> None:
        """Wait a moment for a cell that moves, or say that it took too long.

        Raises:
            Unavailable: It is later than the deadline.
            psycopg.Error: It was something else. Or the cell was open before this try and after
                it, in one place: what is missing in it is missing for good.
        """
        if not has_moved(error):
            raise error
        if asyncio.get_running_loop().time() > self._deadline:
            raise Unavailable("cell") from error
        await asyncio.sleep(PAUSE_SECONDS)
        if error.sqlstate == FENCED or self._moves:
            await self._whereabouts.now()
        elif await self._whereabouts.is_open():
            if self._open_at == self._whereabouts.place:
                raise error
            self._open_at = self._whereabouts.place
            await self._whereabouts.connect_anew()
        else:
            self._moves = True
