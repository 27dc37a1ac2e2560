"""Receipts on the command line: printed into a file, and checked with nothing but the key."""

import asyncio
import json
import shutil
import subprocess
from pathlib import Path
from uuid import UUID

import pytest
from command_line import ringledger
from serving import serving
from twilio_forms import CALLER, call_sid, leg_callbacks

from adapters.postgres.embedded import Urls


class Desk:
    """Where somebody types commands on a deployment in which a caller was erased."""

    def __init__(self, database: Urls, home: Path) -> None:
        self._database = database
        self._home = home
        self.subject = asyncio.run(self._erased())

    def type(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a command."""
        database = {
            "RINGLEDGER_DATABASE_URL": self._database.app,
            "RINGLEDGER_MIGRATION_URL": self._database.admin,
        }
        return ringledger(self._home, *words, **database)

    async def _erased(self) -> UUID:
        async with serving(self._database, self._home) as house:
            await house.hear(leg_callbacks(call_sid(1))[0])
            found = (await house.get("/subjects", params={"number": CALLER})).json()["data"]
            subject = UUID(found[0]["subject_id"])
            await house.ask("POST", f"{house.here}/subjects/{subject}/erasure")
            await house.follow()
            return subject


@pytest.fixture
def desk(database: Urls, tmp_path: Path) -> Desk:
    """A deployment of the test's own."""
    return Desk(database, tmp_path / "home")


def test_a_receipt_is_checked_offline(desk: Desk, tmp_path: Path) -> None:
    """Far from the deployment: no home, no database, no network, only the file and the key."""
    printed = desk.type("subjects", "receipt", str(desk.subject))
    assert printed.returncode == 0, printed.stderr
    receipt, key = tmp_path / "receipt.json", tmp_path / "key.json"
    receipt.write_text(printed.stdout)
    key.write_text(desk.type("receipts", "key", "--json").stdout)
    public = desk.type("receipts", "key").stdout.strip()
    shutil.rmtree(tmp_path / "home" / "erasures")
    nowhere = tmp_path / "nowhere"
    for given in (public, str(key)):
        done = ringledger(nowhere, "verify-receipt", str(receipt), "--key", given, "--json")
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        assert found["is_genuine"] is True
        assert found["receipt"]["subject_id"] == str(desk.subject)
    assert not nowhere.exists()
    receipt.write_text(printed.stdout.replace('"count":1', '"count":2', 1))
    forged = ringledger(nowhere, "verify-receipt", str(receipt), "--key", public)
    assert forged.returncode == 1
    assert "not a genuine receipt: signature" in forged.stderr
    assert CALLER not in printed.stdout


def test_a_preview_and_its_effect_are_shown(desk: Desk) -> None:
    """Of who was erased nothing is left to go."""
    shown = desk.type("subjects", "preview", str(desk.subject), "--json")
    found = json.loads(shown.stdout)
    assert (found["keys"], found["values"]) == (0, {})
    assert "keys" in desk.type("subjects", "preview", str(desk.subject)).stdout


def test_what_cannot_be_checked_says_why(tmp_path: Path) -> None:
    """A key that is none is wrong usage; a home without a key cannot check anything."""
    receipt = tmp_path / "receipt.json"
    receipt.write_text("{}")
    wrong = ringledger(tmp_path, "verify-receipt", str(receipt), "--key", "AAAA")
    assert wrong.returncode == 2
    without = ringledger(tmp_path / "nowhere", "verify-receipt", str(receipt))
    assert without.returncode == 4
    missing = ringledger(tmp_path, "verify-receipt", str(tmp_path / "none"))
    assert missing.returncode == 2
