"""Pools of connections that have become one role for good.

The role is a start-up option rather than a `SET ROLE`: a `RESET ROLE` leads back to it.
"""

from typing import Final, Literal, TypeAlias, get_args

from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

Role: TypeAlias = Literal["ringledger_api", "ringledger_writer", "ringledger_follower"]
Connection: TypeAlias = AsyncConnection[TupleRow]
Pool: TypeAlias = AsyncConnectionPool[Connection]

ROLES: Final[tuple[Role, ...]] = get_args(Role)


async def open_pool(url: str, role: Role, *, min_size: int = 1, max_size: int = 4) -> Pool:
    """Open a pool of autocommit connections to `url` acting as `role`; the caller closes it.

    A connection is tried before it is lent, so that a restarted server is noticed by the pool and
    not by whoever borrows next.
    """
    given = str(conninfo_to_dict(url).get("options") or "")
    pool: Pool = AsyncConnectionPool(
        url,
        min_size=min_size,
        max_size=max_size,
        kwargs={
            "autocommit": True,
            "options": f"{given} -c role={role}".strip(),
            "application_name": role,
        },
        check=AsyncConnectionPool.check_connection,
        name=role,
        open=False,
    )
    await pool.open()
    return pool


async def connect(url: str, role: Role) -> Connection:
    """One autocommit connection that acts as ``role``, for whoever keeps it."""
    given = str(conninfo_to_dict(url).get("options") or "")
    return await AsyncConnection.connect(
        url,
        autocommit=True,
        options=f"{given} -c role={role}".strip(),
        application_name=role,
    )
