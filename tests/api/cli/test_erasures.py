"""A restore drill on the command line: back up, erase, put the backup back, see who is in it."""

import asyncio
import json
import subprocess
from pathlib import Path

from cells import asynchronous
from command_line import ringledger
from dumps import dump, restore
from serving import serving, settings_for
from twilio_forms import CALLER, call_sid, leg_callbacks

from adapters.postgres.embedded import Urls
from adapters.wiring import open_ledger


async def _erased_after_a_backup(database: Urls, home: Path) -> Path:
    """A deployment in which a caller was erased once a backup had been made."""
    async with serving(database, home) as house:
        await house.hear(leg_callbacks(call_sid(1))[0])
        backup = dump(database, home.with_name("backup"))
        found = (await house.get("/subjects", params={"number": CALLER})).json()["data"]
        url = f"{house.here}/subjects/{found[0]['subject_id']}/erasure"
        assert (await house.ask("POST", url)).status_code == 200
        return backup


def test_a_restore_is_refused_until_it_is_replayed(database: Urls, tmp_path: Path) -> None:
    """No command serves it, alone or with workers; after the replay who was erased is erased."""
    home = tmp_path / "home"
    backup = asyncio.run(_erased_after_a_backup(database, home))
    restore(database, backup)

    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        urls = {
            "RINGLEDGER_DATABASE_URL": database.app,
            "RINGLEDGER_MIGRATION_URL": database.admin,
        }
        return ringledger(home, *words, **urls)

    for words in (
        ("up", "--port", "0"),
        ("up", "--port", "0", "--workers", "2"),
        ("subjects", "find", CALLER),
        ("calls", "list"),
    ):
        refused = run(*words)
        assert refused.returncode == 1
        assert "`ringledger erasures replay`" in refused.stderr
        assert CALLER not in refused.stdout + refused.stderr
    (found,) = json.loads(run("erasures", "verify", "--json").stdout)["data"]
    assert found == {"cell": "cell_1", "lines": 2, "destroyed": 1, "missing": 1, "torn": 0}
    for carried_out in (1, 0):
        replayed = run("erasures", "replay", "--json")
        assert json.loads(replayed.stdout) == {
            "data": [{"cell": "cell_1", "carried_out": carried_out}]
        }
    assert run("subjects", "find", CALLER).returncode == 3
    assert "erased" in run("calls", "list", "--json").stdout


@asynchronous
async def test_a_ledger_can_lie_elsewhere(database: Urls, tmp_path: Path) -> None:
    """Its folder is a setting: it belongs where no backup of the database is put back."""
    settings = settings_for(database, tmp_path / "home")
    elsewhere = settings.model_copy(update={"erasure_ledger": tmp_path / "elsewhere"})
    async with open_ledger(elsewhere) as ledger:
        (cell,) = ledger.cells.values()
        assert cell.gate.ledger.path == tmp_path / "elsewhere" / "cell_1.jsonl"


def test_a_ledger_is_not_begun_anew_by_mistake(tmp_path: Path) -> None:
    """Whoever gives it up says that it is lost."""
    refused = ringledger(tmp_path, "erasures", "begin-anew")
    assert refused.returncode == 2
    assert "--lost" in refused.stderr
