"""The contract suites that the eventsourcing library ships, on our recorder over a real cell.

They are the library's unittest classes: what they print is theirs.
"""

import asyncio
import secrets
import subprocess
import sys
from collections.abc import Iterator, Sequence
from types import ModuleType
from uuid import uuid4

import psycopg
import pytest
from eventsourcing.persistence import StoredEvent

from adapters.event_store.recorder import CellDatastore, CellRecorder
from adapters.postgres.embedded import Urls
from adapters.postgres.migrate import migrate
from adapters.wiring import now

# The suites' module also imports a cipher that would bring a second cryptographic library into the
# environment. The suites below use none.
_cipher = ModuleType("eventsourcing.cipher")
_cipher.AESCipher = None  # type: ignore[attr-defined] # what the module imports of it
sys.modules.setdefault("eventsourcing.cipher", _cipher)

from eventsourcing.tests.persistence import (  # noqa: E402 - after the cipher
    AggregateRecorderTestCase,
    ApplicationRecorderTestCase,
    NonInterleavingNotificationIDsBaseCase,
)


class _Cell:
    """Gives each test of a suite a cell of its own."""

    datastore: CellDatastore

    @pytest.fixture(autouse=True)
    def _cell(self, postgres: Urls) -> Iterator[None]:
        schema = f"cell_{secrets.token_hex(6)}"
        asyncio.run(migrate(postgres.admin, cells=[schema]))
        with CellDatastore(postgres.app, schema, max_connections=12) as self.datastore:
            yield

    def create_recorder(self) -> CellRecorder:
        return CellRecorder(self.datastore, uuid4(), now)


class _WithoutPositions(CellRecorder):
    """The library's aggregate recorders tell no ids, and its suite for them insists on it."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: object) -> None:
        super().insert_events(stored_events)


class TestStreams(_Cell, AggregateRecorderTestCase):
    """Streams: atomic, versioned, selected forwards, backwards and in part."""

    def create_recorder(self) -> CellRecorder:
        """A recorder as this suite expects it."""
        return _WithoutPositions(self.datastore, uuid4(), now)


class TestNotificationLog(_Cell, ApplicationRecorderTestCase[CellRecorder]):
    """One log over all streams: ids from 1 without gaps, limits, topics, many threads."""

    def test_subscription(self) -> None:
        """The library's subscription is woken by our NOTIFY and delivers every event in order."""
        self.optional_test_insert_subscribe()


class TestNoInterleaving(_Cell, NonInterleavingNotificationIDsBaseCase):
    """Of two transactions at once, one has all its ids before the other's."""


def test_create_table_changes_nothing(postgres: Urls) -> None:
    """The cell's tables are its migrations'; the library creates none and needs no right to."""
    schema = f"cell_{secrets.token_hex(6)}"
    asyncio.run(migrate(postgres.admin, cells=[schema]))
    with (
        CellDatastore(postgres.app, schema) as datastore,
        psycopg.connect(postgres.admin) as owner,
    ):
        tables = "SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace ORDER BY 1"
        before = owner.execute(tables, (schema,)).fetchall()
        CellRecorder(datastore, uuid4(), now).create_table()
        assert owner.execute(tables, (schema,)).fetchall() == before


def test_only_who_asks_for_the_library_loads_it() -> None:
    """The ledger starts without the library, which changes `dataclasses` for a whole process."""
    loads = (
        "import sys, {}; sys.exit(any(m.split('.')[0] == 'eventsourcing' for m in sys.modules))"
    )

    def status(module: str) -> int:
        return subprocess.run([sys.executable, "-c", loads.format(module)], check=False).returncode

    assert status("adapters.wiring") == 0
    assert status("adapters.event_store.recorder") == 1
