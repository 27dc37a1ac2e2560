"""Waiting for what is about to happen, however slow the machine is just now.

A test waits for what it needs to see and never for a time in which it ought to have happened. The
one bound is for a test that waits in vain.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from adapters.postgres.pool import Connection

LONGEST_SECONDS: Final = 90.0
_WAITING: Final = """
    WITH RECURSIVE waiting (pid) AS (
        SELECT %s::integer UNION
        SELECT locked.pid FROM pg_locks AS locked, waiting
        WHERE NOT locked.granted AND waiting.pid = ANY (pg_blocking_pids(locked.pid))
    )
    SELECT count(*) - 1 FROM waiting
"""


async def eventually(holds: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait until it holds; a test that waits in vain fails."""
    async with asyncio.timeout(LONGEST_SECONDS):
        while True:
            found = holds()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.01)


def soon(holds: Callable[[], bool]) -> None:
    """The same without an event loop."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


async def waited_for(connection: Connection, sessions: int = 1) -> None:
    """Wait until so many sessions of the server wait for a lock that this connection has.

    Who waits behind one of them counts as well.
    """

    async def is_waited_for() -> bool:
        found = await connection.execute(_WAITING, (connection.info.backend_pid,))
        return await found.fetchall() == [(sessions,)]

    await eventually(is_waited_for)
