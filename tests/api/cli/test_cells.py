"""``ringledger cells``: what the commands print, change and refuse."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import structlog
from servers import new_database
from twilio_forms import ACCOUNT_SID
from typer.testing import CliRunner, Result

from adapters.postgres.embedded import Urls
from api.cli import app

CREATE: Final = ("workspaces", "create", "--name", "Acme", "--twilio-account-sid", ACCOUNT_SID)
UNKNOWN: Final = "00000000-0000-4000-8000-000000000000"


class Desk:
    """Where somebody types commands, over a database and a home of the test's own."""

    def __init__(self, database: Urls, home: Path) -> None:
        self._environ = {
            "RINGLEDGER_HOME": str(home),
            "RINGLEDGER_DATABASE_URL": database.app,
            "RINGLEDGER_MIGRATION_URL": database.admin,
        }

    def type(self, *words: str) -> Result:
        """Run a command, whatever comes of it."""
        return CliRunner().invoke(app, words, env=self._environ)

    def ask(self, *words: str) -> Any:  # noqa: ANN401 - a document
        """The JSON document of a command that is done."""
        done = self.type(*words, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)


@pytest.fixture
def desk(database: Urls, tmp_path: Path) -> Iterator[Desk]:
    """A desk over an empty database."""
    yield Desk(database, tmp_path)
    structlog.reset_defaults()
    logging.getLogger().handlers.clear()


@pytest.fixture
def elsewhere(postgres: Urls) -> Iterator[Urls]:
    """Another database; that it is on the same server makes the copying no easier."""
    with new_database(postgres) as urls:
        yield urls


def test_a_cell_is_made_listed_and_moved(desk: Desk, elsewhere: Urls) -> None:
    """Each command's document; a cell is where the list says."""
    desk.ask(*CREATE, "--twilio-auth-token", "token")
    there = ("--url", elsewhere.app, "--migration-url", elsewhere.admin)
    assert "cell_x/0001_history" in desk.ask("cells", "create", "cell_x")["applied"]
    assert desk.ask("cells", "create", "cell_x") == {"cell": "cell_x", "applied": []}

    assert desk.ask("cells", "move", "cell_1", *there) == {"cell": "cell_1", "moved": True}

    one, other = desk.ask("cells", "list")["data"]
    assert one == {
        "name": "cell_1",
        "where": elsewhere.app,
        "is_moving": False,
        "workspaces": 1,
        "entries": 0,
        "behind": 0,
    }
    assert (other["name"], other["where"], other["workspaces"]) == ("cell_x", "here", 0)
    lines = desk.type("cells", "list").stdout.splitlines()
    shown = [line.split()[:2] for line in lines if "cell_" in line]
    assert shown == [["cell_1", elsewhere.app], ["cell_x", "here"]]
    assert desk.ask("views", "rebuild", "--check")["data"][0]["view"] == "cell_1.call_log"
    assert desk.ask("migrate") == {"applied": []}


def test_what_is_typed_wrong_is_said_in_a_line(desk: Desk, elsewhere: Urls) -> None:
    """Names, addresses and options; a password is not repeated."""
    secret = "postgresql://me:hush@db/x"
    for wrong in (
        ("create", "Cell"),
        ("create", "cell_x", "--url", secret),
        ("create", "cell_x", "--migration-url", elsewhere.admin),
        ("move", "cell_1"),
        ("move", "cell_1", "--url", secret),
        ("move", "cell_1", "--url", elsewhere.app, "--abort"),
        ("move", "cell_1", "--url", elsewhere.app, "--without-target"),
    ):
        done = desk.type("cells", *wrong)
        assert done.exit_code == 2, wrong
        assert "hush" not in done.output
        assert len(done.output.splitlines()) == 1


def test_what_is_not_there_is_not_found(desk: Desk, elsewhere: Urls) -> None:
    """A cell, a workspace, a move, a server."""
    there = ("--url", elsewhere.app, "--migration-url", elsewhere.admin)
    assert desk.type("cells", "move", "cell_9", *there).exit_code == 3
    assert desk.type("cells", "place", UNKNOWN, "cell_1").exit_code == 3
    assert desk.type("cells", "move", "cell_1", "--abort").exit_code == 1
    nowhere = elsewhere.app + "_not"
    assert desk.type("cells", "move", "cell_1", "--url", nowhere).exit_code == 4


def test_a_cell_that_cannot_be_reached_is_listed(desk: Desk, postgres: Urls) -> None:
    """The others are shown with their figures, this one without."""
    with new_database(postgres) as gone:
        there = ("--url", gone.app, "--migration-url", gone.admin)
        assert desk.type("cells", "create", "cell_x", *there).exit_code == 0
    found = {cell["name"]: cell["entries"] for cell in desk.ask("cells", "list")["data"]}
    assert found == {"cell_1": 0, "cell_x": None}
