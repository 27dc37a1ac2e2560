"""A ledger under load, and another server that its cell can be moved to."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

from accesses import entry, stored
from cells import Address, Home, open_home
from neighbour import number_of
from serving import credentials, settings_for
from twilio_forms import call_sid, incoming_form
from waiting import eventually

from adapters.cell import Cell
from adapters.cells.move import Goal
from adapters.cells.place import inside
from adapters.event_store.requests import Receipt
from adapters.postgres.embedded import Urls
from adapters.wiring import Ledger, open_ledger
from api.following import following
from domain.errors import Unavailable
from domain.messages import Context
from domain.subjects.events import ErasureReason
from projections.call_log.view import CALL_LOG
from projections.follower import lag
from projections.rebuild import rebuild

CELL: Final = "cell_1"
SENDERS: Final = 4
PEOPLE: Final = 60
_ERASED: Final = "SELECT subject_id FROM subjects WHERE erased_at IS NOT NULL"


def goal(urls: Urls) -> Goal:
    """A server as the place to move to."""
    return Goal(urls.app, urls.admin)


@dataclass(slots=True)
class Load:
    """What several processes did with one workspace, as each of their clients saw it."""

    address: Address
    receipts: list[Receipt] = field(default_factory=list)
    erased: list[UUID] = field(default_factory=list)
    noted: list[UUID] = field(default_factory=list)
    """Access entries that are durable, as far as their readers were told."""

    reads: int = 0
    unread: int = 0
    """How often a reader had to ask again."""

    longest_stall_seconds: float = 0.0
    calls: Iterator[int] = field(default_factory=count)
    accesses: Iterator[int] = field(default_factory=count)
    is_over: bool = False

    async def send(self, ledger: Ledger) -> None:
        """Send the next call when the last one was answered."""
        while not self.is_over:
            call = next(self.calls)
            form = incoming_form(call_sid(call), caller=number_of(call % PEOPLE))
            began = time.monotonic()
            self.receipts.append(await ledger.handle(self.address.request(form)))
            self._note(began)

    async def erase(self, ledger: Ledger) -> None:
        """Erase one person after the other; they call again as new ones."""
        for index in (index % PEOPLE for index in count()):
            await asyncio.sleep(0.02)
            if self.is_over:
                return
            cell = await ledger.cell_of(self.address.workspace_id)
            try:
                subject = await Home(self.address, cell).subject_of(number_of(index))
            except Unavailable:
                continue  # it was read while the cell went away; the client asks again
            if subject is not None:
                context = Context("cli", uuid4())
                began = time.monotonic()
                await cell.erasures.erase(
                    self.address.workspace_id, subject, ErasureReason.requested, context
                )
                self._note(began)
                self.erased.append(subject)

    async def read(self, ledger: Ledger) -> None:
        """Read the call log again and again, and note each time."""
        while not self.is_over:
            await asyncio.sleep(0.01)
            cell = await ledger.cell_of(self.address.workspace_id)
            try:
                async with cell.scoped(self.address.workspace_id) as connection:
                    await connection.execute("SELECT count(*) FROM call_log")
                    await connection.execute("SELECT count(*) FROM vault")
                noted = entry(self.address, next(self.accesses))
                await cell.accesses.record(noted, None)
                self.noted.append(noted.access_id)
                self.reads += 1
            except Unavailable:
                self.unread += 1

    async def more(self, calls: int = 100) -> None:
        """Wait until so many more calls were answered."""
        enough = len(self.receipts) + calls
        await eventually(lambda: len(self.receipts) >= enough)

    def report(self, at_the_flip: int) -> str:
        """What went on, in a line."""
        return (
            f"\n{at_the_flip} calls before the flip and {len(self.receipts) - at_the_flip} after, "
            f"{len(self.erased)} erasures, {self.reads} reads and {self.unread} to ask again, "
            f"longest stall {self.longest_stall_seconds * 1000:.0f} ms"
        )

    def _note(self, began: float) -> None:
        stall = time.monotonic() - began
        self.longest_stall_seconds = max(self.longest_stall_seconds, stall)


@asynccontextmanager
async def under_load(own: Urls, home: Path) -> AsyncIterator[Load]:
    """A new deployment with two processes' ledgers that write, erase, read and follow.

    At the end every client has its answer, and any error is raised.
    """
    settings = settings_for(own, home)
    async with open_ledger(settings) as one, open_ledger(settings) as two, following(one):
        made = await one.create_workspace("Test", credentials())
        address = Address(own, CELL, settings.master_key_file, made.workspace_id)
        load = Load(address)
        async with asyncio.TaskGroup() as clients:
            for ledger in (one, two):
                for _ in range(SENDERS):
                    clients.create_task(load.send(ledger))
                clients.create_task(load.erase(ledger))
                clients.create_task(load.read(ledger))
            try:
                await load.more()
                yield load
                await load.more()
            finally:
                load.is_over = True
        await followed(await one.cell_of(address.workspace_id))


async def followed(cell: Cell) -> None:
    """Wait until the views have all of the history."""
    async with cell.reading.connection() as connection:

        async def is_followed() -> bool:
            return not await lag(connection)

        await eventually(is_followed)


async def assert_nothing_lost(load: Load, urls: Urls) -> None:
    """At this place: what was acknowledged, once; the views; and who was not erased opens."""
    address = load.address._replace(urls=urls)
    async with open_home(address) as home:
        entries = await home.entries()
        assert [entry.position for entry in entries] == list(range(1, len(entries) + 1))
        gone = {subject for (subject,) in await address.sql(_ERASED)}
        others = {*gone, address.workspace_id}
        calls = [entry for entry in entries if entry.stream_id not in others]
        assert len(calls) == 2 * len(load.receipts)
        assert {one.stream_id for one in load.receipts} == {one.stream_id for one in calls}
        assert gone == set(load.erased)
        assert {access_id for access_id, *_ in await stored(address)} >= set(load.noted)
        await _assert_opens(home, gone)
    compared = await rebuild(inside(urls.admin, address.schema), CALL_LOG, swap=False)
    assert compared.is_equal
    assert compared.rows == len(load.receipts)


async def _assert_opens(home: Home, gone: set[UUID]) -> None:
    """The caller of every call, unless it was erased."""
    callers = await home.address.sql(
        "SELECT stream_id, subject_ids FROM vault WHERE field = 'caller'"
    )
    readings = await home.read([stream for stream, _ in callers])
    for (_, subjects), found in zip(callers, readings, strict=True):
        expected = "erased" if gone.intersection(subjects) else "value"
        assert found[1, "caller"].state == expected
