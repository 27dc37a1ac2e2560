"""A move that is killed anywhere: never two live copies, and it is gone on with or given up."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import psycopg
import pytest
from cells import Address, asynchronous, open_home
from movers import Movers, movers
from moving import CELL, goal
from serving import credentials, settings_for
from twilio_forms import call_sid, incoming_form
from waiting import waited_for

from adapters.cells import move as moving_a_cell
from adapters.cells.move import TAKE_TURN, abort, move
from adapters.cells.place import Place
from adapters.cells.side import side
from adapters.postgres.embedded import EmbeddedPostgres, Urls
from adapters.postgres.migrate import DIRECTORY
from adapters.postgres.pool import Role, acting_as
from adapters.wiring import Ledger, open_ledger
from domain.errors import Refused, Unavailable

STEPS: Final = (
    "make the cell's schema at the target",
    "begin to copy",
    "wait for the copy",
    "fence the cell",
    "compare the copies",
    "end the copying",
    "hide the source",
    "open the target",
    "lead to the target",
    "drop the source",
)
FLIPPED: Final = STEPS[-1:]
APPEND_NOTHING: Final = "SELECT append((SELECT epoch FROM counter), now()" + ", '{}'" * 24 + ")"
LEFT_BEHIND: Final = """
    SELECT slot_name::text FROM pg_replication_slots WHERE database = current_database()
    UNION ALL SELECT pubname::text FROM pg_publication
    UNION ALL SELECT subname::text FROM pg_subscription
        WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@pytest.fixture(scope="module")
def mover() -> Iterator[Movers]:
    """Whoever moves a cell until it is killed."""
    with movers() as found:
        yield found


def _may(urls: Urls, role: Role, query: str) -> bool:
    place = Place(CELL, CELL, urls.app)
    try:
        with psycopg.connect(acting_as(place.inside(), role), autocommit=True) as connection:
            connection.execute(query)
    except psycopg.Error:
        return False
    return True


def _live(*places: Urls) -> tuple[list[Urls], list[Urls]]:
    """Where the cell can be written, and where it can be read."""
    return (
        [urls for urls in places if _may(urls, "ringledger_writer", APPEND_NOTHING)],
        [urls for urls in places if _may(urls, "ringledger_api", "SELECT FROM vault")],
    )


def _left_behind(*places: Urls) -> list[str]:
    found = []
    for urls in places:
        with psycopg.connect(urls.admin) as connection:
            found += [name for (name,) in connection.execute(LEFT_BEHIND).fetchall()]
    return found


def _schemas(urls: Urls) -> list[str]:
    query = "SELECT nspname::text FROM pg_namespace WHERE nspname LIKE 'cell%'"
    with psycopg.connect(urls.admin) as connection:
        return [name for (name,) in connection.execute(query).fetchall()]


@asynccontextmanager
async def _with_calls(own: Urls, home: Path) -> AsyncIterator[tuple[Ledger, Address]]:
    """A deployment in use, with three calls."""
    settings = settings_for(own, home)
    async with open_ledger(settings) as ledger:
        made = await ledger.create_workspace("Test", credentials())
        address = Address(own, CELL, settings.master_key_file, made.workspace_id)
        await _call(ledger, address, 1, 2, 3)
        yield ledger, address


async def _call(ledger: Ledger, address: Address, *calls: int) -> None:
    forms = [incoming_form(call_sid(call)) for call in calls]
    await asyncio.gather(*(ledger.handle(address.request(form)) for form in forms))


async def _entries(address: Address, urls: Urls) -> int:
    async with open_home(address._replace(urls=urls)) as home:
        entries = await home.entries()
        assert [entry.position for entry in entries] == list(range(1, len(entries) + 1))
        readings = await home.read({entry.stream_id for entry in entries})
        assert {one.state for found in readings for one in found.values()} == {"value"}
        return len(entries)


@pytest.mark.parametrize("step", STEPS)
@asynchronous
async def test_a_killed_move_is_gone_on_with(
    database: Urls, elsewhere: Urls, tmp_path: Path, mover: Movers, step: str
) -> None:
    """The same command again ends it, and whoever waited for the cell meanwhile is answered."""
    async with _with_calls(database, tmp_path) as (ledger, address):
        await mover.kill_at(database, elsewhere, step)
        writable, readable = _live(database, elsewhere)
        assert len(writable) <= 1
        assert len(readable) <= 1
        waiting = asyncio.create_task(_call(ledger, address, 4))
        await move(database, CELL, goal(elsewhere))
        await waiting
        await _call(ledger, address, 5)
        assert _live(database, elsewhere) == ([elsewhere], [elsewhere])
    assert await _entries(address, elsewhere) == 10
    assert _left_behind(database, elsewhere) == []
    assert _schemas(database) == []


@pytest.mark.parametrize("step", STEPS)
@asynchronous
async def test_a_killed_move_is_given_up(
    database: Urls, elsewhere: Urls, tmp_path: Path, mover: Movers, step: str
) -> None:
    """The cell serves where it was and nothing of it stays elsewhere; unless it has moved."""
    async with _with_calls(database, tmp_path) as (ledger, address):
        await mover.kill_at(database, elsewhere, step)
        waiting = asyncio.create_task(_call(ledger, address, 4))
        if step in FLIPPED:
            with pytest.raises(Refused, match="has moved already"):
                await abort(database, CELL)
            await waiting
            return
        await abort(database, CELL)
        await waiting
        assert _live(database, elsewhere) == ([database], [database])
        assert _left_behind(database, elsewhere) == []
        assert _schemas(elsewhere) == []
        with pytest.raises(Refused, match="is not being moved"):
            await abort(database, CELL)
    assert await _entries(address, database) == 8


@asynchronous
async def test_a_target_that_went_away(
    database: Urls, home: Path, tmp_path: Path, mover: Movers
) -> None:
    """The cell serves again at once; the move is forgotten when the target is, or is cleaned."""
    async with _with_calls(database, tmp_path) as (ledger, address):
        async with EmbeddedPostgres(home) as away:
            await mover.kill_at(database, away, "hide the source")
        waiting = asyncio.create_task(_call(ledger, address, 4))
        with pytest.raises(Unavailable, match="target cannot be reached"):
            await abort(database, CELL)
        await waiting
        with pytest.raises(psycopg.OperationalError):
            await move(database, CELL, goal(away))
        await abort(database, CELL, without_target=True)
        assert _left_behind(database) == []
    assert await _entries(address, database) == 8


@asynchronous
async def test_a_target_that_is_not_there(database: Urls, elsewhere: Urls, tmp_path: Path) -> None:
    """An address that leads nowhere leaves nothing behind: the right one works afterwards."""
    nowhere = Urls(*(f"{url}_not" for url in elsewhere))
    async with _with_calls(database, tmp_path):
        with pytest.raises(psycopg.OperationalError):
            await move(database, CELL, goal(nowhere))
        await move(database, CELL, goal(elsewhere))
        await move(database, CELL, goal(elsewhere))  # twice is as good as once


@asynchronous
async def test_a_schema_of_somebody_else_is_left_alone(
    database: Urls, elsewhere: Urls, tmp_path: Path
) -> None:
    """A target that has a schema of that name is refused, also the cell's own database."""
    with psycopg.connect(elsewhere.admin, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA cell_1 CREATE TABLE precious ()")
        async with _with_calls(database, tmp_path):
            for target in (elsewhere, database):
                with pytest.raises(Refused, match="has a schema cell_1 already"):
                    await move(database, CELL, goal(target))
        assert connection.execute("SELECT FROM cell_1.precious").rowcount == 0


@asynchronous
async def test_one_move_at_a_time(
    database: Urls, elsewhere: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second mover is refused, and so is another goal while one move is under way."""
    monkeypatch.setattr(moving_a_cell, "ALONE_SECONDS", 0.1)
    async with _with_calls(database, tmp_path):

        async def meanwhile(step: str) -> None:
            if step == "wait for the copy":
                with pytest.raises(Refused, match="somebody else moves"):
                    await move(database, CELL, goal(elsewhere))
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            await move(database, CELL, goal(elsewhere), meanwhile)
        with pytest.raises(Refused, match="on its way elsewhere"):
            await move(database, CELL, goal(database))
        await abort(database, CELL)


@asynchronous
async def test_a_mover_who_is_about_to_leave_is_waited_for(
    database: Urls, elsewhere: Urls, tmp_path: Path
) -> None:
    """The server has not noticed yet that one was killed, or is still closing its connection."""
    async with _with_calls(database, tmp_path), side(database.admin, DIRECTORY) as dying:
        await dying.run(TAKE_TURN, CELL)
        moving = asyncio.create_task(move(database, CELL, goal(elsewhere)))
        await waited_for(dying.connection)
        await dying.connection.close()
        await moving
