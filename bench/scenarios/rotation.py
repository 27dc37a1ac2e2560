"""Rotating the master key over very many keys, while calls come in."""

import asyncio
import os
from functools import partial
from itertools import count
from typing import Final
from uuid import UUID

from adapters.postgres.arrays import Bytes, Uuids
from adapters.postgres.copying import copy_in
from adapters.rotation.rotate import rotate
from adapters.wiring import now
from bench import traffic
from bench.ground import Ground, Home
from bench.measure import MILLISECONDS, Bar, Found, Measurement, percentile, seconds
from bench.sizes import Sizes

BAR: Final = Bar("<=", 60, "s")
RUNS: Final = 3
AT_ONCE: Final = 5_000
PAUSE_SECONDS: Final = 0.01


async def of_many_keys(ground: Ground, sizes: Sizes) -> Found:
    """From nothing to the old master key's end, and how long a call waits meanwhile."""
    home = await ground.new_home()
    await _fill(home, sizes.rotated_keys)
    await home.settle()
    keys, took, waits = home.ledger.master_keys, list[float](), list[float]()
    for _ in range(min(sizes.runs, RUNS)):
        calling = asyncio.create_task(_call(home, waits))
        took.append(await seconds(partial(rotate, home.urls, keys, now, _silently)))
        calling.cancel()
        await asyncio.wait((calling,))
    versus = f"no other side: {sizes.rotated_keys:,} keys wrapped anew, while calls come in"
    besides = {"append_p99_meanwhile_ms": percentile(waits, 99) * MILLISECONDS}
    name = "rotation_of_a_million_keys"
    return {name: Measurement("s", versus, took, bar=BAR, besides=besides)}


async def _fill(home: Home, keys: int) -> None:
    """So many subjects' keys, each wrapped as a subject's is."""
    async with home.cell.scoped(home.workspace_id) as connection:
        key = await home.cell.workspace_key(connection, home.workspace_id)
    async with (
        await home.owner() as owner,
        copy_in(owner, "subject_keys", (Uuids, Uuids, Bytes)) as put,
    ):
        for first in range(0, keys, AT_ONCE):
            ids = [UUID(bytes=os.urandom(16)) for _ in range(first, min(first + AT_ONCE, keys))]
            await put([(i, home.workspace_id, key.wrap_subject(i.bytes * 2, i)) for i in ids])


async def _call(home: Home, waits: list[float]) -> None:
    """One call after the other comes in, until it is cancelled."""
    for number in count(len(waits)):
        request = traffic.request(home.workspace_id, traffic.one_callback(number))
        waits.append(await seconds(partial(home.ledger.handle, request)))
        await asyncio.sleep(PAUSE_SECONDS)


def _silently(_cell: str, _done: int, _of: int) -> None:
    """Tell nobody."""
