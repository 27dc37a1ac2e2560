"""Signed callbacks over HTTP until they are durable; all that takes part shares the machine."""

import sys
from statistics import median
from typing import Final

from bench import load
from bench.floor import timed_inserts
from bench.ground import Ground, Home
from bench.measure import Bar, Found, Measurement, in_turn
from bench.server import serving, started
from bench.sizes import Sizes

BAR: Final = Bar(">=", 0.4)
P99_BAR: Final = Bar("<=", 10, "ms")
LIBRARY_BAR: Final = Bar(">=", 14)
TWO_BAR: Final = Bar(">=", 0.9)
QUICK_FLOOR_MS: Final = 2.0
"""Where PostgreSQL's own inserts take longer, ours may as well."""

_REPORTS: Final = "FROM entries WHERE name <> 'call.leg_registered'"


async def against_floor(ground: Ground, sizes: Sizes) -> Found:
    """One process: callbacks a second, and how long the slowest of a hundred waits."""
    home = await ground.new_home()
    ours_p99, floor_p99 = list[float](), list[float]()
    async with serving(home, "serve") as server:

        async def ours() -> float:
            answers = await load.send(server.url, load.requests(home, sizes.callbacks))
            ours_p99.append(load.percentile_ms(answers, 99))
            return load.rate_of(answers)

        async def floor() -> float:
            size = await _bytes_of_a_callback(home)
            found = await timed_inserts(home, size, load.CONNECTIONS, sizes.seconds)
            floor_p99.append(found.p99_ms)
            return found.per_second

        mine, other = await in_turn(ours, floor, runs=sizes.runs)
    versus = f"pgbench, plain inserts of as many bytes, {load.CONNECTIONS} clients"
    p99, quickest = ours_p99[-sizes.runs :], floor_p99[-sizes.runs :]
    applies = median(quickest) <= QUICK_FLOOR_MS
    return {
        "callback_http": Measurement("callbacks/s", versus, mine, other, BAR),
        "callback_http_p99": Measurement("ms", versus, p99, quickest, P99_BAR, applies=applies),
    }


async def against_library(ground: Ground, sizes: Sizes) -> Found:
    """The library's application behind a FastAPI route, in a server process of its own."""
    home, url = await ground.new_home(), (await ground.new_database()).admin
    program = (sys.executable, "-m", "bench.library.server", url)
    async with serving(home, "serve") as server, started(program, {}) as library:

        async def ours() -> float:
            return load.rate_of(await load.send(server.url, load.requests(home, sizes.callbacks)))

        async def theirs() -> float:
            return load.rate_of(
                await load.send(library.url, load.requests(home, sizes.library_callbacks))
            )

        mine, other = await in_turn(ours, theirs, runs=sizes.runs)
    versus = "a FastAPI route, RequestValidator, the library's application in a thread"
    return {
        "callback_http_library": Measurement("callbacks/s", versus, mine, other, LIBRARY_BAR),
    }


async def two_processes(ground: Ground, sizes: Sizes) -> Found:
    """The same port and the same cell, whichever of the processes a callback comes to."""
    both, alone = await ground.new_home(), await ground.new_home()
    async with serving(both, "serve", workers=2) as two, serving(alone, "serve") as one:

        async def ours() -> float:
            return load.rate_of(await load.send(two.url, load.requests(both, sizes.callbacks)))

        async def other() -> float:
            return load.rate_of(await load.send(one.url, load.requests(alone, sizes.callbacks)))

        mine, alones = await in_turn(ours, other, runs=sizes.runs)
    for home in (both, alone):
        await _each_is_kept_once(home, (sizes.runs + 1) * sizes.callbacks)
    return {"two_processes": Measurement("callbacks/s", "one process", mine, alones, TWO_BAR)}


async def _bytes_of_a_callback(home: Home) -> int:
    """What one has cost so far, in entries and in sealed boxes."""
    rows = await home.sql(
        f"""
        SELECT ((SELECT sum(length(body)) FROM entries) + (SELECT sum(length(box)) FROM vault))
               / (SELECT count(*) {_REPORTS})
        """  # noqa: S608 - a constant of ours
    )
    return int(rows[0][0])


async def _each_is_kept_once(home: Home, acknowledged: int) -> None:
    """A leg is reported once as dialled, as ringing, as answered and as over."""
    report = "name, convert_from(body, 'UTF8')::jsonb #>> '{event,leg_id}'"
    rows = await home.sql(f"SELECT count(*), count(DISTINCT ({report})) {_REPORTS}")
    assert rows == [(acknowledged, acknowledged)], f"acknowledged {acknowledged}, kept {rows[0]}"
