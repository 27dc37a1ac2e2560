"""One call's six callbacks as six commands, against the unmodified library doing the same."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from adapters.event_store.requests import Request
from bench import traffic
from bench.ground import Ground
from bench.library.application import CACHED, Calls, environment
from bench.measure import Bar, Measurement, in_turn, rate
from bench.sizes import Sizes

BAR: Final = Bar(">=", 2)
COMMANDS_OF_A_CALL: Final = 6


async def one(ground: Ground, sizes: Sizes) -> Measurement:
    """One connection: a command is asked for when the one before it is durable."""
    return await _measure(ground, sizes, waiting=1)


async def eight(ground: Ground, sizes: Sizes) -> Measurement:
    """Eight calls at once, each with one command under way."""
    return await _measure(ground, sizes, waiting=8)


async def _measure(ground: Ground, sizes: Sizes, waiting: int) -> Measurement:
    home = await ground.new_home()
    commands = sizes.commanded_calls * COMMANDS_OF_A_CALL
    settings = environment((await ground.new_database()).admin, waiting)
    library = Calls(settings)

    async def ours() -> float:
        calls = traffic.calls(home.workspace_id, sizes.commanded_calls)
        return await rate(commands, lambda: traffic.play(home.ledger, calls, waiting))

    async def theirs() -> float:
        calls = traffic.calls(home.workspace_id, sizes.commanded_calls)
        return await rate(commands, lambda: _by_threads(library, calls, waiting))

    figures = await in_turn(ours, theirs, sizes.runs)
    library.close()
    library = Calls(settings | CACHED)
    cached = await theirs()
    library.close()
    return Measurement(
        "commands/s",
        f"the library's application, {waiting} connection{'s' * (waiting > 1)}",
        *figures,
        BAR,
        {"library_with_its_cache_of_clear_values_per_s": cached},
    )


async def _by_threads(library: Calls, calls: list[list[Request]], waiting: int) -> None:
    def work(calls: Iterator[list[Request]]) -> None:
        for call in calls:
            for request in call:
                library.handle(request)

    with ThreadPoolExecutor(waiting) as pool:
        parts = (iter(calls[start::waiting]) for start in range(waiting))
        await asyncio.to_thread(lambda: list(pool.map(work, parts)))
