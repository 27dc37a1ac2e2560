"""The holds of a workspace, the newest first. There is no table: they are few."""

from collections import defaultdict
from typing import Final, NamedTuple
from uuid import UUID

from adapters.event_store.history import LAST_POSITION, read_streams
from adapters.postgres.pool import Connection
from domain.errors import NotFound
from domain.holds.events import HoldEvent
from domain.holds.hold import HOLD, Hold
from domain.messages import Entry

_PLACED: Final = """
    SELECT stream_id FROM entries WHERE workspace_id = %s AND name = 'hold.placed'
    ORDER BY position DESC
"""


class Told(NamedTuple):
    """A hold, and the entries that tell of it."""

    hold_id: UUID
    hold: Hold
    entries: list[Entry]


async def holds_of(connection: Connection, workspace_id: UUID) -> list[Told]:
    """Every hold that was ever placed in the workspace."""
    rows = await connection.execute(_PLACED, (workspace_id,))
    return await _read(connection, [hold_id for (hold_id,) in await rows.fetchall()])


async def hold_at(connection: Connection, workspace_id: UUID, hold_id: UUID) -> Told:
    """One hold; ``NotFound`` where the workspace has none of that id."""
    (found,) = await _read(connection, [hold_id])
    is_own = found.hold.placed and found.entries[0].workspace_id == workspace_id
    if not is_own:
        raise NotFound("hold")
    return found


async def _read(connection: Connection, hold_ids: list[UUID]) -> list[Told]:
    entries = defaultdict[UUID, list[Entry]](list)
    for entry in await read_streams(connection, hold_ids, LAST_POSITION):
        entries[entry.stream_id].append(entry)
    return [Told(one, _folded(entries[one]), entries[one]) for one in hold_ids]


def _folded(entries: list[Entry]) -> Hold:
    return HOLD.fold(e.event for e in entries if isinstance(e.event, HoldEvent))
