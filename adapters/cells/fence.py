"""Stops what writes in a cell, hides it from who reads, and lets both in again.

The functions that append and erase ask the counter's row whether they may. What the roles write
without them (keys, credentials, views) is stopped by taking the schema away from them.
"""

from typing import Final

import psycopg
from psycopg import sql

from adapters.cells.side import Side
from adapters.postgres.pool import ROLES

ATTEMPTS: Final = 5
_WRITTEN_DIRECTLY: Final = """
    SELECT c.relname::text
    FROM pg_class c, unnest(ARRAY['ringledger_writer', 'ringledger_follower']) AS role
    WHERE c.relnamespace = %s::regnamespace AND c.relkind IN ('r', 'p') AND (
        has_any_column_privilege(role, c.oid, 'INSERT, UPDATE')
        OR has_table_privilege(role, c.oid, 'DELETE, TRUNCATE'))
    GROUP BY c.relname ORDER BY c.relname <> 'positions', c.relname
"""
_ROLES: Final = sql.SQL(", ").join(map(sql.Identifier, ROLES))


async def fence(side: Side) -> str:
    """Let nothing be written any more; the place in the server's log that holds all that was.

    When it returns, every transaction that wrote is over, and every new one is refused. Readers
    go on. It waits for transactions under way, but never long: whoever queues behind it waits too.
    """
    for attempt in range(ATTEMPTS):
        try:
            await _fence(side)
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            if attempt == ATTEMPTS - 1:
                raise
        else:
            break
    return str((await side.run("SELECT pg_current_wal_insert_lsn()::text"))[0][0])


async def _fence(side: Side) -> None:
    async with side.connection.transaction():
        await side.run("SET LOCAL lock_timeout = '2s'")
        # First the counter, as everybody who needs both does: erasures and appends end before us.
        await side.run("UPDATE counter SET fenced = true")
        # Then, one by one, what is written without it. A follower begins with its position.
        for (table,) in await side.run(_WRITTEN_DIRECTLY, side.schema):
            await side.run("LOCK TABLE {table} IN EXCLUSIVE MODE", table=table)
        await side.run(
            "REVOKE USAGE ON SCHEMA {schema} FROM ringledger_writer, ringledger_follower"
        )


async def is_fenced(side: Side) -> bool:
    """Whether nothing can be written."""
    return bool((await side.run("SELECT fenced FROM counter"))[0][0])


async def hide(side: Side) -> None:
    """Let nobody read either.

    A prepared statement does not outlive it: PostgreSQL looks its names up again.
    """
    await side.run("REVOKE USAGE ON SCHEMA {schema} FROM {roles}", roles=_ROLES)


async def open_up(side: Side) -> None:
    """Let everybody read and write."""
    async with side.connection.transaction():
        await side.run("UPDATE counter SET fenced = false")
        await side.run("GRANT USAGE ON SCHEMA {schema} TO {roles}", roles=_ROLES)
