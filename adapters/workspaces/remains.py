"""What is left of an ended workspace goes too: objects first, then keys, lookups and credentials.

Its key is destroyed, so none of it opens; but ciphertext that is kept for ever is not erased (EDPB
02/2025 v2.0, par. 51), and a keyed hash of a number leads to a person while it stands. Its sealed
boxes go as those of any bucket do, and are waited for.
"""

from typing import Final, LiteralString
from uuid import UUID, uuid4

import structlog

from adapters.cell import Cell
from adapters.event_store.appending import APPEND
from adapters.event_store.history import read_stream
from adapters.event_store.rows import EntryRow, entry_rows, parameters
from adapters.event_store.writer import Clock
from adapters.objects.store import ObjectStore
from adapters.postgres.pool import Connection
from domain.errors import Unavailable
from domain.messages import Context
from domain.workspaces.commands import ConfirmRemains
from domain.workspaces.events import WorkspaceEvent
from domain.workspaces.workspace import WORKSPACE

_ENDED: Final[LiteralString] = """
    SELECT stream_id FROM entries
    WHERE name IN ('workspace.keys_destroyed', 'workspace.remains_deleted')
    GROUP BY stream_id HAVING count(*) = 1
"""
_DELETE: Final[LiteralString] = """
    SELECT is_done, keys, lookups, secrets, current_epoch FROM delete_remains(%s)
"""
log = structlog.get_logger()


class Remains:
    """Deletes what ended workspaces of a cell have left."""

    def __init__(self, cell: Cell, objects: ObjectStore, clock: Clock) -> None:
        self._cell = cell
        self._objects = objects
        self._clock = clock

    async def finish(self) -> int:
        """Delete it, of every workspace that is ended; of how many nothing is left now.

        Safe to break off anywhere, and done again until the history says that nothing is left.
        """
        return await self._cell.whereabouts.patiently(self._finish)

    async def _finish(self) -> int:
        async with self._cell.writing.connection() as connection:
            ended = await (await connection.execute(_ENDED)).fetchall()
            return sum([await self._end(connection, workspace_id) for (workspace_id,) in ended])

    async def _end(self, connection: Connection, workspace_id: UUID) -> bool:
        try:
            async for one in self._objects.each(workspace_id):
                await self._objects.delete(one.name)
        except Unavailable:
            # The history says nothing, so it is done again.
            log.warning("workspace.objects_left", workspace_id=str(workspace_id))
            return False
        async with connection.transaction():
            found = await connection.execute(_DELETE, (workspace_id,))
            ((is_done, keys, lookups, credentials, epoch),) = await found.fetchall()
            if is_done:
                now = self._clock()
                command = ConfirmRemains(
                    occurred_at=now, keys=keys, lookups=lookups, credentials=credentials
                )
                rows = await _rows(connection, workspace_id, command)
                await connection.execute(APPEND, parameters(epoch, now, rows))
        return bool(is_done)


async def _rows(
    connection: Connection, workspace_id: UUID, command: ConfirmRemains
) -> list[EntryRow]:
    """What is to be said on the workspace's stream, which the writers' lock keeps as it is."""
    entries = await read_stream(connection, workspace_id)
    workspace = WORKSPACE.fold(e.event for e in entries if isinstance(e.event, WorkspaceEvent))
    context = Context("policy:closure", uuid4())
    decided = WORKSPACE.decide(workspace, command)
    return entry_rows(workspace_id, workspace_id, len(entries), decided, context)
