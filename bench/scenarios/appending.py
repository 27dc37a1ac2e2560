"""Entries a second with so many clients waiting: sealed by commands, ready-made, and the peers.

All four in turn, all of the same bytes: our ledger, our append path alone, PostgreSQL's own plain
inserts, and the library's recorder.
"""

import asyncio
from collections.abc import Awaitable, Callable
from statistics import median
from time import perf_counter
from typing import Final

from bench import traffic
from bench.floor import plain_inserts
from bench.ground import Ground, Home
from bench.library.recorder import Recorder
from bench.measure import Bar, Found, Measurement, in_turn, seconds
from bench.ready import Appender, entry
from bench.sizes import Sizes

CLIENTS: Final = (1, 2, 4, 8, 16, 32, 64, 128)
PATH_BARS: Final = {1: Bar(">=", 0.5), 8: Bar(">=", 1.1), 32: Bar(">=", 1.6)}
FLOOR_BARS: Final = {32: Bar(">=", 1)}
LIBRARY_BARS: Final = {8: Bar(">=", 6)}
_SIZE: Final = """
    SELECT ((SELECT sum(length(body)) FROM entries) + (SELECT sum(length(box)) FROM vault))
           / (SELECT count(*) FROM entries)
"""


def names(clients: int) -> tuple[str, str]:
    """What is measured with so many clients."""
    return f"sealed_append_{clients}", f"append_path_{clients}"


async def with_clients(ground: Ground, sizes: Sizes, clients: int) -> Found:
    """Four sides; sealed entries are held against the library where that is the bar."""
    home, ready = await ground.new_home(), await ground.new_home()
    await traffic.play(home.ledger, traffic.calls(home.workspace_id, sizes.warm_calls))
    size = int((await home.sql(_SIZE))[0][0])
    recorder = Recorder((await ground.new_database()).admin, clients)
    async with Appender.open(ready) as appender:

        async def path() -> float:
            return await _per_second(
                lambda: appender.append(entry(ready.workspace_id, size)), clients, sizes.seconds
            )

        async def floor() -> float:
            return await plain_inserts(ready, size, clients, sizes.seconds)

        async def library() -> float:
            return await asyncio.to_thread(recorder.per_second, size, sizes.seconds)

        async def sealed() -> float:
            return await _sealed(home, clients, sizes.commanded_calls(clients))

        found = await in_turn(sealed, path, floor, library, runs=sizes.runs)
    recorder.close()
    return dict(zip(names(clients), _judged(clients, size, found), strict=True))


def _judged(clients: int, size: int, found: list[list[float]]) -> tuple[Measurement, Measurement]:
    sealed, path, floor, library = found
    inserts = f"pgbench, plain inserts of {size} bytes, {clients} clients"
    if clients in LIBRARY_BARS:
        peer = f"the library's recorder, {clients} threads"
        ours = Measurement("entries/s", peer, sealed, library, LIBRARY_BARS[clients])
    else:
        ours = Measurement("entries/s", inserts, sealed, floor, FLOOR_BARS.get(clients))
    besides = {"library_recorder_per_s": median(library)}
    return ours, Measurement("entries/s", inserts, path, floor, PATH_BARS.get(clients), besides)


async def _sealed(home: Home, clients: int, amount: int) -> float:
    """Of calls of six commands each; a client has one command under way."""
    calls = traffic.calls(home.workspace_id, amount)
    before = await _position(home)
    took = await seconds(lambda: traffic.play(home.ledger, calls, clients))
    return (await _position(home) - before) / took


async def _per_second(
    once: Callable[[], Awaitable[None]], clients: int, for_seconds: float
) -> float:
    """How often so many clients do it, each again and again."""
    start = perf_counter()

    async def work() -> int:
        done = 0
        while perf_counter() < start + for_seconds:
            await once()
            done += 1
        return done

    done = sum(await asyncio.gather(*(work() for _ in range(clients))))
    return done / (perf_counter() - start)


async def _position(home: Home) -> int:
    position: int = (await home.sql("SELECT position FROM counter"))[0][0]
    return position
