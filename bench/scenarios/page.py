"""The newest page of calls with every number opened, against the same SELECT with none opened."""

from collections.abc import Awaitable, Callable
from statistics import median
from typing import Final
from uuid import UUID

from adapters.event_store.values import open_values
from adapters.keys.workspace_key import WorkspaceKey
from bench.calls import filled
from bench.ground import Ground, Home
from bench.measure import MILLISECONDS, Bar, Found, Measurement, Run, in_turn, seconds
from bench.sizes import Sizes
from domain.accesses import AccessPurpose, Origin, Reader
from domain.personal_data import ReadingState
from projections.call_log.read import CallRow, find_calls

BAR: Final = Bar("<=", 3)
CALLS: Final = 50
ROLES: Final = ("caller", "callee")
READER: Final = Reader(
    f"api_key:{UUID(int=1)}",
    AccessPurpose.service,
    "listCalls",
    UUID(int=2),
    Origin("192.0.2.1", "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0"),
)
"""Each page is an access entry of its own, durable before the page is there."""


async def of_50(ground: Ground, sizes: Sizes) -> Found:
    """The median page of each run, each page in a snapshot of its own."""
    homes = [await filled(ground, calls) for calls in sizes.cells]
    largest = homes[-1]

    async def sealed() -> float:
        return await _median_of(sizes.pages, lambda: _sealed(largest))

    *mine, other = await in_turn(
        *[_opening(home, sizes.pages) for home in homes], sealed, runs=sizes.runs
    )
    besides = {
        f"among_{calls}_calls_ms": median(figures)
        for calls, figures in zip(sizes.cells, mine, strict=True)
    } | {"page_of_calls_not_opened_before_ms": await _never_opened(largest, sizes.pages)}
    versus = f"the same page of {sizes.cells[-1]:,} calls with nothing opened"
    return {"page_of_50": Measurement("ms", versus, mine[-1], other, BAR, besides)}


def _opening(home: Home, pages: int) -> Run:
    async def run() -> float:
        return await _median_of(pages, lambda: _opened(home))

    return run


async def _never_opened(home: Home, pages: int) -> float:
    recent, taken = (await _key(home)).recent, []
    for _ in range(pages):
        recent.forget()
        taken.append(await seconds(lambda: _opened(home)))
    return MILLISECONDS * median(taken)


async def _median_of(times: int, work: Callable[[], Awaitable[object]]) -> float:
    return MILLISECONDS * median([await seconds(work) for _ in range(times)])


async def _key(home: Home) -> WorkspaceKey:
    async with home.cell.scoped(home.workspace_id) as connection:
        return await home.cell.workspace_key(connection, home.workspace_id)


async def _sealed(home: Home) -> list[CallRow]:
    async with home.cell.scoped(home.workspace_id) as connection:
        return await find_calls(connection, home.workspace_id, {}, limit=CALLS)


async def _opened(home: Home) -> None:
    async with home.cell.scoped(home.workspace_id) as connection:
        key = await home.cell.workspace_key(connection, home.workspace_id)
        rows = await find_calls(connection, home.workspace_id, {}, limit=CALLS)
        wanted = [ref for row in rows for role in ROLES if (ref := row.reference(role))]
        readings = await open_values(connection, key, wanted, home.cell.access(READER))
    assert len(wanted) == CALLS * len(ROLES)
    assert all(reading.state is ReadingState.value for reading in readings)
