"""A rebuild finds what is wrong with a view and puts it right, while everybody goes on."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from cells import Home, asynchronous, new_cell
from twilio_forms import Form, call_callbacks, call_sid
from views import (
    TALLY,
    add_tally,
    catch_up,
    followed,
    owner_url,
    rebuilt,
    rows_of,
    rows_owed,
    running,
)
from waiting import LONGEST_SECONDS, eventually

from adapters.postgres.embedded import Urls
from projections.call_log.view import CALL_LOG
from projections.follower import Follower
from projections.rebuild import Comparison, Progress, rebuild

CALLS = 12
KILL = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = 'postgres' AND {}
"""
WHOLE = """
    SELECT count(*), count(*) FILTER (WHERE row.version IS DISTINCT FROM owed.version)
    FROM call_log AS row FULL JOIN (
        SELECT stream_id, max(version) AS version FROM entries
        WHERE position <= (SELECT position FROM positions WHERE view = 'call_log')
        GROUP BY stream_id
    ) AS owed ON call_id = stream_id
"""
"""How many calls there are, and for how many the view is not the history that it says it is."""


def day(first: int = 0, calls: int = CALLS) -> list[Form]:
    """The callbacks of so many answered calls, each call's first ones first."""
    told = [
        call_callbacks(call_sid(2 * n), call_sid(2 * n + 1)) for n in range(first, first + calls)
    ]
    return [form for step in zip(*told, strict=True) for form in step]


@asynccontextmanager
async def followed_cell(urls: Urls, folder: Path) -> AsyncIterator[Home]:
    """A cell that heard of some calls, its call log up to date."""
    async with new_cell(urls, folder) as home:
        await home.hear(*day())
        await catch_up(home)
        yield home


async def tamper(home: Home) -> None:
    """Edit a row of the call log, and have another speak of a call that never was."""
    (edited,), (lost,) = await home.address.sql("SELECT call_id FROM call_log LIMIT 2")
    await home.address.sql("UPDATE call_log SET talk_seconds = 3600 WHERE call_id = %s", edited)
    invented = UUID(int=1)
    await home.address.sql("UPDATE call_log SET call_id = %s WHERE call_id = %s", invented, lost)


@asynchronous
async def test_an_honest_view_is_left_alone(database: Urls, tmp_path: Path) -> None:
    """Where nothing differs, nothing is written: checking a view costs its readers nothing."""
    async with followed_cell(database, tmp_path) as home:
        before = await home.address.sql("SELECT xmin, ctid, call_id FROM call_log ORDER BY 3")
        assert await rebuilt(home) == Comparison(CALLS, 0, 0, swapped=True)
        assert (
            await home.address.sql("SELECT xmin, ctid, call_id FROM call_log ORDER BY 3") == before
        )


@asynchronous
async def test_tampering_is_found_and_put_right(database: Urls, tmp_path: Path) -> None:
    """An edited row counts on both sides, a removed one as missing, an invented one as surplus."""
    async with followed_cell(database, tmp_path) as home:
        await tamper(home)
        spoilt = await rows_of(home, CALL_LOG)
        checked = await rebuilt(home, swap=False)
        assert checked == Comparison(CALLS, missing=2, surplus=2, swapped=False)
        assert not checked.is_equal
        assert await rows_of(home, CALL_LOG) == spoilt
        assert await rebuilt(home) == Comparison(CALLS, missing=2, surplus=2, swapped=True)
        assert await rows_of(home, CALL_LOG) == await rows_owed(home, CALL_LOG)
        assert (await rebuilt(home)).is_equal


@asynchronous
async def test_a_view_of_any_kind_is_rebuilt(database: Urls, tmp_path: Path) -> None:
    """From nothing too, and with every entry exactly once and in its place."""
    async with new_cell(database, tmp_path) as home:
        await add_tally(home)
        assert await rebuilt(home, TALLY) == Comparison(0, 0, 0, swapped=True)
        await home.hear(*day())
        await catch_up(home, TALLY)
        await home.address.sql("TRUNCATE tally")
        assert await rebuilt(home, TALLY) == Comparison(CALLS, CALLS, 0, swapped=True)
        assert await rows_of(home, TALLY) == await rows_owed(home, TALLY)


@asynchronous
async def test_it_tells_how_far_it_is(database: Urls, tmp_path: Path) -> None:
    """Progress grows up to the view's position, and says when it is there."""
    heard: list[tuple[int, int]] = []
    async with followed_cell(database, tmp_path) as home:
        await rebuild(owner_url(home), CALL_LOG, lambda *step: heard.append(step))
        total = len(await home.entries())
        assert heard[-1] == (total, total)
        assert heard == sorted(heard)


@asynchronous
async def test_a_follower_that_lags_is_met_where_it_is(database: Urls, tmp_path: Path) -> None:
    """The view is compared at its own position; what it has yet to hear is no difference."""
    async with followed_cell(database, tmp_path) as home:
        follower = Follower(home.cell.follow, CALL_LOG)
        async with await home.cell.follow() as connection:
            await follower.catch_up(connection)
            await home.hear(*day(first=CALLS))
            assert (await rebuilt(home)).is_equal
            await tamper(home)
            assert await rebuilt(home) == Comparison(CALLS, 2, 2, swapped=True)
            assert await follower.catch_up(connection) > 0
        assert await rows_of(home, CALL_LOG) == await rows_owed(home, CALL_LOG)


def follow_meanwhile(home: Home) -> Progress:
    """Bring the view up to date at each step of a rebuild, while it waits in its snapshot."""

    def follow(*_: int) -> None:
        other = threading.Thread(target=asyncio.run, args=(catch_up(home),))
        other.start()
        other.join()

    return follow


@asynchronous
async def test_what_comes_meanwhile_is_no_difference(database: Urls, tmp_path: Path) -> None:
    """The view is compared as it was when the rebuild began."""
    async with followed_cell(database, tmp_path) as home:
        await home.hear(*day(first=CALLS))
        found = await rebuild(owner_url(home), CALL_LOG, follow_meanwhile(home))
        assert found == Comparison(CALLS, 0, 0, swapped=True)
        assert (await rebuilt(home)).rows == 2 * CALLS


@asynchronous
async def test_what_comes_between_compare_and_swap_stays(database: Urls, tmp_path: Path) -> None:
    """A follower that goes on meanwhile loses nothing, not even of the rows that are exchanged."""
    async with new_cell(database, tmp_path) as home:
        *forms, last = day()
        await home.hear(*forms)
        await catch_up(home)
        await home.address.sql("UPDATE call_log SET talk_seconds = 3600")
        await home.hear(*day(first=CALLS))
        await home.hear(last)
        found = await rebuild(owner_url(home), CALL_LOG, follow_meanwhile(home))
        assert found == Comparison(CALLS, CALLS, CALLS, swapped=True)
        assert await rows_of(home, CALL_LOG) == await rows_owed(home, CALL_LOG)


@asynchronous
async def test_a_reader_keeps_the_view_of_its_snapshot(database: Urls, tmp_path: Path) -> None:
    """Whether or not it has looked yet, it sees the rows of before, and it blocks nobody."""
    async with followed_cell(database, tmp_path) as home:
        await tamper(home)
        before = await rows_of(home, CALL_LOG)
        scoped = home.cell.scoped
        async with (
            scoped(home.address.workspace_id) as begun,
            scoped(home.address.workspace_id) as reading,
        ):
            query = "SELECT * FROM call_log ORDER BY call_id"
            await reading.execute(query)
            async with asyncio.timeout(LONGEST_SECONDS):
                await rebuilt(home)
            for reader in (begun, reading):
                assert await (await reader.execute(query)).fetchall() == before
        assert await rows_of(home, CALL_LOG) != before


@asynchronous
async def test_everybody_goes_on_meanwhile(database: Urls, tmp_path: Path) -> None:
    """Beside a writer and a follower at work, dashboards see a whole view at every moment."""
    async with followed_cell(database, tmp_path) as home:
        done, seen = asyncio.Event(), 0

        async def write() -> None:
            for number in range(1, 25):
                await home.hear(*day(first=number * CALLS))

        async def read() -> None:
            nonlocal seen
            calls = CALLS
            while not done.is_set():
                async with home.cell.scoped(home.address.workspace_id) as reader:
                    ((count, wrong),) = await (await reader.execute(WHOLE)).fetchall()
                assert wrong == 0
                assert count >= calls
                calls, seen = count, seen + 1

        async def work() -> None:
            writing = asyncio.create_task(write())
            while not writing.done():
                await home.address.sql("UPDATE call_log SET talk_seconds = 3600, outcome = 'busy'")
                assert not (await rebuilt(home)).is_equal
            await writing
            await followed(home, CALL_LOG)
            await rebuilt(home)
            done.set()

        async with running(Follower(home.cell.follow, CALL_LOG)):
            await asyncio.gather(work(), read(), read())
        assert seen > 20
        assert await rows_of(home, CALL_LOG) == await rows_owed(home, CALL_LOG)


@asynchronous
async def test_two_at_once(database: Urls, tmp_path: Path) -> None:
    """Rebuilds that run beside each other come to the same view."""
    async with followed_cell(database, tmp_path) as home:
        await tamper(home)
        await asyncio.gather(rebuilt(home), rebuilt(home), rebuilt(home))
        assert await rows_of(home, CALL_LOG) == await rows_owed(home, CALL_LOG)


@pytest.mark.parametrize("at_work", ["COPY (%", "COPY %FROM STDIN%"])
@asynchronous
async def test_killed_while_it_builds(database: Urls, tmp_path: Path, at_work: str) -> None:
    """Whether it reads or writes, it leaves the live view alone, and nothing for the next one."""
    async with followed_cell(database, tmp_path) as home:
        await tamper(home)
        spoilt = await rows_of(home, CALL_LOG)
        killed = list[int]()

        def kill(*_: int) -> None:
            if not killed:
                with psycopg.connect(owner_url(home), autocommit=True) as owner:
                    killed.append(owner.execute(KILL.format(f"query LIKE '{at_work}'")).rowcount)

        with pytest.raises(psycopg.OperationalError):
            await rebuild(owner_url(home), CALL_LOG, kill)
        assert killed == [1]
        assert await rows_of(home, CALL_LOG) == spoilt
        assert not (await rebuilt(home)).is_equal
        assert await rows_of(home, CALL_LOG) == await rows_owed(home, CALL_LOG)


@asynchronous
async def test_killed_while_it_swaps(database: Urls, tmp_path: Path) -> None:
    """All of the rows are exchanged, or none is."""
    async with followed_cell(database, tmp_path) as home:
        await tamper(home)
        spoilt = await rows_of(home, CALL_LOG)
        async with await home.cell.follow() as follower, follower.transaction():
            # A follower in mid-batch: the swap waits for it.
            await follower.execute("SELECT FROM positions FOR UPDATE")
            swapping = asyncio.create_task(rebuilt(home))

            async def is_killed() -> bool:
                return bool(await home.address.sql(KILL.format("wait_event_type = 'Lock'")))

            await eventually(is_killed)
            with pytest.raises(psycopg.OperationalError):
                await swapping
        assert await rows_of(home, CALL_LOG) == spoilt
        assert not (await rebuilt(home)).is_equal
