"""Cells are made, found by processes that run already, and given their workspaces."""

import asyncio
from pathlib import Path

import psycopg
import pytest
from cells import Address, asynchronous
from moving import followed
from serving import credentials, settings_for
from twilio_forms import call_sid, incoming_form

from adapters.cells import provisioner
from adapters.postgres.embedded import Urls
from adapters.wiring import Ledger, NewWorkspace, open_ledger
from adapters.workspaces import directory
from adapters.workspaces.api_keys import authenticate
from adapters.workspaces.credentials import read_credentials
from api.following import following
from domain.errors import NotFound, Refused


async def _workspace(ledger: Ledger) -> NewWorkspace:
    return await ledger.create_workspace("Test", credentials())


async def _call(ledger: Ledger, made: NewWorkspace, number: int) -> None:
    address = Address(Urls("", ""), "", ledger.settings.master_key_file, made.workspace_id)
    await ledger.handle(address.request(incoming_form(call_sid(number))))


@asynchronous
async def test_a_new_cell_is_taken_up_by_who_runs(
    database: Urls, elsewhere: Urls, tmp_path: Path
) -> None:
    """The next workspace goes there, its calls are taken, and its views are followed."""
    settings = settings_for(database, tmp_path)
    async with open_ledger(settings) as one, open_ledger(settings) as two, following(two):
        await _workspace(one)
        assert await provisioner.create(database, "cell_x", elsewhere.app, elsewhere.admin)
        assert not await provisioner.create(database, "cell_x", elsewhere.app, elsewhere.admin)
        made = await _workspace(one)
        assert (await one.cell_of(made.workspace_id)).name == "cell_x"
        await _call(two, made, 1)
        cell = await two.cell_of(made.workspace_id)
        await followed(cell)
    with psycopg.connect(elsewhere.admin) as owner:
        assert owner.execute("SELECT count(*) FROM cell_x.call_log").fetchall() == [(1,)]


@asynchronous
async def test_a_cell_is_not_made_twice_in_two_places(
    database: Urls, elsewhere: Urls, tmp_path: Path
) -> None:
    """Its name is one cell's; and a name that cannot be one makes nothing."""
    async with open_ledger(settings_for(database, tmp_path)):
        with pytest.raises(Refused, match="cell_1 is elsewhere"):
            await provisioner.create(database, "cell_1", elsewhere.app, elsewhere.admin)
        with pytest.raises(ValueError, match="a cell's name"):
            await provisioner.create(database, "Cell", None, None)


@asynchronous
async def test_an_empty_workspace_is_placed(
    database: Urls, elsewhere: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its keys and credentials; processes that knew it find it at the new place."""
    monkeypatch.setattr(directory, "FRESH_SECONDS", 0.05)
    settings = settings_for(database, tmp_path)
    async with open_ledger(settings) as ledger:
        await provisioner.create(database, "cell_x", elsewhere.app, elsewhere.admin)
        made = [await _workspace(ledger), await _workspace(ledger)]

        async def forgetting() -> None:
            await asyncio.sleep(2 * directory.FRESH_SECONDS)

        here = {(await ledger.cell_of(one.workspace_id)).name: one for one in made}["cell_1"]
        for _ in range(2):
            await provisioner.place(database, here.workspace_id, "cell_x", forgetting)
        cell = await ledger.cell_of(here.workspace_id)
        assert cell.name == "cell_x"
        async with cell.scoped(here.workspace_id) as connection:
            assert await authenticate(connection, here.api_key)
            key = await cell.workspace_key(connection, here.workspace_id)
            assert (await read_credentials(connection, key)).auth_tokens
        await _call(ledger, here, 1)
        with psycopg.connect(database.admin) as owner:
            for table in ("workspace_keys", "api_keys", "credentials", "entries"):
                assert owner.execute(f"SELECT FROM cell_1.{table}").rowcount == 0


@asynchronous
async def test_a_workspace_with_a_history_stays(database: Urls, tmp_path: Path) -> None:
    """Its cell can move, it cannot; also when its first call comes while it is being placed."""
    settings = settings_for(database, tmp_path)
    async with open_ledger(settings) as ledger:
        made, other = await _workspace(ledger), await _workspace(ledger)
        await _call(ledger, other, 1)  # so that the writer has no reason to read keys again
        await provisioner.create(database, "cell_x", None, None)
        cell = await ledger.cell_of(made.workspace_id)
        async with cell.scoped(made.workspace_id) as connection:
            await cell.workspace_key(connection, made.workspace_id)

        async def a_call_comes_in() -> None:
            await _call(ledger, made, 1)  # by a process that has the key in its memory

        with pytest.raises(Refused, match="calls came in meanwhile"):
            await provisioner.place(database, made.workspace_id, "cell_x", a_call_comes_in)
        with pytest.raises(Refused, match="move its cell instead"):
            await provisioner.place(database, made.workspace_id, "cell_x")
        assert await ledger.directory.cell_of(made.workspace_id) == "cell_1"
        async with cell.scoped(made.workspace_id) as connection:
            assert await authenticate(connection, made.api_key)
        with pytest.raises(NotFound, match="cell"):
            await provisioner.place(database, made.workspace_id, "cell_y")
