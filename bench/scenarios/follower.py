"""Building the call log from the history, against the library's runner building the same view."""

import asyncio
from typing import Final

from eventsourcing.projection import ProjectionRunner

from bench import traffic
from bench.ground import Ground, Home
from bench.library.application import Calls, environment
from bench.library.view import CallLogProjection, CallLogView
from bench.measure import Bar, Measurement, in_turn, rate
from bench.sizes import Sizes
from projections.call_log.view import CALL_LOG
from projections.follower import Follower

BAR: Final = Bar(">=", 10)
CONNECTIONS: Final = 4  # the library listens on one, reads on another, writes on a third
CALLS_AT_ONCE: Final = 100


async def run(ground: Ground, sizes: Sizes) -> Measurement:
    """Entries a second, from an empty view on."""
    home = await ground.new_home()
    library = environment(home.urls.admin, CONNECTIONS)
    await _fill(home, library, sizes.followed_calls)

    async def ours() -> float:
        await home.sql("TRUNCATE call_log")
        await home.sql("UPDATE positions SET position = 0")
        entries = (await home.sql("SELECT position FROM counter"))[0][0]
        async with await home.cell.follow() as connection:
            follower = Follower(home.cell.follow, CALL_LOG)
            return await rate(entries, lambda: follower.catch_up(connection))

    async def theirs() -> float:
        await home.sql("TRUNCATE public.library_call_log")
        await home.sql("DROP TABLE IF EXISTS public.calllogprojection_tracking")
        return await _follow_by_library(library, sizes.library_entries)

    figures = await in_turn(ours, theirs, sizes.runs)
    return Measurement("entries/s", "the library's ProjectionRunner", *figures, BAR)


async def _fill(home: Home, library: dict[str, str], amount: int) -> None:
    """The same calls in both histories."""
    calls = traffic.calls(home.workspace_id, amount)
    await traffic.play(home.ledger, calls)
    with Calls(library) as application:
        for start in range(0, amount, CALLS_AT_ONCE):
            await asyncio.to_thread(application.fill, calls[start : start + CALLS_AT_ONCE])
    await home.sql("CREATE TABLE public.library_call_log (LIKE call_log INCLUDING ALL)")
    await home.settle()


async def _follow_by_library(library: dict[str, str], target: int) -> float:
    """Its rate from its first event on: starting its threads is not counted."""
    with ProjectionRunner(
        application_class=Calls,
        projection_class=CallLogProjection,
        view_class=CallLogView,
        env=library,
    ) as runner:
        projection = runner.projection
        assert isinstance(projection, CallLogProjection)
        return await rate(target, lambda: asyncio.to_thread(projection.run_to, target))
