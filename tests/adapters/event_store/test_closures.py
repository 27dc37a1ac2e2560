"""The end of a workspace in its cell: the key in one transaction with the entry that says so."""

import asyncio
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from asking import SAID
from cells import Home, asynchronous, new_cell, new_workspace, open_home
from clocks import SetClock
from holding import hold, placing, release
from twilio_forms import call_callbacks, call_sid, incoming_form

from adapters.event_store import closures
from adapters.event_store.closures import is_closed
from adapters.event_store.requests import Request
from adapters.keys.workspace_key import WorkspaceKey
from adapters.postgres.embedded import Urls
from adapters.postgres.pool import Connection
from domain.errors import NotFound
from domain.holds.words import Scope
from domain.messages import Context
from domain.workspaces.commands import CloseWorkspace, ReopenWorkspace, WorkspaceCommand
from domain.workspaces.events import WorkspaceKeysDestroyed
from domain.workspaces.words import ClosureReason
from domain.workspaces.workspace import WORKSPACE


async def ask(home: Home, command: WorkspaceCommand) -> None:
    """Ask something of the workspace."""
    own = home.address.workspace_id
    request = Request(own, own, WORKSPACE, command, Context("cli", uuid4()))
    await home.cell.writer.handle(request)


async def close(home: Home, clock: SetClock) -> None:
    """Close the workspace, and let its day come."""
    await ask(home, CloseWorkspace(occurred_at=clock(), reason=ClosureReason.terminated))
    clock.let_pass(days=60)


async def has_key(home: Home) -> bool:
    """Whether the workspace has a key in the database."""
    query = "SELECT count(*) FROM workspace_keys WHERE workspace_id = %s"
    found = await home.address.sql(query, home.address.workspace_id)
    return found == [(1,)]


async def names(home: Home) -> list[str]:
    """What happened to the workspace."""
    return [entry.event.name for entry in await home.stream(home.address.workspace_id)]


@asynchronous
async def test_the_key_goes_with_its_entry(postgres: Urls, tmp_path: Path) -> None:
    """Nothing of the workspace opens any more; a neighbour's values do."""
    clock = SetClock()
    async with new_cell(postgres, tmp_path, clock) as home:
        other = await new_workspace(home)
        await home.hear(*call_callbacks(call_sid(1), call_sid(2)))
        (theirs,) = await other.hear(incoming_form(call_sid(1)))
        await close(home, clock)
        assert await home.cell.closures.finish() == 1
        assert not await has_key(home)
        (*_, entry) = await home.stream(home.address.workspace_id)
        assert isinstance(entry.event, WorkspaceKeysDestroyed)
        assert entry.context.actor == "policy:closure"
        with pytest.raises(NotFound):
            await home.read([entry.stream_id])
        (readings,) = await other.read([theirs.stream_id])
        assert {reading.state for reading in readings.values()} == {"value"}
        assert await home.cell.closures.finish() == 0


@asynchronous
async def test_a_process_that_knew_the_key_seals_nothing_under_it(
    postgres: Urls, tmp_path: Path
) -> None:
    """What another process unwrapped before is of no use to it: it finds the workspace gone.

    Its other workspaces go on.
    """
    clock = SetClock()
    async with new_cell(postgres, tmp_path, clock) as home, open_home(home.address, clock) as late:
        other = await new_workspace(late)
        await late.hear(incoming_form(call_sid(1)))
        await other.hear(incoming_form(call_sid(1)))
        await close(home, clock)
        assert await home.cell.closures.finish() == 1
        before = len(await home.entries())
        # The other workspace's call is the first to meet the new epoch; ours comes after it.
        await other.hear(incoming_form(call_sid(2)))
        for number in (2, 3):
            with pytest.raises(NotFound):
                await late.hear(incoming_form(call_sid(number)))
        new = (await home.entries())[before:]
        assert {entry.workspace_id for entry in new} == {other.address.workspace_id}
        assert late.cell.keyring.known(home.address.workspace_id) is None


@asynchronous
async def test_a_key_that_was_being_read_during_a_check_is_not_kept(
    postgres: Urls, tmp_path: Path
) -> None:
    """It may have been destroyed right after it was read, and the check did not know of it."""
    async with new_cell(postgres, tmp_path) as home, open_home(home.address) as late:
        own, keyring = home.address.workspace_id, late.cell.keyring
        inside = f"-c search_path={home.address.schema}"
        owner = await psycopg.AsyncConnection.connect(postgres.admin, options=inside)
        async with owner, late.cell.writing.connection() as connection:
            await owner.execute("LOCK TABLE workspace_keys")
            reading = asyncio.create_task(keyring.get(connection, own))
            await asyncio.sleep(0)
            assert keyring.begin_check() == frozenset()
            await owner.rollback()
            assert isinstance(await reading, WorkspaceKey)
            assert keyring.known(own) is None
            await keyring.get(connection, own)
            assert keyring.begin_check() == {own}


@asynchronous
async def test_an_end_that_cannot_be_written_down_ends_nothing(
    postgres: Urls, tmp_path: Path
) -> None:
    """Killed anywhere, the key is there or the entry is; the next sweep finishes it."""
    clock = SetClock()
    async with new_cell(postgres, tmp_path, clock) as home:
        await close(home, clock)
        refuse = "CHECK (name <> 'workspace.keys_destroyed')"
        await home.address.sql(f"ALTER TABLE entries ADD CONSTRAINT full_disk {refuse}")
        with pytest.raises(psycopg.errors.CheckViolation):
            await home.cell.closures.finish()
        assert await has_key(home)
        assert await names(home) == ["workspace.closed"]
        await home.address.sql("ALTER TABLE entries DROP CONSTRAINT full_disk")
        async with open_home(home.address, clock) as next_one:
            assert await next_one.cell.closures.finish() == 1
        assert not await has_key(home)
        assert await names(home) == ["workspace.closed", "workspace.keys_destroyed"]


@asynchronous
async def test_several_who_sweep_end_it_once(postgres: Urls, tmp_path: Path) -> None:
    """Whoever comes second finds it done."""
    clock = SetClock()
    async with new_cell(postgres, tmp_path, clock) as home, open_home(home.address, clock) as two:
        await close(home, clock)
        sweeps = (one.cell.closures.finish() for one in (home, two, home, two))
        assert sum(await asyncio.gather(*sweeps)) == 1
        assert await names(home) == ["workspace.closed", "workspace.keys_destroyed"]


@asynchronous
async def test_a_hold_keeps_the_key_until_it_is_released(postgres: Urls, tmp_path: Path) -> None:
    """Of whatever in the workspace it is; the sweep after the release keeps the promise."""
    clock = SetClock()
    async with new_cell(postgres, tmp_path, clock) as home:
        (receipt,) = await home.hear(incoming_form(call_sid(1)))
        await close(home, clock)
        hold_id = await hold(home, placing(calls=[receipt.stream_id], at=clock()))
        assert await home.cell.closures.finish() == 0
        assert await has_key(home)
        assert await names(home) == ["workspace.closed"]
        await release(home, hold_id, at=clock())
        assert await home.cell.closures.finish() == 1
        assert not await has_key(home)


@asynchronous
async def test_a_hold_placed_a_moment_before_the_end_wins(
    postgres: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database looks again under the writers' lock, whatever was true before."""
    clock = SetClock()

    async def nothing_yet(_connection: Connection, _workspace_id: UUID) -> bool:
        await hold(home, placing(scope=Scope.workspace, at=clock()))
        return False

    async with new_cell(postgres, tmp_path, clock) as home:
        await close(home, clock)
        monkeypatch.setattr(closures, "is_held", nothing_yet)
        assert await home.cell.closures.finish() == 0
        assert await has_key(home)
        assert await names(home) == ["workspace.closed"]


@asynchronous
async def test_only_what_is_closed_and_due_is_ended(postgres: Urls, tmp_path: Path) -> None:
    """Not an open workspace, not one before its day, not one that was reopened."""
    clock = SetClock()
    async with new_cell(postgres, tmp_path, clock) as home:
        early, reopened = await new_workspace(home), await new_workspace(home)
        await ask(reopened, CloseWorkspace(occurred_at=clock(), reason=ClosureReason.dormant))
        back = {**SAID, "occurred_at": clock() + timedelta(days=1)}
        await ask(reopened, ReopenWorkspace(**back))
        clock.let_pass(days=59)
        await ask(early, CloseWorkspace(occurred_at=clock(), reason=ClosureReason.terminated))
        clock.let_pass(days=59)
        assert await home.cell.closures.finish() == 0
        for one, expected in ((home, False), (early, True), (reopened, False)):
            assert await has_key(one)
            async with one.cell.scoped(one.address.workspace_id) as connection:
                assert await is_closed(connection, one.address.workspace_id) is expected
