"""Where it is measured: a PostgreSQL of its own, durable, in a temporary directory, gone after."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final, LiteralString, NamedTuple, Self
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from pydantic import SecretStr

from adapters.cell import Cell
from adapters.postgres.embedded import DATABASE, EmbeddedPostgres, Urls
from adapters.settings import Settings
from adapters.wiring import Ledger, open_ledger
from adapters.workspaces.credentials import Kind

ACCOUNT_SID = "AC00000000000000000000000000000000"
AUTH_TOKEN = "12345678901234567890123456789012"  # noqa: S105 - opens nothing
DIAL_TARGET = "+12025550123"
PUBLIC_URL = "http://ringledger.invalid"
"""What the callbacks are signed for, whichever port of whichever process they go to."""
_CREDENTIALS = (
    (Kind.account_sid, ACCOUNT_SID),
    (Kind.auth_token, AUTH_TOKEN),
    (Kind.dial_target, DIAL_TARGET),
)

_CONNECTIONS: Final = "ALTER SYSTEM SET max_connections = 500"
"""For the other sides, which need one for each client."""


class Place(NamedTuple):
    """A cell and the one workspace in it."""

    cell: Cell
    workspace_id: UUID


@dataclass(frozen=True, slots=True)
class Home:
    """A ledger in a database of its own, with a workspace in each of its cells."""

    ledger: Ledger
    places: tuple[Place, ...]
    urls: Urls

    @property
    def cell(self) -> Cell:
        """The first cell, mostly the only one."""
        return self.places[0].cell

    @property
    def workspace_id(self) -> UUID:
        """The workspace in it."""
        return self.places[0].workspace_id

    @property
    def owner_url(self) -> str:
        """The first cell, for whoever may do anything in it."""
        return make_conninfo(self.urls.admin, options=f"-c search_path={self.cell.name}")

    async def owner(self) -> psycopg.AsyncConnection[tuple[Any, ...]]:
        """A connection that may do anything in the cell, to prepare a run or to look at it."""
        return await _connect(self.owner_url)

    async def sql(self, query: LiteralString, *parameters: object) -> list[tuple[Any, ...]]:
        """Run the owner's SQL."""
        async with await self.owner() as owner:
            cursor = await owner.execute(query, parameters)
            return await cursor.fetchall() if cursor.description else []

    async def settle(self) -> None:
        """Let the database finish what a fill left behind, as it would have by itself in time."""
        async with await self.owner() as owner:
            await owner.execute("VACUUM (ANALYZE)")
            await owner.execute("CHECKPOINT")


class Ground:
    """One server for all scenarios; each takes a database, or several."""

    def __init__(self, urls: Urls, folder: Path) -> None:
        self._folder = folder
        self._urls = urls
        self._names = (f"bench_{number}" for number in count(1))
        self._homes = count(1)
        self._to_the_end = AsyncExitStack()
        self._for_a_scenario = AsyncExitStack()
        self._kept: dict[str, Home] = {}

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator[Self]:
        """Start the server; stop it and remove every byte of it at the end."""
        with tempfile.TemporaryDirectory(prefix="ringledger-bench-") as folder:
            home = Path(folder)
            async with EmbeddedPostgres(home) as urls, await _connect(urls.admin) as owner:
                await owner.execute(_CONNECTIONS)
            async with EmbeddedPostgres(home) as urls:
                ground = cls(urls, home)
                async with ground._to_the_end:
                    yield ground

    @asynccontextmanager
    async def scenario(self) -> AsyncIterator[None]:
        """Whatever is opened meanwhile and not shared is closed at its end."""
        async with self._for_a_scenario:
            yield
        self._for_a_scenario = AsyncExitStack()

    async def new_database(self) -> Urls:
        """An empty database."""
        name = next(self._names)
        async with await _connect(self._urls.admin) as owner:
            await owner.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return Urls(*(url.replace(f"/{DATABASE}?", f"/{name}?") for url in self._urls))

    async def new_home(self, cells: int = 1) -> Home:
        """A ledger with nothing in it, open until the end of the scenario."""
        return await self._open(cells, self._for_a_scenario)

    async def home(self, name: str) -> Home:
        """A ledger that scenarios share under a name: what one filled, the next one finds."""
        if name not in self._kept:
            self._kept[name] = await self._open(1, self._to_the_end)
        return self._kept[name]

    async def _open(self, cells: int, until: AsyncExitStack) -> Home:
        urls = await self.new_database()
        # Each has master keys of its own: one that rotates must not take them from the others.
        home = self._folder / f"home_{next(self._homes)}"
        settings = Settings(
            cells=cells,
            database_url=SecretStr(urls.app),
            migration_url=SecretStr(urls.admin),
            home=home,
        )
        ledger = await until.enter_async_context(open_ledger(settings))
        made = [await ledger.create_workspace("Bench", _CREDENTIALS) for _ in range(cells)]
        ids = [workspace.workspace_id for workspace in made]
        return Home(ledger, tuple([Place(await ledger.cell_of(id_), id_) for id_ in ids]), urls)


async def _connect(url: str) -> psycopg.AsyncConnection[tuple[Any, ...]]:
    return await psycopg.AsyncConnection.connect(url, autocommit=True)
