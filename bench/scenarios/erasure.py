"""Erasing a subject: among many calls against among few, and one who has many himself."""

from statistics import median
from typing import Final
from uuid import UUID, uuid4

from bench.calls import filled, living_callers, living_lines
from bench.ground import Ground, Home
from bench.measure import MILLISECONDS, Bar, Found, Measurement, Run, in_turn, seconds
from bench.sizes import Sizes
from domain.messages import Context
from domain.subjects.events import ErasureReason

SIZE_BAR: Final = Bar("<=", 1.25)
INSERT_BAR: Final = Bar("<=", 4)
BYTES: Final = 600
_INSERT: Final = "INSERT INTO floor (body) VALUES (%s)"


async def by_size(ground: Ground, sizes: Sizes) -> Found:
    """The median erasure of each run; every subject has a few calls."""
    homes = [await filled(ground, calls) for calls in sizes.cells]
    found = await in_turn(*[await _side(home, sizes) for home in homes], runs=sizes.runs)
    besides = {
        f"among_{calls}_calls_ms": median(figures)
        for calls, figures in zip(sizes.cells, found, strict=True)
    }
    versus = f"the same with {sizes.cells[0]:,} calls in the cell, not {sizes.cells[-1]:,}"
    return {"erasure_by_size": Measurement("ms", versus, found[-1], found[0], SIZE_BAR, besides)}


async def over_insert(ground: Ground, sizes: Sizes) -> Found:
    """Against one row of plain bytes, through the same pool."""
    home = await filled(ground, sizes.cells[1])
    await home.sql("CREATE TABLE IF NOT EXISTS floor (id bigserial PRIMARY KEY, body bytea)")
    await home.sql("GRANT INSERT ON floor TO ringledger_writer")
    await home.sql("GRANT USAGE ON SEQUENCE floor_id_seq TO ringledger_writer")

    async def insert() -> float:
        times = [await seconds(lambda: _insert(home)) for _ in range(sizes.erased)]
        return median(times) * MILLISECONDS

    ours, inserts = await in_turn(await _side(home, sizes), insert, runs=sizes.runs)
    versus = "one row inserted durably through the same pool"
    return {"erasure_over_insert": Measurement("ms", versus, ours, inserts, INSERT_BAR)}


async def of_one_with_many(ground: Ground, sizes: Sizes) -> Found:
    """A line of the office, which every call names, against callers with a few calls each.

    There are as many runs as there are lines; the boxes are deleted afterwards.
    """
    home = await filled(ground, sizes.cells[-1])
    lines = (await living_lines(home, at_least=sizes.cells[-1] // 20))[: sizes.line_runs]
    callers = iter(await living_callers(home, len(lines) * sizes.erased + 1))
    await _erase(home, next(callers))
    ours, other, deleting = [], [], []
    for line in lines:
        # Right after the others: the first erasure after a pause is slower, whoever it is.
        other.append(median([await _erase(home, next(callers)) for _ in range(sizes.erased)]))
        ours.append(await _erase(home, line))
        deleting.append(await seconds(home.cell.erasures.finish))
    besides = {"until_the_last_box_is_deleted_s": median(deleting)}
    versus = "a subject with a few calls"
    return {"erasure_of_one_with_many": Measurement("ms", versus, ours, other, besides=besides)}


async def _side(home: Home, sizes: Sizes) -> Run:
    """Runs of erasures, each of somebody else."""
    callers = iter(await living_callers(home, sizes.erased * (sizes.runs + 1)))

    async def run() -> float:
        return median([await _erase(home, next(callers)) for _ in range(sizes.erased)])

    return run


async def _erase(home: Home, subject_id: UUID) -> float:
    erase = home.cell.erasures.erase
    context = Context("cli", uuid4())
    took = await seconds(
        lambda: erase(home.workspace_id, subject_id, ErasureReason.requested, context)
    )
    return took * MILLISECONDS


async def _insert(home: Home) -> None:
    async with home.cell.writing.connection() as connection:
        await connection.execute(_INSERT, (b"r" * BYTES,), prepare=True)
