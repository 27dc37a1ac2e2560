"""Pools of connections that have become one role for good.

The role is a start-up option rather than a `SET ROLE`: a `RESET ROLE` leads back to it.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, Literal, TypeAlias, get_args

import orjson
import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow
from psycopg.types.json import set_json_loads
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

set_json_loads(orjson.loads)

Role: TypeAlias = Literal["ringledger_api", "ringledger_writer", "ringledger_follower"]
Connection: TypeAlias = AsyncConnection[TupleRow]
Pool: TypeAlias = AsyncConnectionPool[Connection]
Locate: TypeAlias = Callable[[], Awaitable[str]]
"""Says where to connect to, each time anew."""

ROLES: Final[tuple[Role, ...]] = get_args(Role)

RECONNECT_SECONDS: Final = 1.0
"""How long after a lost database is back a pool may take to notice."""

_A_MOMENT_SECONDS: Final = 0.01


async def open_pool(
    url: str | Locate, role: Role, *, min_size: int = 1, max_size: int = 4
) -> Pool:
    """Open a pool of autocommit connections to `url` acting as `role`; the caller closes it.

    A connection is tried before it is lent, so that a restarted server is noticed by the pool and
    not by whoever borrows next. While the server is away it is tried again at a steady pace: by
    itself the pool would wait longer each time, and still wait when the server is back.
    """

    async def target() -> str:
        return acting_as(url if isinstance(url, str) else await url(), role)

    async def check(connection: Connection) -> None:
        try:
            await AsyncConnectionPool.check_connection(connection)
        except psycopg.Error:
            # The others are as old. One by one, whoever borrows would wait longer for each.
            await pool.drain()
            raise

    pool: Pool = AsyncConnectionPool(
        target,
        min_size=min_size,
        max_size=max_size,
        kwargs={"autocommit": True},
        check=check,
        reconnect_timeout=RECONNECT_SECONDS,
        reconnect_failed=_begin_anew,
        name=role,
        open=False,
    )
    await pool.open()
    return pool


async def _begin_anew(pool: Pool) -> None:
    """Have a pool that gave up try again, which it does when it is asked for a connection."""
    with suppress(PoolTimeout, PoolClosed):
        async with pool.connection(timeout=_A_MOMENT_SECONDS):
            pass


async def connect(url: str, role: Role) -> Connection:
    """One autocommit connection that acts as ``role``, for whoever keeps it."""
    return await AsyncConnection.connect(acting_as(url, role), autocommit=True)


def acting_as(url: str, role: Role) -> str:
    """The URL with the role as a start-up option, beside the options it has."""
    given = str(conninfo_to_dict(url).get("options") or "")
    options = f"{given} -c role={role}".strip()
    return make_conninfo(url, options=options, application_name=role)
