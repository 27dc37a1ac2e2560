"""One call's six callbacks as six commands, against the unmodified library doing the same."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from adapters.event_store.requests import Request
from bench import traffic
from bench.ground import Ground
from bench.library.application import CACHED, Calls, environment
from bench.measure import Bar, Found, Measurement, in_turn, rate
from bench.sizes import Sizes

BAR: Final = Bar(">=", 2)
COMMANDS_OF_A_CALL: Final = 6


async def one(ground: Ground, sizes: Sizes) -> Found:
    """One connection: a command is asked for when the one before it is durable."""
    return await _measure(ground, sizes, 1, "six_commands_one")


async def eight(ground: Ground, sizes: Sizes) -> Found:
    """Eight calls at once, each with one command under way."""
    return await _measure(ground, sizes, 8, "six_commands_eight")


async def _measure(ground: Ground, sizes: Sizes, waiting: int, name: str) -> Found:
    home, amount = await ground.new_home(), sizes.calls_of_one
    commands = amount * COMMANDS_OF_A_CALL
    settings = environment((await ground.new_database()).admin, waiting)
    library = Calls(settings)

    async def ours() -> float:
        calls = traffic.calls(home.workspace_id, amount)
        return await rate(commands, lambda: traffic.play(home.ledger, calls, waiting))

    async def theirs() -> float:
        calls = traffic.calls(home.workspace_id, amount)
        return await rate(commands, lambda: _by_threads(library, calls, waiting))

    mine, other = await in_turn(ours, theirs, runs=sizes.runs)
    library.close()
    library = Calls(settings | CACHED)
    cached = await theirs()
    library.close()
    versus = f"the library's application, {waiting} connection{'s' * (waiting > 1)}"
    besides = {"library_with_its_cache_of_clear_values_per_s": cached}
    return {name: Measurement("commands/s", versus, mine, other, BAR, besides)}


async def _by_threads(library: Calls, calls: list[list[Request]], waiting: int) -> None:
    def work(calls: Iterator[list[Request]]) -> None:
        for call in calls:
            for request in call:
                library.handle(request)

    with ThreadPoolExecutor(waiting) as pool:
        parts = (iter(calls[start::waiting]) for start in range(waiting))
        await asyncio.to_thread(lambda: list(pool.map(work, parts)))
