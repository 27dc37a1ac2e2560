"""Where it is measured: a PostgreSQL of its own, durable, in a temporary directory, gone after."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, LiteralString, Self
from uuid import UUID

import psycopg
from psycopg import sql
from pydantic import SecretStr

from adapters.cell import Cell
from adapters.postgres.embedded import DATABASE, EmbeddedPostgres, Urls
from adapters.settings import Settings
from adapters.wiring import Ledger, open_ledger
from adapters.workspaces.credentials import Kind

ACCOUNT_SID = "AC00000000000000000000000000000000"
AUTH_TOKEN = "12345678901234567890123456789012"  # noqa: S105 - opens nothing
DIAL_TARGET = "+12025550123"
_CREDENTIALS = (
    (Kind.account_sid, ACCOUNT_SID),
    (Kind.auth_token, AUTH_TOKEN),
    (Kind.dial_target, DIAL_TARGET),
)


@dataclass(frozen=True, slots=True)
class Home:
    """A ledger in a database of its own, with one cell and one workspace in it."""

    ledger: Ledger
    cell: Cell
    workspace_id: UUID
    urls: Urls

    async def owner(self) -> psycopg.AsyncConnection[tuple[Any, ...]]:
        """A connection that may do anything in the cell, to prepare a run or to look at it."""
        return await psycopg.AsyncConnection.connect(
            self.urls.admin, autocommit=True, options=f"-c search_path={self.cell.name}"
        )

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

    def __init__(self, urls: Urls, folder: Path, stack: AsyncExitStack) -> None:
        self.folder = folder
        self._urls = urls
        self._stack = stack
        self._names = (f"bench_{number}" for number in count(1))
        self._kept: dict[str, Home] = {}

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator[Self]:
        """Start the server; stop it and remove every byte of it at the end."""
        with tempfile.TemporaryDirectory(prefix="ringledger-bench-") as folder:
            home = Path(folder)
            async with EmbeddedPostgres(home) as urls, AsyncExitStack() as stack:
                yield cls(urls, home, stack)

    async def new_database(self) -> Urls:
        """An empty database."""
        name = next(self._names)
        async with await psycopg.AsyncConnection.connect(
            self._urls.admin, autocommit=True
        ) as owner:
            await owner.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return Urls(*(url.replace(f"/{DATABASE}?", f"/{name}?") for url in self._urls))

    async def new_home(self) -> Home:
        """A ledger with nothing in it, open until the end."""
        urls = await self.new_database()
        ledger = await self._stack.enter_async_context(open_ledger(self.settings(urls)))
        made = await ledger.create_workspace("Bench", _CREDENTIALS)
        cell = await ledger.cell_of(made.workspace_id)
        return Home(ledger, cell, made.workspace_id, urls)

    async def home(self, name: str) -> Home:
        """A ledger that scenarios share under a name: what one filled, the next one finds."""
        if name not in self._kept:
            self._kept[name] = await self.new_home()
        return self._kept[name]

    def settings(self, urls: Urls) -> Settings:
        """The settings of a deployment on this database."""
        return Settings(
            database_url=SecretStr(urls.app),
            migration_url=SecretStr(urls.admin),
            home=self.folder,
        )
