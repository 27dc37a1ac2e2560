"""A fenced cell: while it moves, and for good where it has moved from, nothing is written."""

import asyncio
from pathlib import Path
from typing import Final

import psycopg
import pytest
from cells import Home, asynchronous, new_cell
from twilio_forms import call_sid, incoming_form
from waiting import waited_for

from adapters.cells.fence import fence, hide, open_up
from adapters.cells.side import side
from adapters.postgres.embedded import Urls
from adapters.workspaces.api_keys import create_api_key
from domain.errors import Unavailable

FENCED: Final = "RL004"
CALLER: Final = "+32470000001"
_APPEND_NOTHING: Final = "SELECT append(0, now()" + ", '{}'" * 24 + ")"


async def _refused(home: Home, statement: str, *parameters: object) -> None:
    before = await home.address.sql("SELECT position, recorded_at, epoch, fenced FROM counter")
    with pytest.raises(psycopg.DatabaseError) as caught:
        await home.address.sql(statement, *parameters)
    assert caught.value.sqlstate == FENCED
    after = await home.address.sql("SELECT position, recorded_at, epoch, fenced FROM counter")
    assert after == before


@asynchronous
async def test_a_fenced_cell_neither_appends_nor_erases(postgres: Urls, tmp_path: Path) -> None:
    """The three functions that write refuse with an error of its own, and change nothing."""
    async with new_cell(postgres, tmp_path) as home:
        await home.hear(incoming_form(call_sid(1), caller=CALLER))
        await home.hear(incoming_form(call_sid(2), caller="+32470000002"))
        workspace, subject = home.address.workspace_id, await home.subject_of(CALLER)
        erased = await home.erase_number("+32470000002")
        vault = await home.address.sql("SELECT count(*) FROM vault")

        await home.address.sql("UPDATE counter SET fenced = true")

        await _refused(home, _APPEND_NOTHING)
        await _refused(home, "SELECT destroy_subject(%s, %s)", workspace, subject)
        await _refused(home, "SELECT delete_values(%s, 10)", erased)
        assert await home.subject_of(CALLER) == subject
        assert await home.address.sql("SELECT count(*) FROM vault") == vault


@asynchronous
async def test_who_waited_while_the_fence_went_up_is_refused(
    postgres: Urls, tmp_path: Path
) -> None:
    """And is answered when it comes down: its append was begun before, and came to nothing."""
    async with (
        new_cell(postgres, tmp_path) as home,
        side(postgres.admin, home.cell.name) as owner,
        side(postgres.admin, home.cell.name) as holder,
    ):
        await home.hear(incoming_form(call_sid(1), caller=CALLER))
        async with holder.connection.transaction():
            await holder.run("SELECT FROM counter FOR UPDATE")
            fencing = asyncio.create_task(fence(owner))
            await waited_for(holder.connection)
            hearing = asyncio.create_task(home.hear(incoming_form(call_sid(2), caller=CALLER)))
            await waited_for(holder.connection, 2)
        await fencing
        await asyncio.sleep(0.3)
        assert await owner.run("SELECT position, fenced FROM counter") == [(2, True)]
        assert not hearing.done()
        await open_up(owner)
        await hearing
        assert len(await home.entries()) == 4


@asynchronous
async def test_what_is_written_without_the_counter_is_fenced_too(
    postgres: Urls, tmp_path: Path
) -> None:
    """Who writes a key or a view is let end before the fence stands, and nobody after it."""
    async with (
        new_cell(postgres, tmp_path) as home,
        side(postgres.admin, home.cell.name) as owner,
        home.cell.writing.connection() as writer,
        await home.cell.follow() as follower,
    ):
        async with writer.transaction():
            await create_api_key(writer, home.address.workspace_id)
            fencing = asyncio.create_task(fence(owner))
            await waited_for(writer)
            assert not fencing.done()
        await fencing
        with pytest.raises(psycopg.errors.UndefinedTable):
            await create_api_key(writer, home.address.workspace_id)
        with pytest.raises(psycopg.errors.UndefinedTable):
            await follower.execute("UPDATE positions SET position = position")
        assert await home.address.sql("SELECT count(*) FROM api_keys") == [(1,)]


@asynchronous
async def test_a_reader_under_way_is_not_shown_half(postgres: Urls, tmp_path: Path) -> None:
    """It is told to ask again; one that comes then waits until the cell may be read."""
    async with (
        new_cell(postgres, tmp_path) as home,
        side(postgres.admin, home.cell.name) as owner,
    ):

        async def read_while_it_goes() -> None:
            async with home.cell.scoped(home.address.workspace_id) as reader:
                await hide(owner)
                await reader.execute("SELECT FROM vault")

        with pytest.raises(Unavailable):
            await read_while_it_goes()
        asking = asyncio.create_task(home.subject_of(CALLER))
        await asyncio.sleep(0.3)
        assert not asking.done()
        await open_up(owner)
        assert await asking is None
