"""One cell as a process uses it: a pool to read, a writer, and what erases."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import psycopg

from adapters.accesses.access import Recorded
from adapters.accesses.expiry import AccessExpiry
from adapters.accesses.recorder import AccessRecorder
from adapters.cells.whereabouts import Patience, Whereabouts, has_moved
from adapters.erasure_ledger.file import ErasureLedger
from adapters.erasure_ledger.gate import Gate
from adapters.erasure_ledger.lines import Kind
from adapters.event_store.closures import Closures
from adapters.event_store.erasures import Erasures
from adapters.event_store.expiries import Expiries
from adapters.event_store.holds import Holds
from adapters.event_store.writer import CellWriter, Clock
from adapters.keys.keyring import Keyring
from adapters.keys.master_keys import MasterKeys
from adapters.keys.workspace_key import WorkspaceKey
from adapters.postgres.pool import Connection, Pool, open_pool
from adapters.provider_copies.asking import Asker
from domain.accesses import Reader
from domain.errors import Unavailable

READ_ONLY = (
    r"-c default_transaction_read_only=on -c default_transaction_isolation=repeatable\ read"
)
_SCOPE = "SELECT set_config('ringledger.workspace_id', %s, true) FROM counter"
"""From a table of the cell: so it fails, before anything is read, where the cell is no more."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell's name and the ways into it, each with no more rights than it needs.

    All of them lead to where the cell is by then: it may move while they are in use.
    """

    name: str
    whereabouts: Whereabouts
    reading: Pool
    """Reads one workspace at a time, through ``scoped`` only."""

    writing: Pool
    """For what changes outside the history: keys, credentials, erasures."""

    keyring: Keyring
    writer: CellWriter
    erasures: Erasures
    closures: Closures
    holds: Holds
    expiries: Expiries
    gate: Gate
    """Before it, and on the way of whatever destroys."""

    accesses: AccessRecorder
    access_expiry: AccessExpiry

    @asynccontextmanager
    async def scoped(self, workspace_id: UUID) -> AsyncIterator[Connection]:
        """One snapshot in which the database itself shows this workspace and no other.

        Raises:
            Unavailable: The cell went elsewhere meanwhile, or moves for too long.
        """
        patience, is_lent = Patience(self.whereabouts), False
        while not is_lent:
            place = self.whereabouts.place
            try:
                async with self.reading.connection() as connection, connection.transaction():
                    await connection.execute(_SCOPE, (str(workspace_id),))
                    is_lent = True
                    yield connection
            except psycopg.Error as error:
                if not is_lent:
                    await patience.endure(error)
                elif has_moved(error) and not await self.whereabouts.is_open(place):
                    # What was read until now lies elsewhere; from the start, or not at all.
                    raise Unavailable("cell") from error
                else:
                    raise

    async def workspace_key(self, connection: Connection, workspace_id: UUID) -> WorkspaceKey:
        """The workspace's key, through a connection that may see it."""
        return await self.keyring.get(connection, workspace_id)

    def access(self, reader: Reader) -> Recorded:
        """The access of somebody to what is sealed here."""
        return Recorded(reader, self.accesses)

    async def follow(self) -> Connection:
        """A connection for a follower: the whole history, and the views."""
        return await self.whereabouts.connect("ringledger_follower")


@asynccontextmanager
async def open_cell(
    whereabouts: Whereabouts,
    master_keys: MasterKeys,
    clock: Clock,
    erasure_ledger: ErasureLedger,
    *,
    is_gated: bool = True,
) -> AsyncIterator[Cell]:
    """Open a cell and start its writer; on leaving, all who wait are answered first.

    Raises:
        Restored: It is older than its erasure ledger. Open it not gated, to replay that.
    """
    keyring = Keyring(master_keys)
    writer = CellWriter(lambda: whereabouts.connect("ringledger_writer"), keyring, clock)
    reading = await open_pool(
        lambda: whereabouts.inside(READ_ONLY), "ringledger_api", min_size=1, max_size=8
    )
    writing = await open_pool(whereabouts.inside, "ringledger_writer", min_size=1, max_size=4)
    for pool in (reading, writing):
        whereabouts.lead(pool)
    asker = Asker(writer)
    asker, gate = Asker(writer), Gate(whereabouts, erasure_ledger)
    patiently = whereabouts.patiently
    erasures = Erasures(writing, keyring, clock, patiently, gate, asker.of_subject)
    closures = Closures(writing, keyring, clock, patiently, gate)
    expiries = Expiries(writing, keyring, clock, patiently, gate)
    holds = Holds(writing, clock, patiently)
    gate.knows(Kind.subject_erased, erasures.do_again)
    gate.knows(Kind.workspace_ended, closures.do_again)
    gate.knows(Kind.bucket_expired, expiries.do_again)
    accesses = AccessRecorder(lambda: whereabouts.connect("ringledger_writer"), clock)
    access_expiry = AccessExpiry(writing, clock, patiently)
    try:
        if is_gated:
            await gate.admit()
        writer.start()
        yield Cell(
            whereabouts.place.name,
            whereabouts,
            reading,
            writing,
            keyring,
            writer,
            erasures,
            closures,
            holds,
            expiries,
            gate,
            accesses,
            access_expiry,
        )
    finally:
        await accesses.close()
        await writer.close()
        await reading.close()
        await writing.close()
