"""When the database goes away: every answer is true, nothing is stored twice, nobody is left."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest
from cells import Home, asynchronous, new_cell, open_home
from neighbour import number_of
from servers import copy_cluster
from twilio_forms import call_sid, incoming_form
from waiting import LONGEST_SECONDS, eventually
from wire import Cut, wire_to

from adapters.event_store import writer
from adapters.event_store.requests import Receipt
from adapters.postgres.cluster import Cluster
from adapters.postgres.embedded import EmbeddedPostgres, Urls
from domain.errors import Unavailable

_SENDERS = 8
_KILL = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@asynccontextmanager
async def _load(home: Home) -> AsyncIterator[list[Receipt]]:
    """Senders who each send the next call when the last was answered; all their receipts."""
    numbers, over = count(), asyncio.Event()
    receipts: list[Receipt] = []

    async def send() -> None:
        while not over.is_set():
            call = next(numbers)
            form = incoming_form(call_sid(call), caller=number_of(call % 100))
            receipts.extend(await home.hear(form))

    senders = [asyncio.create_task(send()) for _ in range(_SENDERS)]
    yield receipts
    over.set()
    await asyncio.wait_for(asyncio.gather(*senders), LONGEST_SECONDS)  # Nobody waits for ever.


async def _more(receipts: list[Receipt], calls: int) -> None:
    """Wait until so many more calls were answered."""
    enough = len(receipts) + calls
    await eventually(lambda: len(receipts) >= enough)


async def _stored_once(home: Home, receipts: list[Receipt]) -> None:
    """Every call that was answered is in the history, whole and once, and all its values open."""
    entries = await home.entries()
    assert [entry.position for entry in entries] == list(range(1, len(entries) + 1))
    assert len(entries) == 2 * len(receipts)
    assert {receipt.version for receipt in receipts} == {2}
    streams = {receipt.stream_id for receipt in receipts}
    assert {entry.stream_id for entry in entries} == streams
    for readings in await home.read(streams):
        assert readings.keys() == {(1, "caller"), (1, "callee"), (2, "unknown_fields")}
        assert {reading.state for reading in readings.values()} == {"value"}


@asynchronous
async def test_killed_backends_lose_nothing(database: Urls, tmp_path: Path) -> None:
    """Whatever connections die under load, each call that was sent is stored once."""
    async with new_cell(database, tmp_path) as home:
        async with _load(home) as receipts:
            for _ in range(6):
                await _more(receipts, 25)
                await home.address.sql(_KILL)
            await _more(receipts, 25)
        await _stored_once(home, receipts)


async def _stop_politely(home: Path) -> None:
    await asyncio.to_thread(Cluster(home / "postgres").stop)


async def _kill(home: Path) -> None:
    """As the kernel does when memory runs out."""
    pid = int((home / "postgres/postmaster.pid").read_text().splitlines()[0])
    os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("end", [_stop_politely, _kill])
def test_a_server_that_comes_back_loses_nothing(
    end: Callable[[Path], Awaitable[None]], made: Path, tmp_path: Path
) -> None:
    """Whatever was acknowledged before, during and after the outage is stored once."""
    where = copy_cluster(made, tmp_path / "home")
    server, again = EmbeddedPostgres(where), EmbeddedPostgres(where)

    async def story() -> None:
        async with server as urls, new_cell(urls, tmp_path) as home:
            async with _load(home) as receipts:
                await _more(receipts, 50)
                await end(where)
                await asyncio.sleep(0.2)
                await again.start()
                await _more(receipts, 50)
            await _stored_once(home, receipts)
            await again.stop()

    asyncio.run(story())


@asynchronous
async def test_done_but_unreported_is_done_once(postgres: Urls, tmp_path: Path) -> None:
    """The commit came through and its answer did not: the sender is answered, once is enough."""
    await _cut(postgres, tmp_path, Cut.after, told=0)


@asynchronous
async def test_not_done_is_done(postgres: Urls, tmp_path: Path) -> None:
    """The append never reached the server: it is made again, on another connection."""
    await _cut(postgres, tmp_path, Cut.before, told=2)


async def _cut(postgres: Urls, folder: Path, plan: Cut, *, told: int) -> None:
    async with new_cell(postgres, folder) as home, wire_to(postgres.app) as (wire, url):
        through = home.address._replace(urls=Urls(postgres.admin, url))
        async with open_home(through) as cut:
            wire.plan = plan
            (receipt,) = await cut.hear(incoming_form(call_sid(1)))
            assert wire.plan is None, "the wire was never cut"
            # What was done before its answer was lost says nothing new when it is tried again.
            assert (receipt.version, len(receipt.events)) == (2, told)
        await _stored_once(home, [receipt])


@asynchronous
async def test_a_server_that_stays_away_is_an_answer_too(
    database: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Patience ends: who waits is told that nothing is stored, and may send again later."""
    monkeypatch.setattr(writer, "PATIENCE_SECONDS", 0.3)
    async with new_cell(database, tmp_path) as home:
        await _allow_connections(database, allowed=False)
        await home.address._replace(urls=_elsewhere(database)).sql(_KILL_IN, _name(database))
        with pytest.raises(Unavailable):
            await asyncio.wait_for(home.hear(incoming_form(call_sid(1))), LONGEST_SECONDS)
        await _allow_connections(database, allowed=True)
        await home.hear(incoming_form(call_sid(1)))
        assert len(await home.entries()) == 2


_KILL_IN = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"


def _name(urls: Urls) -> str:
    return urls.admin.rpartition("/")[2].partition("?")[0]


def _elsewhere(urls: Urls) -> Urls:
    """The server's own database, from which another one can be shut."""
    return Urls(*(url.replace(f"/{_name(urls)}?", "/postgres?") for url in urls))


async def _allow_connections(urls: Urls, *, allowed: bool) -> None:
    async with await psycopg.AsyncConnection.connect(
        _elsewhere(urls).admin, autocommit=True
    ) as owner:
        await owner.execute(
            psycopg.sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}").format(
                psycopg.sql.Identifier(_name(urls)), psycopg.sql.Literal(allowed)
            )
        )
