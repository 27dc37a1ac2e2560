"""A follower applies every entry once and in its place, whatever breaks around it."""

import asyncio
import time
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from cells import Home, asynchronous, new_cell
from psycopg.conninfo import make_conninfo
from servers import copy_cluster
from structlog.testing import capture_logs
from twilio_forms import Form, call_sid, leg_callbacks
from views import (
    TALLY,
    add_tally,
    behind,
    followed,
    rebuilt,
    rows_of,
    rows_owed,
    running,
)
from waiting import eventually
from wire import COMMIT, Cut, wire_to

from adapters.cells.fence import fence, hide, open_up
from adapters.cells.side import side
from adapters.logging import keep_safe, reduce_error
from adapters.postgres.cluster import Cluster
from adapters.postgres.embedded import EmbeddedPostgres, Urls
from adapters.postgres.pool import Connection, connect
from domain.registry import UnknownEvent
from projections.follower import Follower
from projections.projection import Folds, by_stream

HOURS = 3600.0
STOPS = 4
PACE_SECONDS = 0.1 + 0.2 + 0.4
"""What lies between so many of them at least."""

"""Between two polls, where only NOTIFY is to wake the follower."""

NEVER_COMMITS = """
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
        $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
    CREATE CONSTRAINT TRIGGER refuse AFTER UPDATE ON positions DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION refuse();
"""
"""Every statement of a batch succeeds, and its commit fails."""

DIES_AT_COMMIT = NEVER_COMMITS.replace(
    "RAISE EXCEPTION 'refused'", "PERFORM pg_terminate_backend(pg_backend_pid())"
)
FROM_THE_FUTURE = """
    WITH next AS (UPDATE counter SET position = position + 1 RETURNING position)
    INSERT INTO entries SELECT next.position, recorded_at, workspace_id, gen_random_uuid(), 1,
        schema_version, %s, body FROM entries, next WHERE entries.position = 1
"""
UNDERSTOOD = "UPDATE entries SET name = 'call.leg_registered' WHERE position = %s"
"""As a newer program would."""

KILL_FOLLOWERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'ringledger_follower'
"""


def calls(first: int, last: int) -> list[Form]:
    """The callbacks of some calls."""
    return [form for n in range(first, last) for form in leg_callbacks(call_sid(n))]


async def assert_kept(home: Home) -> None:
    """The view has every entry of the history once and in its place."""
    assert await behind(home) == 0
    assert await rows_of(home, TALLY) == await rows_owed(home, TALLY)


async def position(home: Home) -> int:
    """How far the view is."""
    rows = await home.address.sql("SELECT position FROM positions WHERE view = 'tally'")
    return int(rows[0][0])


async def open_tally(home: Home) -> None:
    """Make the tally the cell's only view, and let some calls be heard."""
    await add_tally(home)
    await home.address.sql("DELETE FROM positions WHERE view <> 'tally'")
    await home.hear(*calls(0, 10))


@asynchronous
async def test_it_goes_on_where_it_stood(database: Urls, tmp_path: Path) -> None:
    """A new follower finds the place, and reads again what it needs of calls begun before it."""
    async with new_cell(database, tmp_path) as home:
        await open_tally(home)
        told = calls(10, 20)
        for part in (told[:11], told[11:29], told[29:]):
            await home.hear(*part)
            async with await home.cell.follow() as connection:
                follower = Follower(home.cell.follow, TALLY, batch=7)
                assert await follower.catch_up(connection) > 0
                assert await follower.catch_up(connection) == 0
            await assert_kept(home)


@asynchronous
async def test_followers_of_one_view_take_turns(database: Urls, tmp_path: Path) -> None:
    """Whoever was overtaken notices, and does not trust its memory."""
    async with new_cell(database, tmp_path) as home:
        await open_tally(home)
        followers = [Follower(home.cell.follow, TALLY, batch=5) for _ in range(2)]
        told = calls(10, 30)
        async with await home.cell.follow() as one, await home.cell.follow() as other:
            for start in range(0, len(told), 9):
                await home.hear(*told[start : start + 9])
                counts = await asyncio.gather(
                    followers[0].catch_up(one), followers[1].catch_up(other)
                )
                assert sum(counts) > 0
                await assert_kept(home)


@asynchronous
async def test_memory_is_bounded(
    database: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond its limit everything is forgotten, and what is needed is read again."""
    monkeypatch.setattr(Folds, "LIMIT", 3)
    async with new_cell(database, tmp_path) as home:
        await open_tally(home)
        entries = await home.entries()
        folds, later = Folds(TALLY), [entry for entry in entries if entry.version > 1]
        for limit, missing in ((3, set[UUID]()), (4, {entry.stream_id for entry in later})):
            streams = list({entry.stream_id: None for entry in entries})[:limit]
            folds.add(by_stream(entry for entry in entries if entry.stream_id in streams))
            known = by_stream(entry for entry in later if entry.stream_id in streams)
            folds.bound()
            assert set(folds.missing(known)) == missing & set(streams)
        async with await home.cell.follow() as connection:
            follower = Follower(home.cell.follow, TALLY, batch=4)
            for part in (calls(10, 20)[start::3] for start in range(3)):
                await home.hear(*part)
                await follower.catch_up(connection)
        await assert_kept(home)


@pytest.mark.parametrize(
    ("trouble", "error"),
    [(NEVER_COMMITS, psycopg.errors.RaiseException), (DIES_AT_COMMIT, psycopg.OperationalError)],
)
@asynchronous
async def test_rows_and_position_are_one(
    database: Urls, tmp_path: Path, trouble: str, error: type[Exception]
) -> None:
    """A batch that breaks after its rows were written leaves neither the rows nor the position."""
    async with new_cell(database, tmp_path) as home:
        await open_tally(home)
        follower = Follower(home.cell.follow, TALLY, batch=8)
        await home.address.sql(trouble)
        async with await home.cell.follow() as connection:
            with pytest.raises(error):
                await follower.catch_up(connection)
        assert await rows_of(home, TALLY) == []
        assert await position(home) == 0
        await home.address.sql("DROP FUNCTION refuse() CASCADE")
        async with await home.cell.follow() as connection:
            await follower.catch_up(connection)
        await assert_kept(home)


@pytest.mark.parametrize("cut", Cut)
@asynchronous
async def test_a_commit_that_nobody_confirms(database: Urls, tmp_path: Path, cut: Cut) -> None:
    """Done or not done when the wire broke: the batch is applied once."""
    async with new_cell(database, tmp_path) as home:
        await open_tally(home)
        async with wire_to(database.app, COMMIT) as (wire, through):
            url = make_conninfo(through, options=f"-c search_path={home.address.schema}")

            async def follow() -> Connection:
                return await connect(url, "ringledger_follower")

            follower = Follower(follow, TALLY, batch=8)
            async with await follow() as connection:
                wire.plan = cut
                with pytest.raises(psycopg.OperationalError):
                    await follower.catch_up(connection)

            async def is_known() -> bool:
                return await position(home) == (8 if cut is Cut.after else 0)

            await eventually(is_known)
            async with await follow() as connection:
                await follower.catch_up(connection)
        await assert_kept(home)


@asynchronous
async def test_notify_wakes_it(database: Urls, tmp_path: Path) -> None:
    """What was appended shows long before the next poll."""
    async with new_cell(database, tmp_path) as home:
        await open_tally(home)
        async with running(Follower(home.cell.follow, TALLY, poll_seconds=HOURS)):
            await followed(home)
            for number in range(10, 15):
                await home.hear(*calls(number, number + 1))
                await followed(home)
        await assert_kept(home)


@asynchronous
async def test_a_lost_notify_costs_one_poll(database: Urls, tmp_path: Path) -> None:
    """It polls as well: what it was not told of it finds."""
    async with new_cell(database, tmp_path) as home:
        await open_tally(home)
        made: list[Connection] = []

        async def follow() -> Connection:
            made.append(await home.cell.follow())
            return made[-1]

        async with running(Follower(follow, TALLY, poll_seconds=0.05)):
            await followed(home)
            await made[0].execute("UNLISTEN *")
            await home.hear(*calls(10, 20))
            await followed(home)
        assert len(made) == 1
        await assert_kept(home)


@asynchronous
async def test_an_idle_follower_writes_nothing(database: Urls, tmp_path: Path) -> None:
    """Polling takes no lock and no transaction id, so it wakes no disk."""
    async with new_cell(database, tmp_path) as home:
        await open_tally(home)
        async with running(Follower(home.cell.follow, TALLY, poll_seconds=0.01)):
            await followed(home)
            before = await home.address.sql("SELECT xmin, xmax, ctid FROM positions")
            await asyncio.sleep(0.2)
            assert await home.address.sql("SELECT xmin, xmax, ctid FROM positions") == before


@asynchronous
async def test_it_outlives_its_connection(database: Urls, tmp_path: Path) -> None:
    """Killed again and again under load, two followers of one view miss nothing."""
    async with new_cell(database, tmp_path) as home:
        await open_tally(home)
        followers = [
            Follower(home.cell.follow, TALLY, batch=size, poll_seconds=0.05) for size in (3, 50)
        ]
        async with running(*followers) as tasks:
            with capture_logs([reduce_error]) as lines:
                for number in range(10, 50, 4):
                    await home.hear(*calls(number, number + 4))
                    await home.address.sql(KILL_FOLLOWERS)
                await followed(home)
            assert not any(task.done() for task in tasks)
        await assert_kept(home)
    assert {line["event"] for line in lines} == {"follower.reconnects"}
    assert_loggable(lines)


@asynchronous
async def test_a_cell_that_moves_is_an_outage_like_others(database: Urls, tmp_path: Path) -> None:
    """Fenced, hidden and opened again: it reconnects, and nobody is alarmed."""
    async with new_cell(database, tmp_path) as home, side(database.admin, home.cell.name) as owner:
        await open_tally(home)
        with capture_logs([reduce_error]) as lines:
            async with running(Follower(home.cell.follow, TALLY, poll_seconds=0.01)):
                await followed(home)
                await fence(owner)
                await hide(owner)
                await eventually(lambda: len(lines) >= STOPS)
                await open_up(owner)
                await home.hear(*calls(10, 20))
                await followed(home)
        await assert_kept(home)
    assert {line["event"] for line in lines} == {"follower.reconnects"}
    assert_loggable(lines)


@asynchronous
async def test_it_outlives_its_process(database: Urls, tmp_path: Path) -> None:
    """Cancelled wherever it happens to be, it leaves whole batches for the next one."""
    async with new_cell(database, tmp_path) as home:
        await open_tally(home)
        for number in range(10, 50, 4):
            async with running(Follower(home.cell.follow, TALLY, batch=3)):
                await home.hear(*calls(number, number + 4))
                await asyncio.sleep(0.001 * number)
        async with running(Follower(home.cell.follow, TALLY)):
            await followed(home)
        await assert_kept(home)


@asynchronous
async def test_it_outlives_the_server(made: Path, tmp_path: Path) -> None:
    """The database is stopped and started; the same follower goes on by itself."""
    where = copy_cluster(made, tmp_path / "home")
    async with EmbeddedPostgres(where) as urls, new_cell(urls, tmp_path) as home:
        await open_tally(home)
        async with running(Follower(home.cell.follow, TALLY)):
            await followed(home)
            cluster = Cluster(where / "postgres")
            await asyncio.to_thread(cluster.stop)
            await asyncio.sleep(0.2)
            await asyncio.to_thread(cluster.start)
            await home.hear(*calls(10, 20))
            await followed(home)
        await assert_kept(home)


@asynchronous
async def test_an_entry_from_the_future_stops_the_view(database: Urls, tmp_path: Path) -> None:
    """All before it is applied, it is never skipped, and the log says where, at a quiet pace."""
    async with new_cell(database, tmp_path) as home:
        await open_tally(home)
        last = len(await home.entries())
        await home.address.sql(FROM_THE_FUTURE, "call.teleported")
        await home.hear(*calls(10, 20))
        async with await home.cell.follow() as connection:
            with pytest.raises(UnknownEvent):
                await Follower(home.cell.follow, TALLY).catch_up(connection)
        assert await position(home) == last
        with capture_logs([reduce_error]) as lines:
            async with running(Follower(home.cell.follow, TALLY)):
                began = time.monotonic()
                await eventually(lambda: len(lines) >= STOPS)
                assert time.monotonic() - began >= PACE_SECONDS
                assert await position(home) == last
                assert {(line["event"], line["position"]) for line in lines} == {
                    ("view.stopped", last)
                }
                await home.address.sql(UNDERSTOOD, last + 1)
                await followed(home)
        assert_loggable(lines)
        await assert_kept(home)


@asynchronous
async def test_what_a_view_does_not_read_does_not_stop_it(database: Urls, tmp_path: Path) -> None:
    """A newer program's entries about something else are passed by, and counted as passed."""
    async with new_cell(database, tmp_path) as home:
        await open_tally(home)
        await home.address.sql(FROM_THE_FUTURE, "consent.teleported")
        await home.hear(*calls(10, 20))
        async with await home.cell.follow() as connection:
            follower = Follower(home.cell.follow, TALLY)
            assert await follower.catch_up(connection) == await position(home)
        await assert_kept(home)
        assert (await rebuilt(home, TALLY)).is_equal


def assert_loggable(lines: list[MutableMapping[str, Any]]) -> None:
    """Whatever is said passes the allow-list whole."""
    for line in lines:
        # A test's cell has a name that no deployment gives.
        said = {"level": line.pop("log_level"), **line, "cell": "cell_1"}
        assert keep_safe(None, "", dict(said)) == said
        assert {"event", "view", "cell", "error"} <= said.keys()
