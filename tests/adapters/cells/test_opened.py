"""The cells of a deployment, all of them open."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import psycopg
from cells import asynchronous
from serving import settings_for

from adapters.postgres.embedded import Urls
from adapters.postgres.pool import Pool
from adapters.wiring import open_ledger

CELLS: Final = 8
PROCESSES: Final = 2


@asynchronous
async def test_the_embedded_server_has_room_for_eight_cells(
    database: Urls, tmp_path: Path
) -> None:
    """Two servers and a follower may all use every connection that their pools may open."""
    settings = settings_for(database, tmp_path).model_copy(update={"cells": CELLS})
    async with AsyncExitStack() as stack:
        pools = list[Pool]()
        for _ in range(PROCESSES):
            ledger = await stack.enter_async_context(open_ledger(settings))
            pools += [p for cell in ledger.cells.values() for p in (cell.reading, cell.writing)]

        async def borrow_all(pool: Pool) -> None:
            for _ in range(pool.max_size):
                await stack.enter_async_context(pool.connection())

        await asyncio.gather(*map(borrow_all, pools))
        most = sum(pool.max_size for pool in pools)
        assert most == PROCESSES * CELLS * 12
        with psycopg.connect(database.admin) as owner:
            ((room,),) = owner.execute("SHOW max_connections").fetchall()
        assert int(room) > (PROCESSES + 1) * CELLS * 14
