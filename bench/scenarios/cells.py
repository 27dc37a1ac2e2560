"""The same load over one cell and over several, by two server processes."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from statistics import median
from typing import Final

from bench import load
from bench.ground import Ground
from bench.measure import Bar, Found, Measurement, Run, in_turn
from bench.server import serving
from bench.sizes import Sizes

BAR: Final = Bar(">=", 1)
WORKERS: Final = 2


async def curve(ground: Ground, sizes: Sizes) -> Found:
    """Callbacks a second over 1, 2, 4 and 8 cells, each with a workspace of its own."""
    async with AsyncExitStack() as servers:
        sides = [await _side(ground, sizes, cells, servers) for cells in sizes.cell_counts]
        found = await in_turn(*sides, runs=sizes.runs)
    return {"eight_cells": _judged(sizes.cell_counts, found)}


def _judged(counts: Sequence[int], found: list[list[float]]) -> Measurement:
    between = {
        f"with_{cells}_cells_per_s": median(rates)
        for cells, rates in zip(counts[1:-1], found[1:-1], strict=True)
    }
    versus = f"one cell, as many clients and processes, not {counts[-1]} cells"
    return Measurement("callbacks/s", versus, found[-1], found[0], BAR, between)


async def _side(ground: Ground, sizes: Sizes, cells: int, servers: AsyncExitStack) -> Run:
    home = await ground.new_home(cells)
    server = await servers.enter_async_context(serving(home, "serve", workers=WORKERS))

    async def run() -> float:
        answers = await load.send(server.url, load.requests(home, sizes.callbacks))
        return load.rate_of(answers)

    return run
