"""A cell of a test's own in the shared PostgreSQL, with one workspace in it.

Everything goes through the real adapters over real connections; only the owner's SQL, with which a
test looks behind them or breaks something on purpose, does not.
"""

import asyncio
import functools
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, NamedTuple, ParamSpec
from uuid import UUID, uuid4

import psycopg
from psycopg import sql
from twilio_forms import Form

from adapters.cell import Cell, open_cell
from adapters.cells.place import Place
from adapters.cells.whereabouts import Whereabouts
from adapters.erasure_ledger.file import ErasureLedger
from adapters.event_store.erasures import Erasure
from adapters.event_store.history import read_between, read_stream
from adapters.event_store.requests import Receipt, Request
from adapters.event_store.values import open_values, references
from adapters.event_store.writer import Clock
from adapters.keys import master_key
from adapters.postgres.embedded import Urls
from adapters.postgres.migrate import migrate
from adapters.twilio.addresses import lookup_of
from adapters.twilio.callbacks import read_callback
from adapters.wiring import now
from domain.accesses import AccessPurpose, Reader
from domain.calls.call import CALL
from domain.calls.state import Call
from domain.decider import AnyDecider
from domain.messages import Context, Entry
from domain.personal_data import Reading
from domain.subjects.events import ErasureReason

P = ParamSpec("P")

Readings = dict[tuple[int, str], Reading]
"""What a reader gets for each personal field of a stream, by version and field."""

EVERYTHING: Final = 1_000_000
READER: Final = Reader("test", AccessPurpose.service, "read", UUID(int=1))


def asynchronous(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run an async test in an event loop of its own."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


class Address(NamedTuple):
    """Where a cell is and what opens it, for whoever opens it too: another process as well."""

    urls: Urls
    schema: str
    master_key_file: Path
    workspace_id: UUID

    def request(self, form: Form) -> Request:
        """What the API asks for when this form comes in."""
        call_id, command = read_callback(self.workspace_id, form)
        return Request(self.workspace_id, call_id, CALL, command, Context("twilio", uuid4()))

    async def sql(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Run the owner's SQL in the cell's schema."""
        options = f"-c search_path={self.schema}"
        async with await psycopg.AsyncConnection.connect(
            self.urls.admin, autocommit=True, options=options
        ) as owner:
            cursor = await owner.execute(sql.SQL(query), parameters)
            return await cursor.fetchall() if cursor.description else []


@dataclass(frozen=True, slots=True)
class Home:
    """An open cell and its workspace."""

    address: Address
    cell: Cell

    async def hear(self, *forms: Form) -> list[Receipt]:
        """Handle callbacks as they come in, all at once, and wait for every answer."""
        handle = self.cell.writer.handle
        return await asyncio.gather(*(handle(self.address.request(form)) for form in forms))

    async def entries(self) -> list[Entry]:
        """The whole history."""
        async with self.cell.writing.connection() as connection:
            return await read_between(connection, 0, EVERYTHING)

    async def stream(self, stream_id: UUID) -> list[Entry]:
        """One stream, as the workspace's own readers see it."""
        async with self.cell.scoped(self.address.workspace_id) as connection:
            return await read_stream(connection, stream_id)

    @staticmethod
    def call(stream: Iterable[Entry]) -> Call:
        """The call that a stream tells of."""
        decider: AnyDecider = CALL
        call: Call = decider.fold(entry.event for entry in stream)
        return call

    async def read(self, stream_ids: Iterable[UUID]) -> list[Readings]:
        """Open every personal value of these streams, in one snapshot."""
        workspace_id, found = self.address.workspace_id, []
        async with self.cell.scoped(workspace_id) as connection:
            key = await self.cell.workspace_key(connection, workspace_id)
            for stream_id in stream_ids:
                entries = await read_stream(connection, stream_id)
                wanted = [ref for entry in entries for ref in references(entry)]
                readings = await open_values(connection, key, wanted, self.cell.access(READER))
                found.append(
                    {(r.version, r.field): v for r, v in zip(wanted, readings, strict=True)}
                )
        return found

    async def subject_of(self, number: str) -> UUID | None:
        """The living subject who has this number."""
        workspace_id = self.address.workspace_id
        async with self.cell.scoped(workspace_id) as connection:
            key = await self.cell.workspace_key(connection, workspace_id)
            rows = await connection.execute(
                "SELECT subject_id FROM lookups WHERE digest = %s",
                (key.digest(lookup_of(number) or ""),),
            )
            found = await rows.fetchone()
            return found[0] if found else None

    async def erase(self, subject_id: UUID) -> Erasure:
        """Erase a subject on request."""
        return await self.cell.erasures.erase(
            self.address.workspace_id,
            subject_id,
            ErasureReason.requested,
            Context("cli", uuid4()),
        )

    async def erase_number(self, number: str) -> UUID:
        """Erase whoever has this number; their id."""
        subject = await self.subject_of(number)
        assert subject is not None, "nobody has this number"
        await self.erase(subject)
        return subject


@asynccontextmanager
async def new_cell(
    urls: Urls, folder: Path, clock: Clock = now, workspace_id: UUID | None = None
) -> AsyncIterator[Home]:
    """A migrated cell with a workspace in it, open."""
    schema = f"cell_{secrets.token_hex(6)}"
    await migrate(urls.admin, cells=[schema])
    master_key.create(folder / "master.key")
    address = Address(urls, schema, folder / "master.key", workspace_id or uuid4())
    async with open_home(address, clock) as home:
        await new_workspace(home, address.workspace_id)
        yield home


@asynccontextmanager
async def open_home(
    address: Address, clock: Clock = now, *, is_gated: bool = True
) -> AsyncIterator[Home]:
    """Open a cell once more: a writer, pools and caches of its own, as another process has."""
    keys = master_key.read(address.master_key_file)
    place = Place(address.schema, address.schema, address.urls.app)
    ledger = ErasureLedger(address.master_key_file.parent / "erasures", address.schema, clock)
    async with open_cell(Whereabouts(place), keys, clock, ledger, is_gated=is_gated) as cell:
        yield Home(address, cell)


async def new_workspace(home: Home, workspace_id: UUID | None = None) -> Home:
    """Make another workspace in the cell; the same home, seen from it."""
    workspace_id = workspace_id or uuid4()
    async with home.cell.writing.connection() as connection:
        await home.cell.keyring.create(connection, workspace_id)
    return replace(home, address=home.address._replace(workspace_id=workspace_id))
