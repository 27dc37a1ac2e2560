"""Moves a live cell to another database: nothing lost, nothing doubled, never two live copies.

Copying takes as long as it takes, while everybody works on. Then the cell is fenced, for as long
as the last entries need to arrive and be compared; then the directory leads to the new place.
How far a move is stands in the directory: broken off anywhere, it is gone on with or given up.

====== ===================================== ================================================
phase  the source                            the target
====== ===================================== ================================================
copying serves; fenced for moments           hidden, receives
copied  fenced for good, then hidden         complete, hidden; open just before the directory
                                             leads to it
moved   hidden, then gone                    serves
====== ===================================== ================================================
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

import psycopg
import structlog
from psycopg import sql

from adapters.cells.comparing import compare
from adapters.cells.fence import fence, hide, is_fenced, open_up
from adapters.cells.place import login_of
from adapters.cells.provisioner import Registered, find
from adapters.cells.replication import Replication, stop_source, stop_target
from adapters.cells.side import Side, side
from adapters.postgres.embedded import Urls
from adapters.postgres.migrate import DIRECTORY, migrate
from domain.errors import Refused, Unavailable

FENCE_SECONDS: Final = 8.0
"""Writers wait for at most 12 s; a fence that would last longer is taken away again."""

ALONE_SECONDS: Final = 3.0
"""So long a mover waits for another: the server may not have noticed yet that it was killed."""

FENCES: Final = 3
NEAR_ENTRIES: Final = 2_000
"""So near behind, the copy is with the source within a moment."""

_LOOK_SECONDS: Final = 0.1
TAKE_TURN: Final = "SELECT pg_advisory_lock(hashtext('ringledger move'), hashtext(%s))"
NO_ROTATION: Final = "SELECT pg_advisory_lock_shared(hashtext('ringledger rotation'), 0)"
_ROTATES: Final = "SELECT 1 FROM key_rotations WHERE ended_at IS NULL"
_FIND: Final = """
    SELECT move_id, phase, from_migration_url, url, migration_url FROM moves WHERE cell = %s
"""
_BEGIN: Final = """
    INSERT INTO moves (cell, from_migration_url, url, migration_url) VALUES (%s, %s, %s, %s)
"""
_LEAD: Final = "UPDATE cells SET url = %s, migration_url = %s WHERE name = %s"
_PHASE: Final = "UPDATE moves SET phase = %s WHERE cell = %s"
_MARK: Final = "SELECT obj_description(%s::regnamespace, 'pg_namespace')"
_MIGRATIONS: Final = "SELECT name, checksum FROM migration ORDER BY name"

Progress = Callable[[str], Awaitable[None]]
"""Hears what comes next."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Goal:
    """Where a cell is to go."""

    url: str
    migration_url: str
    source_url: str | None = None
    """How the target's server reaches the source's, if not as we do."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A move as the directory has it."""

    move_id: UUID
    phase: str
    from_migration_url: str | None
    url: str
    migration_url: str


@dataclass(slots=True)
class Move:
    """One move, with the connections that it needs."""

    cell: Registered
    begun: Begun
    directory: Side
    source: Side
    target: Side
    source_url: str
    progress: Progress

    async def run(self, *, keeps_source: bool) -> None:
        """Do what is still to be done."""
        if self.begun.phase == "copied" and not await is_fenced(self.source):
            # It was opened again because nobody knew whether the phase had been written down.
            await self._enter("copying")
        if self.begun.phase == "copying":
            await self._copy()
        if self.begun.phase == "copied":
            await self._hand_over()
        await self._clean_up(keeps_source=keeps_source)

    async def _copy(self) -> None:
        if await is_fenced(self.source):
            await open_up(self.source)  # until the copy is near enough again
        await self.progress("make the cell's schema at the target")
        await self._make_target()
        await self.progress("begin to copy")
        await self._replication().start(await self.source.tables())
        for _ in range(FENCES):
            await self.progress("wait for the copy")
            await self._catch_up()
            await self.progress("fence the cell")
            if await self._fence():
                return
        raise Unavailable("the target does not keep up: nothing was changed, try again later")

    async def _make_target(self) -> None:
        """The schema, by the migrations, marked as this move's, and hidden."""
        if not await self.target.exists():
            mark = sql.Literal(_mark(self.begun.move_id))
            async with self.target.connection.transaction():
                await self.target.run("CREATE SCHEMA {schema}")
                await self.target.run("COMMENT ON SCHEMA {schema} IS {mark}", mark=mark)
        if not await _is_marked(self.target, self.begun.move_id):
            raise Refused(f"the target has a schema {self.target.schema} already")
        await migrate(
            self.target.url,
            cells=(),
            present=[self.target.schema],
            login=login_of(self.begun.url),
            with_directory=False,
        )
        if await self.source.run(_MIGRATIONS) != await self.target.run(_MIGRATIONS):
            raise Refused("the cell is not up to date: `ringledger migrate` comes first")
        await hide(self.target)

    async def _catch_up(self) -> None:
        """Wait until everything was copied once, and little is on its way."""
        replication = self._replication()
        while True:
            copied = await replication.copied()
            if copied.tables == copied.of:
                break
            await asyncio.sleep(_LOOK_SECONDS)
        for table in await self.target.tables():
            await self.target.run("ANALYZE {table}", table=table)
        while await self._behind() > NEAR_ENTRIES:
            await replication.copied()
            await asyncio.sleep(_LOOK_SECONDS)

    async def _behind(self) -> int:
        ((ours,),) = await self.source.run("SELECT position FROM counter")
        ((theirs,),) = await self.target.run("SELECT position FROM counter")
        return int(ours - theirs)

    async def _fence(self) -> bool:
        """Stop the writers until the target has all and is the same; else let them go on."""
        try:
            lsn = await fence(self.source)
            async with asyncio.timeout(FENCE_SECONDS):
                await self._replication().reaches(lsn)
                await self.progress("compare the copies")
                await compare(self.source, self.target)
            await self._enter("copied")
        except TimeoutError:
            await open_up(self.source)
            return False
        except BaseException:
            await open_up(self.source)
            raise
        return True

    async def _hand_over(self) -> None:
        await self.progress("end the copying")
        await self._replication().stop()
        await self.progress("hide the source")
        # Before the target opens: what is erased there must not be read here.
        await hide(self.source)
        await self.progress("open the target")
        await open_up(self.target)
        await self.progress("lead to the target")
        async with self.directory.connection.transaction():
            await self.directory.run(
                _LEAD, self.begun.url, self.begun.migration_url, self.cell.name
            )
            await self._enter("moved")
        log.info("cell.moved", cell=self.cell.name)

    async def _clean_up(self, *, keeps_source: bool) -> None:
        await self.progress("keep the source" if keeps_source else "drop the source")
        if await self.source.exists():
            await self.source.run("SET lock_timeout = '10s'")
            if keeps_source:
                kept = f"{self.source.schema}_moved_{self.begun.move_id.hex[:8]}"
                await self.source.run("ALTER SCHEMA {schema} RENAME TO {kept}", kept=kept)
            else:
                await self.source.run("DROP SCHEMA {schema} CASCADE")
        await self.target.run("COMMENT ON SCHEMA {schema} IS NULL")
        await self.directory.run("DELETE FROM moves WHERE cell = %s", self.cell.name)

    def _replication(self) -> Replication:
        name = stream_name(self.source.schema, self.begun.move_id)
        return Replication(name, self.source, self.target, self.source_url)

    async def _enter(self, phase: str) -> None:
        await self.directory.run(_PHASE, phase, self.cell.name)
        self.begun = replace(self.begun, phase=phase)


def _mark(move_id: UUID) -> str:
    """What is written on the target's schema until it is live: nobody else's is ever dropped."""
    return f"ringledger move {move_id}"


def stream_name(schema: str, move_id: UUID) -> str:
    """What publication, subscription and slot of a move are called."""
    return f"ringledger_{schema}_{move_id.hex[:8]}"


async def _silently(_next: str) -> None:
    """Tell nobody."""


async def move(
    own: Urls,
    name: str,
    goal: Goal,
    progress: Progress = _silently,
    *,
    keeps_source: bool = False,
) -> None:
    """Move a cell, or go on with a move that was broken off.

    Raises:
        NotFound: There is no such cell.
        Refused: It is on its way elsewhere, or the target has a schema of that name.
        Unavailable: The target could not keep up. The cell serves where it is.
        IntegrityAlarm: The copy is not the same. The cell serves where it is.
    """
    async with _alone(own, name) as directory:
        cell = await find(directory.connection, name)
        begun = await _find(directory, name)
        if begun is None and cell.url == goal.url:
            return
        if begun is not None and begun.url != goal.url:
            raise Refused(f"{name} is on its way elsewhere: end that move, or abort it")
        source_url = (begun.from_migration_url if begun else cell.migration_url) or own.admin
        async with (
            side(source_url, cell.schema) as source,
            side(goal.migration_url, cell.schema) as target,
        ):
            begun = begun or await _begin(directory, cell, goal, target)
            reached_by = goal.source_url or source_url
            one = Move(cell, begun, directory, source, target, reached_by, progress)
            await one.run(keeps_source=keeps_source)


async def abort(own: Urls, name: str, *, without_target: bool = False) -> None:
    """Give a move up: the cell serves where it is, and nothing of it stays at the target.

    Args:
        own: The deployment's own database.
        name: The cell.
        without_target: The target is gone for good, and what was copied with it.

    Raises:
        NotFound: There is no such cell.
        Refused: It has moved already, or does not move.
        Unavailable: The target cannot be reached. The cell serves; what was copied lies there
            still, with its keys as they were: do it again.
    """
    async with _alone(own, name) as directory:
        cell = await find(directory.connection, name)
        begun = await _find(directory, name)
        if begun is None:
            raise Refused(f"{name} is not being moved")
        if begun.phase == "moved":
            raise Refused(f"{name} has moved already: the same move again ends it")
        async with side(begun.from_migration_url or own.admin, cell.schema) as source:
            await _give_up(source, begun, without_target=without_target)
        await directory.run("DELETE FROM moves WHERE cell = %s", name)


async def _give_up(source: Side, begun: Begun, *, without_target: bool) -> None:
    stream, oid = stream_name(source.schema, begun.move_id), None
    try:
        async with side(begun.migration_url, source.schema) as target:
            oid = await stop_target(target, stream)
            if await _is_marked(target, begun.move_id):
                await target.run("DROP SCHEMA {schema} CASCADE")
    except psycopg.OperationalError as error:
        if not without_target:
            raise Unavailable(
                "the cell serves where it is, but the target cannot be reached, and what was "
                "copied lies there still: do this again"
            ) from error
    finally:
        # Whatever becomes of the copy: nobody was led to it, and this is the cell.
        await open_up(source)
        await stop_source(source, stream, oid)


async def _is_marked(target: Side, move_id: UUID) -> bool:
    if not await target.exists():
        return False
    return bool((await target.run(_MARK, target.schema))[0][0] == _mark(move_id))


@asynccontextmanager
async def _alone(own: Urls, name: str) -> AsyncIterator[Side]:
    """The directory, for the only one who moves this cell now."""
    async with side(own.admin, DIRECTORY) as directory:
        patience = sql.Literal(f"{ALONE_SECONDS}s")
        try:
            async with directory.connection.transaction():
                await directory.run("SET LOCAL lock_timeout = {patience}", patience=patience)
                await directory.run(TAKE_TURN, name)
                await directory.run(NO_ROTATION)
        except psycopg.errors.LockNotAvailable:
            raise Refused(
                f"somebody else moves {name} just now, or the master key rotates"
            ) from None
        yield directory


async def _begin(directory: Side, cell: Registered, goal: Goal, target: Side) -> Begun:
    """Write a move down, once the target was seen: an address that is wrong leaves nothing."""
    if await target.exists():
        raise Refused(f"the target has a schema {cell.schema} already")
    if await directory.run(_ROTATES):
        raise Refused("the master key rotates: end that with `ringledger keys rotate`")
    await directory.run(_BEGIN, cell.name, cell.migration_url, goal.url, goal.migration_url)
    begun = await _find(directory, cell.name)
    if begun is None:
        raise Unavailable("directory")
    return begun


async def _find(directory: Side, name: str) -> Begun | None:
    found = await directory.run(_FIND, name)
    return Begun(*found[0]) if found else None
