"""A deployment of real processes over a test's database, and the history they leave behind."""

import os
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple

import psycopg
from cells import Address, Home, open_home
from command_line import PROGRAM, Running, running
from serving import credentials, settings_for
from twilio_forms import Form

from adapters.postgres.embedded import Urls
from adapters.wiring import open_ledger
from domain.calls.events import LegRegistered, LegReported
from domain.calls.words import LegStatus

CELL: Final = "cell_1"
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


class Deployment(NamedTuple):
    """A database with one workspace in its one cell, which programs may serve."""

    address: Address
    api_key: str
    home: Path

    def program(
        self, *arguments: str, through: str = "", program: Sequence[str] = PROGRAM
    ) -> AbstractContextManager[Running]:
        """Run a command on it; ``through`` is another way to the database."""
        urls = self.address.urls
        return running(
            self.home,
            *arguments,
            program=program,
            RINGLEDGER_DATABASE_URL=through or urls.app,
            RINGLEDGER_MIGRATION_URL=urls.admin,
        )


async def new_deployment(database: Urls, folder: Path) -> Deployment:
    """Make one."""
    home = folder / "home"
    async with open_ledger(settings_for(database, home)) as ledger:
        made = await ledger.create_workspace("Test", credentials())
    address = Address(database, CELL, home / "master.key", made.workspace_id)
    return Deployment(address, made.api_key.text, home)


@asynccontextmanager
async def stalled(address: Address) -> AsyncIterator[None]:
    """While the block runs no append of the cell goes through: all wait for one lock."""
    options = f"-c search_path={address.schema}"
    async with await psycopg.AsyncConnection.connect(address.urls.admin, options=options) as owner:
        await owner.execute("SELECT FROM counter FOR UPDATE")
        yield


async def assert_stored_once(address: Address, forms: Sequence[Form]) -> None:
    """Each of these callbacks, all acknowledged, made one report, and nothing else made any."""
    async with open_home(address) as home:
        entries = await home.entries()
        assert [entry.position for entry in entries] == list(range(1, len(entries) + 1))
        registered = Counter(e.event.leg_id for e in entries if isinstance(e.event, LegRegistered))
        assert set(registered.values()) == {1}
        reports = Counter(
            (str(entry.event.leg_id), entry.event.sequence)
            for entry in entries
            if isinstance(entry.event, LegReported)
        )
        assert set(reports.values()) == {1}
        assert len(reports) == len({_identity(form) for form in forms})
        await _assert_calls_are_right(home, forms)


async def _assert_calls_are_right(home: Home, forms: Sequence[Form]) -> None:
    """Each call is where its callbacks leave it, whatever their order, and its values open."""
    last = dict[str, int]()
    for sid, sequence in map(_identity, forms):
        last[sid] = max(last.get(sid, 0), sequence)
    streams = {home.address.request(form).stream_id for form in forms}
    for stream_id in streams:
        stream = await home.stream(stream_id)
        assert [entry.version for entry in stream] == list(range(1, len(stream) + 1))
        (leg,) = home.call(stream).legs.values()
        assert leg.provider_id is not None
        assert leg.course.status is STATUSES[last[leg.provider_id]]
    for readings in await home.read(streams):
        assert {reading.state for reading in readings.values()} == {"value"}


STATUSES: Final = (
    LegStatus.dialing,
    LegStatus.ringing,
    LegStatus.answered,
    LegStatus.completed,
)
"""Where a leg is after the callback of each sequence number."""


def _identity(form: Form) -> tuple[str, int]:
    fields = dict(form)
    return fields["CallSid"], int(fields["SequenceNumber"])


def children(pid: int) -> list[int]:
    """The processes that a process started and that still run."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in found]


def is_running(pid: int) -> bool:
    """Whether a process runs: one that only waits to be reaped does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def resident_bytes(pid: int) -> int:
    """How much memory a process has."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE


def unread_bytes(port: int) -> list[int]:
    """What a port's servers have not read yet, by connection."""
    table = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    established = [row for row in table if row[3] == "01"]
    return [int(row[4][9:], 16) for row in established if row[1].endswith(f":{port:04X}")]
