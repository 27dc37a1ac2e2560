"""Erasing a subject: among many calls against among few, and one who has many himself."""

from statistics import median
from typing import Final
from uuid import UUID, uuid4

from bench.calls import MANY, at_least, living_callers, living_lines
from bench.ground import Ground, Home
from bench.measure import MILLISECONDS, Bar, Measurement, in_turn, seconds
from bench.sizes import Sizes
from domain.messages import Context
from domain.subjects.events import ErasureReason

BAR: Final = Bar("<=", 1.25)


async def by_size(ground: Ground, sizes: Sizes) -> Measurement:
    """The median erasure of each run; every subject has a few calls."""
    large = await at_least(sizes.many_calls, await ground.home(MANY))
    small = await at_least(sizes.few_calls, await ground.new_home())
    erasures = sizes.erased * (sizes.runs + 1)
    in_large = iter(await living_callers(large, erasures))
    in_small = iter(await living_callers(small, erasures))

    async def ours() -> float:
        return median([await _erase(large, next(in_large)) for _ in range(sizes.erased)])

    async def other() -> float:
        return median([await _erase(small, next(in_small)) for _ in range(sizes.erased)])

    figures = await in_turn(ours, other, sizes.runs)
    versus = f"the same with {sizes.few_calls:,} calls in the cell, not {sizes.many_calls:,}"
    return Measurement("ms", versus, *figures, BAR)


async def of_one_with_many(ground: Ground, sizes: Sizes) -> Measurement:
    """A line of the office, which every call names, against callers with a few calls each.

    There are as many runs as there are lines; the boxes are deleted afterwards.
    """
    home = await at_least(sizes.paged_calls, await ground.home(MANY))
    lines = await living_lines(home, at_least=min(sizes.many_calls, sizes.paged_calls) // 2)
    callers = iter(await living_callers(home, len(lines) * sizes.erased + 1))
    await _erase(home, next(callers))
    ours, other, deleting = [], [], []
    for line in lines:
        # Right after the others: the first erasure after a pause is slower, whoever it is.
        other.append(median([await _erase(home, next(callers)) for _ in range(sizes.erased)]))
        ours.append(await _erase(home, line))
        deleting.append(await seconds(home.cell.erasures.finish))
    return Measurement(
        "ms",
        "a subject with a few calls",
        ours,
        other,
        besides={"until_the_last_box_is_deleted_s": median(deleting)},
    )


async def _erase(home: Home, subject_id: UUID) -> float:
    erase = home.cell.erasures.erase
    context = Context("cli", uuid4())
    took = await seconds(
        lambda: erase(home.workspace_id, subject_id, ErasureReason.requested, context)
    )
    return took * MILLISECONDS
