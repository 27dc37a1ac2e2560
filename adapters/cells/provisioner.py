"""The provisioner: the only one that makes schemas, and that writes down where cells lie.

It works with the rights of the migration role. Everything here can be broken off and done again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, LiteralString, NamedTuple
from uuid import UUID

import psycopg
import structlog
from psycopg import AsyncConnection, sql

from adapters.cells.place import cell_name, inside, login_of
from adapters.postgres.embedded import Urls
from adapters.postgres.migrate import migrate
from adapters.postgres.pool import Connection
from domain.errors import NotFound, Refused

SETTLING_SECONDS: Final = 20.0
"""Longer than any process takes a workspace's old cell and credentials for the right ones."""

_REGISTERED = """
    SELECT c.name, c.schema, c.url, c.migration_url, m.cell IS NOT NULL
    FROM directory.cells c LEFT JOIN directory.moves m ON m.cell = c.name
    ORDER BY length(c.name), c.name
"""
_REGISTER = """
    INSERT INTO directory.cells (name, schema, url, migration_url) VALUES (%s, %s, %s, %s)
    ON CONFLICT (name) DO NOTHING
"""
_CELL_OF = "SELECT cell FROM directory.workspaces WHERE workspace_id = %s FOR UPDATE"
_PLACE = "UPDATE directory.workspaces SET cell = %s WHERE workspace_id = %s"
_HISTORY = "SELECT FROM entries WHERE workspace_id = %s LIMIT 1"
_BELONGINGS: Final = ("workspace_keys", "api_keys", "credentials")
"""What a workspace has in its cell before its first entry."""

log = structlog.get_logger()


class Registered(NamedTuple):
    """A cell as the directory has it; no URL means the deployment's own database."""

    name: str
    schema: str
    url: str | None
    migration_url: str | None
    is_moving: bool

    def admin(self, own: Urls) -> str:
        """Its database, for a role that may create schemas, with the cell as search path."""
        return inside(self.migration_url or own.admin, self.schema)


async def registered(admin: Connection) -> list[Registered]:
    """Every cell of the directory."""
    rows = await admin.execute(_REGISTERED)
    return [Registered(*row) for row in await rows.fetchall()]


async def find(admin: Connection, name: str) -> Registered:
    """One cell of the directory; ``NotFound`` where there is none of that name."""
    for cell in await registered(admin):
        if cell.name == name:
            return cell
    raise NotFound("cell")


async def bring_up(own: Urls, names: Sequence[str]) -> list[str]:
    """Bring the directory and every cell up to date, and make those of these names.

    A cell on another server that cannot be reached now is left as it is: the others must not
    wait for it.
    """
    applied = await migrate(own.admin, cells=())
    async with await AsyncConnection.connect(own.admin, autocommit=True) as admin:
        cells = await registered(admin)
        new = [name for name in names if name not in {cell.name for cell in cells}]
        applied += await migrate(
            own.admin,
            cells=new,
            present=[cell.schema for cell in cells if cell.url is None],
            frozen=[cell.schema for cell in cells if cell.is_moving],
        )
        for name in new:
            await admin.execute(_REGISTER, (name, name, None, None))
    for cell in cells:
        applied += await _bring_up_elsewhere(cell)
    return applied


async def _bring_up_elsewhere(cell: Registered) -> list[str]:
    if cell.url is None or cell.migration_url is None:
        return []
    try:
        return await migrate(
            cell.migration_url,
            cells=(),
            present=[cell.schema],
            frozen=[cell.schema] if cell.is_moving else (),
            login=login_of(cell.url),
            with_directory=False,
        )
    except psycopg.OperationalError:
        log.warning("cell.unreachable", cell=cell.name)
        return []


async def create(own: Urls, name: str, url: str | None, migration_url: str | None) -> list[str]:
    """Make a cell, here or at a URL, and enter it in the directory. Twice is as good as once.

    Raises:
        ValueError: The name cannot be a cell's.
        Refused: There is a cell of that name elsewhere.
    """
    cell_name(name)
    async with await AsyncConnection.connect(own.admin, autocommit=True) as admin:
        for cell in await registered(admin):
            if cell.name == name and cell.url != url:
                raise Refused(f"{name} is elsewhere: `ringledger cells move` moves it")
        applied = await migrate(
            migration_url or own.admin,
            cells=[name],
            login=login_of(url or own.app),
            with_directory=False,
        )
        await admin.execute(_REGISTER, (name, name, url, migration_url))
    return applied


async def _settle() -> None:
    """Give every process the time to ask the directory again."""
    await asyncio.sleep(SETTLING_SECONDS)


async def place(
    own: Urls, workspace_id: UUID, name: str, settle: Callable[[], Awaitable[None]] = _settle
) -> None:
    """Place an empty workspace in another cell. Twice is as good as once.

    Its keys and credentials go first, so that nobody can write to it in the old cell; then the
    processes settle. Calls that come meanwhile are refused, and none is acknowledged.

    Raises:
        NotFound: There is no such workspace, or no such cell.
        Refused: It has a history, or was given one meanwhile; then it stays where it is.
    """
    async with await AsyncConnection.connect(own.admin) as admin:
        found = await (await admin.execute(_CELL_OF, (workspace_id,))).fetchone()
        if found is None:
            raise NotFound("workspace")
        here, there = await find(admin, found[0]), await find(admin, name)
        if here == there:
            return
        await _hand_over(here.admin(own), there.admin(own), workspace_id)
        await settle()
        await _stay_empty(here, there, own, workspace_id)
        await admin.execute(_PLACE, (name, workspace_id))


async def _hand_over(source: str, target: str, workspace_id: UUID) -> None:
    """Take a workspace's belongings from one cell to the other, all or none of them."""
    async with (
        await AsyncConnection.connect(source) as old,
        await AsyncConnection.connect(target, autocommit=True) as new,
    ):
        await old.execute("SELECT FROM counter FOR UPDATE")
        if (await old.execute(_HISTORY, (workspace_id,))).rowcount:
            raise Refused("the workspace has a history: move its cell instead")
        for table in _BELONGINGS:
            rows = await _rows(
                old, "SELECT * FROM {} WHERE workspace_id = %s", table, workspace_id
            )
            for row in await rows.fetchall():
                values = sql.SQL(", ").join([sql.Placeholder()] * len(row))
                insert = sql.SQL("INSERT INTO {} VALUES ({}) ON CONFLICT DO NOTHING")
                await new.execute(insert.format(sql.Identifier(table), values), row)
        for table in _BELONGINGS:
            await _rows(old, "DELETE FROM {} WHERE workspace_id = %s", table, workspace_id)


async def _stay_empty(here: Registered, there: Registered, own: Urls, workspace_id: UUID) -> None:
    """See that no entry came in meanwhile; a workspace that has one gets its belongings back."""
    async with await AsyncConnection.connect(here.admin(own)) as old:
        is_empty = not (await old.execute(_HISTORY, (workspace_id,))).rowcount
    if not is_empty:
        await _hand_over(there.admin(own), here.admin(own), workspace_id)
        raise Refused("calls came in meanwhile: the workspace stays, and has a history now")


async def _rows(
    connection: Connection, query: LiteralString, table: str, *parameters: object
) -> psycopg.AsyncCursor[Any]:
    return await connection.execute(sql.SQL(query).format(sql.Identifier(table)), parameters)
