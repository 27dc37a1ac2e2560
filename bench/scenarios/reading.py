"""Reading the history into the call log: following, rebuilding, against a bare SELECT."""

import asyncio
from statistics import median
from typing import Final

from eventsourcing.projection import ProjectionRunner

from bench import traffic
from bench.ground import Ground, Home
from bench.library.application import Calls, environment
from bench.library.view import CallLogProjection, CallLogView
from bench.measure import Bar, Found, Measurement, in_turn, rate
from bench.sizes import Sizes
from projections.call_log.view import CALL_LOG
from projections.follower import Follower
from projections.rebuild import rebuild

BAR: Final = Bar(">=", 0.12)
LIBRARY_BAR: Final = Bar(">=", 30)
REBUILD_BAR: Final = Bar(">=", 0.33)
CONNECTIONS: Final = 4  # the library listens on one, reads on another, writes on a third
ENTRIES_OF_A_CALL: Final = 9
CALLS_AT_ONCE: Final = 100
"""The library sends them all before it reads an answer: of too many, both sides wait for ever."""

PAGE: Final = 500
SELECT: Final = "a keyset SELECT of the same rows, in binary, nothing decoded"
_COLUMNS: Final = """
    position, recorded_at, workspace_id, stream_id, version, schema_version, name, body
"""
_AFTER: Final = (
    f"SELECT {_COLUMNS} FROM entries WHERE position > %s ORDER BY position LIMIT {PAGE}"  # noqa: S608 - constants
)


async def following(ground: Ground, sizes: Sizes) -> Found:
    """Entries a second from an empty view on; the library builds the same view."""
    home = await _filled(ground, sizes)
    library = await _library(home, sizes)

    async def ours() -> float:
        await home.sql("TRUNCATE call_log")
        await home.sql("UPDATE positions SET position = 0")
        async with await home.cell.follow() as connection:
            follower = Follower(home.cell.follow, CALL_LOG)
            return await rate(await _entries(home), lambda: follower.catch_up(connection))

    async def theirs() -> float:
        await home.sql("TRUNCATE public.library_call_log")
        await home.sql("DROP TABLE IF EXISTS public.calllogprojection_tracking")
        return await _follow_by_library(library, sizes.library_entries)

    mine, raw, runner = await in_turn(ours, lambda: _select(home), theirs, runs=sizes.runs)
    versus = "the library's ProjectionRunner"
    return {
        "follower": Measurement("entries/s", SELECT, mine, raw, BAR),
        "follower_library": Measurement("entries/s", versus, mine, runner, LIBRARY_BAR),
    }


async def rebuilding(ground: Ground, sizes: Sizes) -> Found:
    """Entries a second, beside a live view that is right; besides, where each row is exchanged."""
    home = await _filled(ground, sizes)
    await home.sql("UPDATE positions SET position = (SELECT position FROM counter)")
    await rebuild(home.owner_url, CALL_LOG)

    async def ours() -> float:
        return await rate(await _entries(home), lambda: rebuild(home.owner_url, CALL_LOG))

    async def from_nothing() -> float:
        await home.sql("TRUNCATE call_log")
        return await ours()

    mine, raw, anew = await in_turn(ours, lambda: _select(home), from_nothing, runs=sizes.runs)
    besides = {"into_an_empty_view_per_s": median(anew)}
    return {"rebuild": Measurement("entries/s", SELECT, mine, raw, REBUILD_BAR, besides)}


async def _select(home: Home) -> float:
    """Rows a second, page after page, through the same role and kind of connection."""
    entries, position = await _entries(home), 0
    async with await home.cell.follow() as connection:
        cursor = connection.cursor(binary=True)

        async def read() -> None:
            nonlocal position
            while rows := await (
                await cursor.execute(_AFTER, (position,), prepare=True)
            ).fetchall():
                position = rows[-1][0]

        return await rate(entries, read)


async def _entries(home: Home) -> int:
    entries: int = (await home.sql("SELECT position FROM counter"))[0][0]
    return entries


async def _filled(ground: Ground, sizes: Sizes) -> Home:
    """A history of calls of nine entries each, one after the other interleaved."""
    home = await ground.home("followed")
    if not await _entries(home):
        await traffic.play(home.ledger, traffic.calls(home.workspace_id, sizes.followed_calls))
        await home.settle()
    return home


async def _library(home: Home, sizes: Sizes) -> dict[str, str]:
    """The library's history, as long as it is followed, and the table of its view."""
    library = environment(home.urls.admin, CONNECTIONS)
    calls = traffic.calls(home.workspace_id, -(-sizes.library_entries // ENTRIES_OF_A_CALL))
    with Calls(library) as application:
        for start in range(0, len(calls), CALLS_AT_ONCE):
            await asyncio.to_thread(application.fill, calls[start : start + CALLS_AT_ONCE])
    await home.sql("CREATE TABLE public.library_call_log (LIKE call_log INCLUDING ALL)")
    await home.settle()
    return library


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
