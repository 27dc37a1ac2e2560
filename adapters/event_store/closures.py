"""Closed workspaces: which are, and the end of each when its promised day has come.

Whether one is closed is asked by every request, so it is read off the history by an index of its
own: there is no copy of it that could be behind.
"""

from datetime import datetime
from typing import Final, LiteralString, NamedTuple
from uuid import UUID, uuid4

import psycopg
import structlog

from adapters.erasure_ledger.gate import Gate
from adapters.erasure_ledger.lines import Act, Kind, Line
from adapters.event_store.appending import STREAM_VERSION
from adapters.event_store.codec import encode
from adapters.event_store.erasures import Patience
from adapters.event_store.escrow import HELD
from adapters.event_store.history import read_stream
from adapters.event_store.standing import is_held
from adapters.event_store.writer import Clock
from adapters.keys.keyring import Keyring
from adapters.postgres.pool import Connection, Pool
from domain.errors import Refused
from domain.messages import Context, Entry
from domain.workspaces.commands import DestroyKeys
from domain.workspaces.events import WorkspaceEvent, WorkspaceKeysDestroyed
from domain.workspaces.state import Workspace
from domain.workspaces.workspace import WORKSPACE

# ruff: noqa: S608 - put together from constants of ours
_ENDS: Final[LiteralString] = (
    "name IN ('workspace.closed', 'workspace.reopened', 'workspace.keys_destroyed')"
)
IS_CLOSED: Final[LiteralString] = f"""
    coalesce((SELECT name <> 'workspace.reopened' FROM entries
              WHERE stream_id = %s AND {_ENDS} ORDER BY version DESC LIMIT 1), false)
"""
"""Whether the workspace of that id is closed: an expression, for whoever asks more at once."""

_CLOSED: Final[LiteralString] = f"""
    SELECT stream_id FROM (
        SELECT DISTINCT ON (stream_id) stream_id, name FROM entries WHERE {_ENDS}
        ORDER BY stream_id, version DESC
    ) AS last
    WHERE name = 'workspace.closed'
"""
_HAS_KEY: Final = "SELECT FROM workspace_keys WHERE workspace_id = %s"
_END: Final[LiteralString] = "SELECT end_workspace(%s, %s, %s, %s, %s, %s)"
log = structlog.get_logger()


async def is_closed(connection: Connection, workspace_id: UUID) -> bool:
    """Whether the workspace is closed, through a connection that may see it."""
    rows = await connection.execute("SELECT " + IS_CLOSED, (workspace_id,))
    ((found,),) = await rows.fetchall()
    closed: bool = found
    return closed


class _Stream(NamedTuple):
    """A workspace's own stream."""

    entries: list[Entry]
    workspace: Workspace


class Closures:
    """Ends the closed workspaces of one cell."""

    def __init__(
        self, pool: Pool, keyring: Keyring, clock: Clock, patiently: Patience, gate: Gate
    ) -> None:
        self._gate = gate
        self._pool = pool
        self._keyring = keyring
        self._clock = clock
        self._patiently = patiently

    async def finish(self) -> int:
        """Destroy the key of every workspace whose promised day has come; of how many.

        Safe to break off anywhere: a key goes in the transaction that says so, or stays. One on
        which a hold stands is left until it is released.
        """
        return await self._patiently(self._finish)

    async def do_again(self, act: Act, line: Line) -> None:
        """End the workspace that the erasure ledger says, if its key is here."""
        workspace_id, event = act.id, WorkspaceKeysDestroyed(occurred_at=self._clock())

        async def end() -> None:
            async with self._pool.connection() as connection:
                if (await connection.execute(_HAS_KEY, (workspace_id,))).rowcount:
                    version = len(await read_stream(connection, workspace_id)) + 1
                    await self._destroy(connection, workspace_id, version, event, line)

        await self._patiently(end)

    async def _finish(self) -> int:
        async with self._pool.connection() as connection:
            closed = await (await connection.execute(_CLOSED)).fetchall()
            ended = [await self._end(connection, workspace_id) for (workspace_id,) in closed]
        return sum(ended)

    async def _end(self, connection: Connection, workspace_id: UUID) -> bool:
        """Whether it was ended now. What changed while we decided is for the next sweep."""
        entries, workspace = await _read(connection, workspace_id)
        if not _is_due(workspace, self._clock()):
            return False
        try:
            held = await is_held(connection, workspace_id)
            command = DestroyKeys(occurred_at=self._clock(), is_held=held)
            for event in WORKSPACE.decide(workspace, command):
                await self._destroy(connection, workspace_id, len(entries) + 1, event)
        except Refused as refusal:
            log.info("workspace.kept", workspace_id=str(workspace_id), reason=str(refusal))
            return False
        except psycopg.DatabaseError as error:
            # Held, reopened or ended since we looked.
            if error.sqlstate == HELD or error.diag.constraint_name == STREAM_VERSION:
                return False
            raise
        return True

    async def _destroy(
        self,
        connection: Connection,
        workspace_id: UUID,
        version: int,
        event: WorkspaceEvent,
        resumed: Line | None = None,
    ) -> None:
        actor = "policy:erasure_ledger" if resumed else "policy:closure"
        body = encode(event, Context(actor, uuid4()), workspace_id)
        parameters = (workspace_id, self._clock(), version, event.schema_version, event.name, body)
        async with self._gate.destroying(connection, resumed) as destruction:
            await destruction.intend(Act(Kind.workspace_ended, workspace_id, workspace_id))
            await connection.execute(_END, parameters)
        self._keyring.forget(workspace_id)


async def _read(connection: Connection, workspace_id: UUID) -> _Stream:
    entries = await read_stream(connection, workspace_id)
    events = (entry.event for entry in entries)
    return _Stream(entries, WORKSPACE.fold(e for e in events if isinstance(e, WorkspaceEvent)))


def _is_due(workspace: Workspace, now: datetime) -> bool:
    closure = workspace.closure
    return closure is not None and not closure.is_final and now >= closure.keys_destroyed_from
