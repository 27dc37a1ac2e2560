"""The recorder: what it says is durable is there, once, whatever the database does meanwhile."""

import asyncio
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from accesses import MARK, entry, stored
from cells import Home, asynchronous, new_cell, open_home
from waiting import LONGEST_SECONDS
from wire import Cut, wire_to

from adapters.accesses import recorder
from adapters.postgres.embedded import Urls
from domain.errors import Overloaded, Unavailable

_KILL = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


async def _record(home: Home, *numbers: int) -> None:
    waiting = [home.cell.accesses.record(entry(home.address, n), None) for n in numbers]
    await asyncio.wait_for(asyncio.gather(*waiting), LONGEST_SECONDS)


async def _numbers(home: Home) -> list[int]:
    return sorted(access_id.int for access_id, *_ in await stored(home.address))


@asynchronous
async def test_those_that_wait_are_committed_together(postgres: Urls, tmp_path: Path) -> None:
    """A hundred at once are a few transactions, and all are there when the last is answered."""
    async with new_cell(postgres, tmp_path) as home:
        await _record(home, *range(100))
        assert await _numbers(home) == list(range(100))
        transactions = "SELECT count(DISTINCT xmin::text) FROM access_entries"
        assert (await home.address.sql(transactions))[0][0] <= 3


@pytest.mark.parametrize("plan", Cut)
@asynchronous
async def test_a_broken_wire_loses_and_doubles_nothing(
    postgres: Urls, tmp_path: Path, plan: Cut
) -> None:
    """Whether the server never heard of it or did it unheard: in the end it is there once."""
    async with new_cell(postgres, tmp_path) as home:
        async with wire_to(postgres.app, MARK.encode()) as (wire, url):
            through = home.address._replace(urls=Urls(postgres.admin, url))
            async with open_home(through) as cut:
                await _record(cut, 0)
                wire.plan = plan
                await _record(cut, 1, 2, 3)
                assert wire.plan is None, "the wire was never cut"
        assert await _numbers(home) == [0, 1, 2, 3]


@asynchronous
async def test_killed_backends_lose_nothing(database: Urls, tmp_path: Path) -> None:
    """Whatever connections die, whoever waited is answered and their entries are there."""
    async with new_cell(database, tmp_path) as home:
        for round_ in range(3):
            recording = asyncio.create_task(_record(home, *range(round_ * 50, round_ * 50 + 50)))
            await home.address.sql(_KILL)
            await recording
        assert await _numbers(home) == list(range(150))


@asynchronous
async def test_a_database_that_does_not_take_it_is_said_so(
    postgres: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Patience ends: whoever waits hears it, and gets nothing. Afterwards it works again."""
    monkeypatch.setattr(recorder, "PATIENCE_SECONDS", 0.2)
    async with new_cell(postgres, tmp_path) as home:
        await home.address.sql("REVOKE INSERT ON access_entries FROM ringledger_writer")
        with pytest.raises(Unavailable):
            await _record(home, 1)
        await home.address.sql("GRANT INSERT ON access_entries TO ringledger_writer")
        await _record(home, 2)
        assert await _numbers(home) == [2]


@asynchronous
async def test_one_that_cannot_be_stored_fails_alone(postgres: Urls, tmp_path: Path) -> None:
    """A fault of one entry is nobody else's."""
    async with new_cell(postgres, tmp_path) as home:
        await home.address.sql(
            f"ALTER TABLE access_entries ADD CHECK (access_id <> '{UUID(int=2)}')"
        )
        await _record(home, 0)
        waiting = [home.cell.accesses.record(entry(home.address, n), None) for n in (1, 2, 3)]
        done = await asyncio.gather(*waiting, return_exceptions=True)
        assert [isinstance(one, psycopg.errors.CheckViolation) for one in done] == [
            False,
            True,
            False,
        ]
        assert await _numbers(home) == [0, 1, 3]


@asynchronous
async def test_too_many_are_refused(
    postgres: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory does not grow with a slow disk: who comes too many is told to come again."""
    monkeypatch.setattr(recorder, "MAX_WAITING", 5)
    async with new_cell(postgres, tmp_path) as home:
        waiting = [home.cell.accesses.record(entry(home.address, n), None) for n in range(5)]
        with pytest.raises(Overloaded):
            await home.cell.accesses.record(entry(home.address, 5), None)
        await asyncio.gather(*waiting)
        assert await _numbers(home) == list(range(5))


@asynchronous
async def test_who_waits_at_the_end_is_answered_first(postgres: Urls, tmp_path: Path) -> None:
    """Closing a cell stores what waits; then it takes no more."""
    async with new_cell(postgres, tmp_path) as home:
        async with open_home(home.address) as other:
            accesses = other.cell.accesses
            waiting = [accesses.record(entry(home.address, n), None) for n in range(20)]
        assert all(one.done() and one.exception() is None for one in waiting)
        assert await _numbers(home) == list(range(20))
        with pytest.raises(Unavailable):
            await accesses.record(entry(home.address, 20), None)
