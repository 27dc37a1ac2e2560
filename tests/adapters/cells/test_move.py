"""A cell moves to another server while it is in use: nothing lost, nothing doubled."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import psycopg
import pytest
from cells import asynchronous, new_cell
from moving import CELL, assert_nothing_lost, goal, under_load
from serving import settings_for

from adapters.cells import move as moving_a_cell
from adapters.cells.move import abort, move
from adapters.cells.place import Place
from adapters.cells.side import side
from adapters.postgres.embedded import Urls
from adapters.postgres.pool import ROLES, connect
from adapters.wiring import prepare
from domain.errors import IntegrityAlarm, Refused

KEPT: Final = "SELECT nspname::text FROM pg_namespace WHERE nspname LIKE 'cell_1_moved_%'"


@asynchronous
async def test_a_cell_moves_under_load(
    database: Urls, elsewhere: Urls, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Writers, erasers, readers and followers of two processes go on, and nothing is lost."""
    async with under_load(database, tmp_path) as load:
        await move(database, CELL, goal(elsewhere))
        at_the_flip = len(load.receipts)
    with capsys.disabled():
        print(load.report(at_the_flip))  # noqa: T201 - a figure of this machine, not a bar
    await assert_nothing_lost(load, elsewhere)


@asynchronous
async def test_a_cell_moves_back(database: Urls, elsewhere: Urls, tmp_path: Path) -> None:
    """It can go to where it came from, for nothing of it stayed there."""
    async with under_load(database, tmp_path) as load:
        await move(database, CELL, goal(elsewhere))
        await load.more()
        await move(database, CELL, goal(database))
    await assert_nothing_lost(load, database)


@asynchronous
async def test_nobody_reads_the_source_afterwards(
    database: Urls, elsewhere: Urls, tmp_path: Path
) -> None:
    """Not even through a connection and a prepared statement from before, if it is kept.

    Else a value that is erased at the new place would still open at the old one.
    """
    seen = "SELECT count(*) FROM vault"
    inside = Place(CELL, CELL, database.app).inside()
    async with under_load(database, tmp_path) as load, AsyncExitStack() as stack:
        readers = [
            await stack.enter_async_context(await connect(inside, role)) for role in ROLES[:2]
        ]
        for reader in readers:
            await reader.execute(seen, prepare=True)
        await move(database, CELL, goal(elsewhere), keeps_source=True)
        for reader in readers:
            with pytest.raises(psycopg.Error):
                await reader.execute(seen, prepare=True)
        with psycopg.connect(database.admin) as owner:
            (kept,) = owner.execute(KEPT).fetchall()[0]
            owner.execute(f"SELECT FROM {kept}.subject_keys")
        for role in ROLES:
            async with await connect(database.app, role) as reader:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    await reader.execute(f"SELECT FROM {kept}.entries".encode())
    await assert_nothing_lost(load, elsewhere)


@asynchronous
async def test_hidden_while_it_moves_a_new_process_shows_nothing(
    database: Urls, elsewhere: Urls, tmp_path: Path
) -> None:
    """A process that starts meanwhile migrates nothing of the cell, and gives no rights back."""

    async def starting(step: str) -> None:
        if step == "open the target":
            settings = settings_for(database, tmp_path)
            await prepare(settings, database)
            for place in (database, elsewhere):
                inside = Place(CELL, CELL, place.app).inside()
                async with await connect(inside, "ringledger_api") as reader:
                    with pytest.raises(psycopg.errors.UndefinedTable):
                        await reader.execute("SELECT FROM vault")

    async with under_load(database, tmp_path) as load:
        await move(database, CELL, goal(elsewhere), starting)
    await assert_nothing_lost(load, elsewhere)


@asynchronous
async def test_a_copy_that_differs_is_not_used(
    database: Urls, elsewhere: Urls, tmp_path: Path
) -> None:
    """A row of the copy that is not the cell's stops the move, and the cell serves on."""

    async def tamper(step: str) -> None:
        if step == "compare the copies":
            with psycopg.connect(elsewhere.admin) as owner:
                owner.execute(
                    "UPDATE cell_1.vault SET box = box || 'x' WHERE ctid = "
                    "(SELECT max(ctid) FROM cell_1.vault)"
                )

    async with under_load(database, tmp_path) as load:
        with pytest.raises(IntegrityAlarm, match="in its table vault"):
            await move(database, CELL, goal(elsewhere), tamper)
        await load.more()
        await abort(database, CELL)
    await assert_nothing_lost(load, database)


@asynchronous
async def test_a_target_that_falls_behind(
    database: Urls, elsewhere: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cell is not fenced for long: it works on, and is fenced again when the copy is near."""
    fences = 0

    async def stall(step: str) -> None:
        nonlocal fences
        if step == "wait for the copy":
            holder.rollback()
            monkeypatch.undo()
        elif step == "fence the cell" and not fences:
            holder.execute("LOCK TABLE cell_1.entries IN EXCLUSIVE MODE")
            await load.more()  # so that there is something to apply
            monkeypatch.setattr(moving_a_cell, "FENCE_SECONDS", 0.3)
        fences += step == "fence the cell"

    with psycopg.connect(elsewhere.admin) as holder:
        async with under_load(database, tmp_path) as load:
            await move(database, CELL, goal(elsewhere), stall)
    assert fences == 2
    await assert_nothing_lost(load, elsewhere)


@asynchronous
async def test_every_table_of_a_cell_can_move(database: Urls, tmp_path: Path) -> None:
    """Each has a key; and one that a migration adds without it is named before anything begins."""
    async with new_cell(database, tmp_path) as home, side(database.admin, home.cell.name) as here:
        tables = await here.tables()
        ordinary = """
            SELECT count(*) FROM pg_class WHERE relnamespace = %s::regnamespace
            AND relkind IN ('r', 'p') AND NOT relispartition
        """
        counted = await here.run(ordinary, home.cell.name)
        assert counted == [(len(tables) + 1,)]  # and the list of migrations, which stays
        await here.run("CREATE TABLE keyless (id integer)")
        with pytest.raises(Refused, match="keyless has no primary key"):
            await here.tables()
        await here.run("DROP TABLE keyless")
        await here.run("CREATE TABLE counting (id bigserial PRIMARY KEY)")
        with pytest.raises(Refused, match="counting_id_seq counts"):
            await here.tables()
