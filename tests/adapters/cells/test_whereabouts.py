"""What is missing in a cell that stands where it should is a fault, and said at once."""

import asyncio
from pathlib import Path

import psycopg
import pytest
from cells import Home, asynchronous, new_cell
from serving import serving
from structlog.testing import capture_logs
from twilio_forms import call_sid, incoming_form
from waiting import LONGEST_SECONDS

from adapters.cells import whereabouts
from adapters.cells.fence import fence, hide, open_up
from adapters.cells.side import side
from adapters.postgres.embedded import Urls

CALLER = "+32470000001"


@pytest.fixture(autouse=True)
def endless_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is told by the clock."""
    monkeypatch.setattr(whereabouts, "PATIENCE_SECONDS", 10 * LONGEST_SECONDS)


async def _fails(home: Home) -> None:
    async with asyncio.timeout(LONGEST_SECONDS):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await home.subject_of(CALLER)


@asynchronous
async def test_a_missing_right_is_not_waited_for(database: Urls, tmp_path: Path) -> None:
    """Neither before a reader is let in nor after it; once it is given, all is well."""
    async with new_cell(database, tmp_path) as home:
        await home.address.sql("REVOKE SELECT ON counter FROM ringledger_api")
        await _fails(home)
        await home.address.sql("GRANT SELECT ON counter TO ringledger_api")
        assert await home.subject_of(CALLER) is None
        await home.address.sql("REVOKE SELECT ON lookups FROM ringledger_api")
        await _fails(home)


@asynchronous
async def test_a_missing_table_is_an_error_of_ours(database: Urls, tmp_path: Path) -> None:
    """Whoever asks is told that it is our fault, and the log names it."""
    async with serving(database, tmp_path) as house:
        with psycopg.connect(database.admin, autocommit=True) as owner:
            owner.execute("ALTER TABLE cell_1.call_log RENAME TO elsewhere")
        with capture_logs() as lines:
            answer = await house.get("/calls")
        assert (answer.status_code, answer.json()["type"]) == (500, "/problems/internal")
        assert "request.failed" in {line["event"] for line in lines}


@asynchronous
async def test_a_missing_function_is_not_waited_for(database: Urls, tmp_path: Path) -> None:
    """Nor by whoever erases."""
    async with new_cell(database, tmp_path) as home:
        await home.hear(incoming_form(call_sid(1), caller=CALLER))
        await home.address.sql("ALTER FUNCTION destroy_subject RENAME TO elsewhere")
        async with asyncio.timeout(LONGEST_SECONDS):
            with pytest.raises(psycopg.errors.UndefinedFunction):
                await home.erase_number(CALLER)


@asynchronous
async def test_a_cell_that_moves_is_waited_for(database: Urls, tmp_path: Path) -> None:
    """However long it is fenced or hidden; then whoever waited is answered."""
    async with new_cell(database, tmp_path) as home, side(database.admin, home.cell.name) as owner:
        await home.hear(incoming_form(call_sid(1), caller=CALLER))
        subject = await home.subject_of(CALLER)
        assert subject is not None
        await fence(owner)
        await hide(owner)
        erasing = asyncio.create_task(home.erase(subject))
        await asyncio.sleep(10 * whereabouts.PAUSE_SECONDS)
        assert not erasing.done()
        await open_up(owner)
        await erasing
        assert await home.subject_of(CALLER) is None


@asynchronous
async def test_a_cell_that_is_fenced_again_is_waited_for_again(
    database: Urls, tmp_path: Path
) -> None:
    """That it was open for a moment before does not make a fault of its next fence."""
    async with new_cell(database, tmp_path) as home, side(database.admin, home.cell.name) as owner:
        tries = 0

        async def work() -> None:
            nonlocal tries
            tries += 1
            async with home.cell.writing.connection() as writer:
                if tries == 1:
                    await writer.execute("SELECT FROM nowhere")
                elif tries == 2:
                    await fence(owner)
                elif tries == 4:
                    await open_up(owner)
                await writer.execute("SELECT FROM counter")

        await home.cell.whereabouts.patiently(work)
        assert tries == 4
