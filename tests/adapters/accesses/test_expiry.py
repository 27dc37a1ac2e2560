"""The end of access entries: by the policy's period, and by a shorter one of the workspace."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from accesses import entry, stored
from asking import change
from cells import Home, asynchronous, new_cell, new_workspace

from adapters.accesses.expiry import AccessExpiry
from adapters.event_store.requests import Request
from adapters.postgres.embedded import Urls
from domain.messages import Context
from domain.workspaces.words import Kept, RetentionPeriod
from domain.workspaces.workspace import WORKSPACE

NOW = datetime(2026, 4, 30, 12, tzinfo=UTC)


def _at(days_ago: int, hour: int = 12) -> datetime:
    return NOW.replace(hour=hour) - timedelta(days=days_ago)


def _expiry(home: Home, now: datetime = NOW) -> AccessExpiry:
    return AccessExpiry(home.cell.writing, lambda: now, home.cell.whereabouts.patiently)


async def _record(home: Home, *days_ago: int) -> None:
    for days in days_ago:
        made = entry(home.address, uuid4().int, _at(days, hour=days % 24))
        await home.cell.accesses.record(made, None)


async def _ages(home: Home) -> list[int]:
    query = "SELECT accessed_at FROM access_entries WHERE workspace_id = %s ORDER BY 1"
    rows = await home.address.sql(query, home.address.workspace_id)
    return [(NOW.date() - at.astimezone(UTC).date()).days for (at,) in rows]


@asynchronous
async def test_none_is_older_than_thirty_days(postgres: Urls, tmp_path: Path) -> None:
    """Whole days go, and what is younger stays (002:54)."""
    async with new_cell(postgres, tmp_path) as home:
        await _record(home, 0, 1, 29, 30, 31)
        await _expiry(home).finish()
        assert await _ages(home) == [29, 1, 0]
        oldest = "SELECT min(accessed_at) FROM access_entries"
        assert (await home.address.sql(oldest))[0][0] > NOW - timedelta(days=30)


@asynchronous
async def test_a_day_is_emptied_at_once(postgres: Urls, tmp_path: Path) -> None:
    """Its partition is emptied, and no row deleted: the file goes with what was in it."""
    async with new_cell(postgres, tmp_path) as home:
        await _record(home, 30)
        await _expiry(home).finish()
        sizes = """
            SELECT sum(pg_relation_size(inhrelid)) FROM pg_inherits
            WHERE inhparent = 'access_entries'::regclass
        """
        assert await home.address.sql(sizes) == [(0,)]


@asynchronous
async def test_a_sweep_that_comes_late_ends_what_lies_beside_the_young(
    postgres: Urls, tmp_path: Path
) -> None:
    """Where nobody swept for a whole round, the days share a partition: only the old ones go."""
    async with new_cell(postgres, tmp_path) as home:
        await _record(home, 0, 32)
        await _expiry(home).finish()
        assert await _ages(home) == [0]


@asynchronous
async def test_a_workspace_may_keep_them_for_less(postgres: Urls, tmp_path: Path) -> None:
    """Its own end by its own period, its neighbour's by the policy's."""
    async with new_cell(postgres, tmp_path) as home:
        neighbour = await new_workspace(home)
        command = change(
            retention=(RetentionPeriod(category=Kept.access_entries, days=7),),
            occurred_at=_at(20),
        )
        place = home.address.workspace_id, home.address.workspace_id
        await home.cell.writer.handle(
            Request(*place, WORKSPACE, command, Context("test", uuid4()))
        )
        for one in (home, neighbour):
            await _record(one, 0, 6, 7, 29, 30)
        await _expiry(home).finish()
        assert await _ages(home) == [6, 0]
        assert await _ages(neighbour) == [29, 7, 6, 0]


@asynchronous
async def test_it_is_swept_once_a_day(postgres: Urls, tmp_path: Path) -> None:
    """The sweep comes by every half minute; it looks at the entries when a day has passed."""
    async with new_cell(postgres, tmp_path) as home:
        today = NOW
        expiry = AccessExpiry(home.cell.writing, lambda: today, home.cell.whereabouts.patiently)
        await expiry.finish()
        await _record(home, 30)
        await expiry.finish()
        assert len(await stored(home.address)) == 1
        today = NOW + timedelta(days=1)
        await expiry.finish()
        assert await stored(home.address) == []
