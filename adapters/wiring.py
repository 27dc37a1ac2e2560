"""The composition root: from the settings to a ledger that takes requests."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from adapters.cell import Cell
from adapters.cells import provisioner
from adapters.cells.opened import OpenCells, open_cells
from adapters.event_store.requests import Receipt, Request
from adapters.event_store.writer import Clock
from adapters.keys import master_key, receipt_key
from adapters.keys.handover import Handover
from adapters.keys.master_keys import MasterKeys
from adapters.keys.receipt_key import ReceiptKey
from adapters.objects.store import ObjectStore
from adapters.postgres.embedded import EmbeddedPostgres, Urls
from adapters.postgres.pool import open_pool
from adapters.settings import Settings
from adapters.workspaces.api_keys import ApiKey, Scope, create_api_key
from adapters.workspaces.credentials import Kind, add_credential
from adapters.workspaces.directory import Directory
from domain.errors import KeyStoreUnavailable


def now() -> datetime:
    """The real clock, in UTC."""
    return datetime.now(UTC)


class NewWorkspace(NamedTuple):
    """A workspace that was just made, with the one sight of its API key."""

    workspace_id: UUID
    api_key: ApiKey


@dataclass(frozen=True, slots=True)
class Ledger:
    """The deployment as one process sees it."""

    settings: Settings
    directory: Directory
    cells: OpenCells
    clock: Clock
    objects: ObjectStore
    master_keys: MasterKeys
    receipt_key: ReceiptKey

    async def cell_of(self, workspace_id: UUID) -> Cell:
        """The cell that holds a workspace; ``NotFound`` where there is none."""
        return await self.cells.get_open(await self.directory.cell_of(workspace_id))

    async def handle(self, request: Request) -> Receipt:
        """Make a request durable in its workspace's cell. See ``CellWriter.handle``."""
        name = self.directory.known_cell_of(request.workspace_id)
        cell = None if name is None else self.cells.get(name)
        if cell is None:
            cell = await self.cell_of(request.workspace_id)
        return await cell.writer.handle(request)

    async def create_workspace(
        self,
        name: str,
        credentials: Collection[tuple[Kind, str]],
        scopes: Collection[Scope] = tuple(Scope),
    ) -> NewWorkspace:
        """Make a workspace in the emptiest cell: its key, its credentials, an API key."""
        workspace_id = uuid4()
        cell = await self.cells.get_open(await self.directory.emptiest_cell())

        async def furnish() -> ApiKey:
            async with cell.writing.connection() as connection, connection.transaction():
                key = await cell.keyring.create(connection, workspace_id)
                for kind, secret in credentials:
                    await add_credential(connection, key, kind, secret)
                return await create_api_key(connection, workspace_id, scopes)

        api_key = await cell.whereabouts.patiently(furnish)
        await self.directory.add(workspace_id, name, cell.name)
        return NewWorkspace(workspace_id, api_key)


@asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[Urls]:
    """The database of the settings; the embedded one runs while somebody uses it."""
    if settings.database_url is None or settings.migration_url is None:
        server = EmbeddedPostgres(settings.home)
        async with server as urls:
            keeping = asyncio.create_task(server.keep_up(), name="embedded postgres")
            try:
                yield urls
            finally:
                keeping.cancel()
                with suppress(asyncio.CancelledError):
                    await keeping
    else:
        yield Urls(
            admin=settings.migration_url.get_secret_value(),
            app=settings.database_url.get_secret_value(),
        )


async def prepare(settings: Settings, urls: Urls) -> list[str]:
    """Migrate the database and make the master key where none was needed yet.

    Raises:
        KeyStoreUnavailable: Workspaces exist and their master key is gone: a new one would
            make every value of theirs unreadable.
    """
    applied = await provisioner.bring_up(urls, settings.cell_schemas)
    if settings.master_key is None and not settings.master_key_file.exists():
        async with await open_pool(urls.app, "ringledger_writer") as pool:
            if await Directory(pool, urls.app).all():
                raise KeyStoreUnavailable(
                    f"the master key {settings.master_key_file} is missing, "
                    "and the database holds workspaces sealed under it"
                )
        master_key.create(settings.master_key_file)
    receipt_key.create(settings.receipt_key_file)
    return applied


@asynccontextmanager
async def open_ledger(
    settings: Settings, *, clock: Clock = now, is_gated: bool = True
) -> AsyncIterator[Ledger]:
    """Open the ledger: database, migrations, keys, and every cell's writer.

    Raises:
        Restored: A cell is older than its erasure ledger, which must be replayed first. Whoever
            does that opens it not gated.
    """
    async with AsyncExitStack() as stack:
        urls = await stack.enter_async_context(database(settings))
        await prepare(settings, urls)
        master_keys = open_master_keys(settings)
        await master_keys.newest()
        pool = await open_pool(urls.app, "ringledger_writer")
        stack.push_async_callback(pool.close)
        directory = Directory(pool, urls.app)
        cells = await stack.enter_async_context(
            open_cells(directory, master_keys, clock, settings.erasure_ledgers, is_gated=is_gated)
        )
        yield Ledger(
            settings,
            directory,
            cells,
            clock,
            open_objects(settings),
            master_keys,
            receipt_key.read(settings.receipt_key_file),
        )


def open_objects(settings: Settings) -> ObjectStore:
    """The object store of the settings."""
    if settings.objects_url is None:
        return ObjectStore.in_folder(settings.objects_folder)
    return ObjectStore.at(settings.objects_url)


def open_master_keys(settings: Settings) -> MasterKeys:
    """Where the master keys of the settings lie."""
    if settings.master_key is None:
        return master_key.read(settings.master_key_file)
    service = key_service(settings.master_key)
    is_left = settings.master_key_file.exists()
    return Handover(settings.master_key_file, service) if is_left else service


def key_service(url: str) -> MasterKeys:
    """The key service that a setting names. Each is imported only where it is used."""
    parts = urlsplit(url)
    name = parts.path.removeprefix("/")
    if parts.scheme == "awskms":
        from adapters.keys.aws_kms import AwsKms  # noqa: PLC0415 - a second's worth of imports

        return AwsKms(name)
    from adapters.keys.vault_transit import VaultTransit  # noqa: PLC0415 - as above

    return VaultTransit(name)
