"""A rotation that breaks off anywhere: the same call ends it, and nothing is lost."""

import asyncio
from itertools import count
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from cells import Home, asynchronous, new_workspace
from moving import CELL, goal
from rotating import assert_epoch, furnished, rotated, states
from servers import new_database
from serving import credentials
from waiting import eventually

from adapters.cells import move as moving_a_cell
from adapters.cells.move import move
from adapters.cells.side import Side
from adapters.keys.master_key import MasterKeyFile
from adapters.postgres.embedded import Urls
from adapters.rotation import rotate as rotating_keys
from adapters.rotation.in_cell import CellRotation
from adapters.rotation.rotate import TAKE_TURN
from domain.errors import IntegrityAlarm, KeyStoreUnavailable, Refused

ALICE: Final = "+32475000001"
BOB: Final = "+32475000002"


class Killed(Exception):  # noqa: N818 - it says what is the case
    """Here it broke off."""


class Death:
    """Breaks off at the n-th statement or question to the store: before it, or right after it."""

    def __init__(self, at: int, *, is_after: bool) -> None:
        self._left = at
        self._is_after = is_after

    def dying(self, work: Any) -> Any:  # noqa: ANN401 - any coroutine function
        """The same work, until its turn comes."""

        async def run(*arguments: Any, **names: Any) -> Any:  # noqa: ANN401 - as above
            self._left -= 1
            if self._left == 0 and not self._is_after:
                raise Killed
            done = await work(*arguments, **names)
            if self._left == 0:
                raise Killed
            return done

        return run

    def put_in(self, patch: pytest.MonkeyPatch) -> None:
        """In the way of everything that a rotation asks of anybody."""
        patch.setattr(Side, "run", self.dying(Side.run))
        for name in ("create", "destroy", "wrap", "unwrap"):
            patch.setattr(MasterKeyFile, name, self.dying(getattr(MasterKeyFile, name)))


@asynchronous
async def test_it_goes_on_wherever_it_broke_off(
    database: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each statement and before it: all opens, then the same call ends it for good."""
    async with furnished(database, tmp_path, ALICE, BOB) as (ledger, home):
        file = home.address.master_key_file
        for step in count(1):
            with monkeypatch.context() as patch:
                Death(step, is_after=bool(step % 2)).put_in(patch)
                try:
                    await rotated(database, ledger.master_keys)
                except Killed:
                    pass
                else:
                    break
            assert await states(home) == {"value"}
            await rotated(database, ledger.master_keys)
            assert len(file.read_text().splitlines()) == 1
            assert await states(home) == {"value"}
        assert step > 30
        ((last,),) = await home.address.sql("SELECT max(epoch) FROM workspace_keys")
        await assert_epoch(home.address, last)
        names = "SELECT count(*) FILTER (WHERE name = %s) FROM entries"
        for name in ("workspace.key_rotated", "workspace.old_master_key_destroyed"):
            assert await home.address.sql(names, name) == [(last - 1,)], name


@asynchronous
async def test_only_one_rotates_and_nobody_moves_a_cell(
    database: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that is swapped where a cell was would be lost with the old master key."""
    for module in (moving_a_cell, rotating_keys):
        monkeypatch.setattr(module, "ALONE_SECONDS", 0.2)
    async with furnished(database, tmp_path, ALICE) as (ledger, home):
        admin = await psycopg.AsyncConnection.connect(database.admin, autocommit=True)
        async with admin:
            await admin.execute(TAKE_TURN)
            with pytest.raises(Refused, match="somebody else rotates"):
                await rotated(database, ledger.master_keys)
            with pytest.raises(Refused, match="the master key rotates"):
                await move(database, CELL, goal(database))
        query = "INSERT INTO directory.moves (cell, url, migration_url) VALUES (%s, 'x', 'x')"
        await home.address.sql(query, CELL)
        with pytest.raises(Refused, match="is being moved"):
            await rotated(database, ledger.master_keys)
        await home.address.sql("DELETE FROM directory.moves")
        await rotated(database, ledger.master_keys)


@asynchronous
async def test_a_move_waits_for_a_rotation_that_broke_off(
    database: Urls, postgres: Urls, tmp_path: Path
) -> None:
    """Its target would not have what the rotation has still to do."""
    async with furnished(database, tmp_path, ALICE) as (ledger, _):
        await rotated(database, ledger.master_keys, keeps_old=True)
        refused = pytest.raises(Refused, match="ringledger keys rotate")
        with new_database(postgres) as elsewhere, refused:
            await move(database, CELL, goal(elsewhere))


@asynchronous
async def test_the_old_master_key_is_kept_until_it_is_asked_for(
    database: Urls, tmp_path: Path
) -> None:
    """Between the two calls there is time for a backup; the second makes no third key."""
    async with furnished(database, tmp_path, ALICE) as (ledger, home):
        first = await rotated(database, ledger.master_keys, keeps_old=True)
        assert first.destroyed == {}
        assert len(await ledger.master_keys.ids()) == 2
        second = await rotated(database, ledger.master_keys)
        assert second.master_key_id == first.master_key_id
        assert list(await ledger.master_keys.ids()) == [first.master_key_id]
        assert await states(home) == {"value"}


@asynchronous
async def test_what_does_not_unwrap_stops_it(database: Urls, tmp_path: Path) -> None:
    """Nothing is destroyed before somebody has looked; then it goes on."""
    async with furnished(database, tmp_path, ALICE, BOB) as (ledger, home):
        flip = "UPDATE subject_keys SET wrapped = set_byte(wrapped, 40, get_byte(wrapped, 40) # 1)"
        one = " WHERE subject_id = (SELECT min(subject_id::text)::uuid FROM subject_keys)"
        await home.address.sql(flip + one)
        for _ in range(2):
            with pytest.raises(IntegrityAlarm, match="subject key of "):
                await rotated(database, ledger.master_keys)
            assert len(await ledger.master_keys.ids()) == 2
        await home.address.sql(flip + one)
        await rotated(database, ledger.master_keys)
        assert await states(home) == {"value"}


@asynchronous
async def test_a_workspace_that_has_ended_is_left_alone(database: Urls, tmp_path: Path) -> None:
    """Its keys are under one that nobody has any more."""
    async with furnished(database, tmp_path, ALICE) as (ledger, home):
        query = "SELECT subject_id, wrapped FROM subject_keys ORDER BY 1"
        before = await home.address.sql(query)
        await home.address.sql("DELETE FROM workspace_keys")
        await new_workspace(home)
        done = await rotated(database, ledger.master_keys)
        assert done.keys == 0
        assert await home.address.sql(query) == before


@asynchronous
async def test_a_workspace_made_meanwhile_is_under_the_new_key(
    database: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that asked for the newest master key a moment too early asks once more."""
    async with furnished(database, tmp_path, ALICE) as (ledger, home):
        keys, asked = ledger.master_keys, list[str]()
        (old,) = await keys.ids()
        newest = MasterKeyFile.newest

        async def out_of_date(self: MasterKeyFile) -> str:
            asked.append(await newest(self))
            return old if len(asked) == 1 else asked[-1]

        await rotated(database, keys, keeps_old=True)
        with monkeypatch.context() as patch:
            patch.setattr(MasterKeyFile, "newest", out_of_date)
            made = await ledger.create_workspace("Late", credentials())
        assert len(asked) == 2
        await rotated(database, keys)
        other = Home(home.address._replace(workspace_id=made.workspace_id), home.cell)
        assert await states(home) == {"value"}
        async with other.cell.writing.connection() as connection:
            other.cell.keyring.forget(made.workspace_id)
            await other.cell.keyring.get(connection, made.workspace_id)


@asynchronous
async def test_a_lost_master_key_file_stops_it(database: Urls, tmp_path: Path) -> None:
    """It makes no new one over keys that nobody can unwrap."""
    async with furnished(database, tmp_path, ALICE) as (ledger, home):
        file = home.address.master_key_file
        kept = file.read_bytes()
        file.unlink()
        with pytest.raises(KeyStoreUnavailable):
            await rotated(database, ledger.master_keys)
        file.write_bytes(kept)
        await rotated(database, ledger.master_keys)
        assert await states(home) == {"value"}


@asynchronous
async def test_nothing_is_destroyed_that_a_cell_still_needs(
    database: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is looked at once more, whatever was said before: what follows is for ever."""
    async with furnished(database, tmp_path, ALICE) as (ledger, home):

        async def nothing(*_: object) -> int:
            return 0

        with monkeypatch.context() as patch:
            patch.setattr(CellRotation, "run", nothing)
            with pytest.raises(IntegrityAlarm, match="still needs an old master key"):
                await rotated(database, ledger.master_keys)
        assert len(await ledger.master_keys.ids()) == 2
        await rotated(database, ledger.master_keys)
        assert await states(home) == {"value"}


@asynchronous
async def test_a_reader_of_an_older_snapshot_reads_to_its_end(
    database: Urls, tmp_path: Path
) -> None:
    """The old master key goes when he is done, though the workspace's key is new to him."""
    async with furnished(database, tmp_path, ALICE) as (ledger, home):
        own = home.address.workspace_id
        async with home.cell.scoped(own) as connection:
            rotating = asyncio.create_task(rotated(database, ledger.master_keys))
            await eventually(lambda: _is_in_epoch(home, 2))
            assert not rotating.done()
            home.cell.keyring.forget(own)
            key = await home.cell.workspace_key(connection, own)
            ((box, credential_id),) = await (
                await connection.execute("SELECT box, credential_id FROM credentials LIMIT 1")
            ).fetchall()
            assert key.epoch == 1
            assert key.unwrap_secret(box, credential_id)
        await rotating
        assert len(await ledger.master_keys.ids()) == 1


async def _is_in_epoch(home: Home, epoch: int) -> bool:
    query = "SELECT 1 FROM workspace_keys WHERE epoch = %s AND next_wrapped IS NULL"
    return bool(await home.address.sql(query, epoch))
