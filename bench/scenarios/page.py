"""The newest page of calls with every number opened, against the same SELECT with none opened."""

from statistics import median
from typing import Final

from adapters.event_store.values import open_values
from adapters.keys.workspace_key import WorkspaceKey
from bench.calls import MANY, at_least
from bench.ground import Ground, Home
from bench.measure import MILLISECONDS, Bar, Measurement, in_turn, seconds
from bench.sizes import Sizes
from domain.personal_data import ReadingState
from projections.call_log.read import CallRow, find_calls

BAR: Final = Bar("<=", 3)
CALLS: Final = 50
ROLES: Final = ("caller", "callee")


async def of_50(ground: Ground, sizes: Sizes) -> Measurement:
    """The median page of each run, each page in a snapshot of its own."""
    home = await at_least(sizes.paged_calls, await ground.home(MANY))

    async def ours() -> float:
        return MILLISECONDS * median(
            [await seconds(lambda: _opened(home)) for _ in range(sizes.pages)]
        )

    async def other() -> float:
        return MILLISECONDS * median(
            [await seconds(lambda: _sealed(home)) for _ in range(sizes.pages)]
        )

    async def never_seen() -> float:
        recent, taken = (await _key(home)).recent, []
        for _ in range(sizes.pages):
            recent.forget()
            taken.append(await seconds(lambda: _opened(home)))
        return MILLISECONDS * median(taken)

    figures = await in_turn(ours, other, sizes.runs)
    besides = {"page_of_calls_not_opened_before_ms": await never_seen()}
    return Measurement("ms", "the same page with nothing opened", *figures, BAR, besides)


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
        readings = await open_values(connection, key, wanted)
    assert len(wanted) == CALLS * len(ROLES)
    assert all(reading.state is ReadingState.value for reading in readings)
