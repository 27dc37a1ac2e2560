"""One cell as a process uses it: a pool to read, a writer, and what erases."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from psycopg.conninfo import make_conninfo

from adapters.event_store.erasures import Erasures
from adapters.event_store.writer import CellWriter, Clock
from adapters.keys.keyring import Keyring
from adapters.keys.master_key import MasterKeys
from adapters.keys.workspace_key import WorkspaceKey
from adapters.postgres.pool import Connection, Pool, connect, open_pool

READ_ONLY = (
    r"-c default_transaction_read_only=on -c default_transaction_isolation=repeatable\ read"
)

BOUNDED = "-c statement_timeout=8s"
BOUNDED_NETWORK = {"connect_timeout": 5, "tcp_user_timeout": 8_000}
"""Nobody waits for ever for a database that fell silent; Twilio waits 15 s at most."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell's name and the ways into it, each with no more rights than it needs."""

    name: str
    url: str
    """The database, with the cell's schema as its search path."""

    reading: Pool
    """Reads one workspace at a time, through ``scoped`` only."""

    writing: Pool
    """For what changes outside the history: keys, credentials, erasures."""

    keyring: Keyring
    writer: CellWriter
    erasures: Erasures

    @asynccontextmanager
    async def scoped(self, workspace_id: UUID) -> AsyncIterator[Connection]:
        """One snapshot in which the database itself shows this workspace and no other."""
        async with self.reading.connection() as connection, connection.transaction():
            await connection.execute(
                "SELECT set_config('ringledger.workspace_id', %s, true)", (str(workspace_id),)
            )
            yield connection

    async def workspace_key(self, connection: Connection, workspace_id: UUID) -> WorkspaceKey:
        """The workspace's key, through a connection that may see it."""
        return await self.keyring.get(connection, workspace_id)

    async def follow(self) -> Connection:
        """A connection for a follower: the whole history, and the views."""
        return await connect(self.url, "ringledger_follower")


@asynccontextmanager
async def open_cell(
    url: str, name: str, master_keys: MasterKeys, clock: Clock
) -> AsyncIterator[Cell]:
    """Open a cell and start its writer; on leaving, all who wait are answered first."""
    inside = make_conninfo(url, options=f"-c search_path={name} {BOUNDED}", **BOUNDED_NETWORK)
    read_only = make_conninfo(inside, options=f"-c search_path={name} {BOUNDED} {READ_ONLY}")
    keyring = Keyring(master_keys)
    writer = CellWriter(lambda: connect(inside, "ringledger_writer"), keyring, clock)
    reading = await open_pool(read_only, "ringledger_api", min_size=1, max_size=8)
    writing = await open_pool(inside, "ringledger_writer", min_size=1, max_size=4)
    writer.start()
    try:
        yield Cell(
            name, inside, reading, writing, keyring, writer, Erasures(writing, keyring, clock)
        )
    finally:
        await writer.close()
        await reading.close()
        await writing.close()
