"""Listing dead letters, and reading one; straight from the history, for there are few."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

from adapters.event_store.codec import COLUMNS, Row, decode
from adapters.event_store.history import read_stream
from adapters.event_store.values import Reference, references
from adapters.postgres.pool import Connection
from domain.dead_letters.events import DeadLetterKept
from domain.errors import NotFound
from domain.messages import Entry
from projections.paging import Place

_NEWEST: Final[LiteralString] = f"""
    SELECT {COLUMNS} FROM entries
    WHERE workspace_id = %s AND name = 'dead_letter.kept' AND position < %s
    ORDER BY position DESC LIMIT %s
"""  # noqa: S608 - constants only
_REPLAYED: Final[LiteralString] = """
    SELECT stream_id, recorded_at FROM entries
    WHERE stream_id = ANY(%s) AND workspace_id = %s AND name = 'dead_letter.replayed'
"""
_END: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class DeadLetterRow:
    """A dead letter without what it says."""

    letter_id: UUID
    channel: str
    reason: str
    position: int
    recorded_at: datetime
    replayed_at: datetime | None

    @property
    def place(self) -> Place:
        """Where it stands: the newest come first."""
        return Place(self.position, self.letter_id)


@dataclass(frozen=True, slots=True)
class SealedLetter:
    """One dead letter, and where what it says lies."""

    letter_id: UUID
    channel: str
    callback: Reference


async def find_dead_letters(
    connection: Connection, workspace_id: UUID, *, limit: int, after: Place | None = None
) -> list[DeadLetterRow]:
    """The next dead letters, the newest first, at most ``limit``."""
    cursor = connection.cursor(binary=True)
    await cursor.execute(_NEWEST, (workspace_id, after.key if after else _END, limit))
    kept = [decode(Row(*row)) for row in await cursor.fetchall()]
    streams = [entry.stream_id for entry in kept]
    rows = await connection.execute(_REPLAYED, (streams, workspace_id))
    replayed_at: dict[UUID, datetime] = dict(await rows.fetchall())
    return [_row(entry, replayed_at.get(entry.stream_id)) for entry in kept]


async def read_dead_letter(
    connection: Connection, workspace_id: UUID, letter_id: UUID
) -> SealedLetter:
    """One dead letter; ``NotFound`` where the workspace has none by that id."""
    for entry in await read_stream(connection, letter_id):
        if isinstance(entry.event, DeadLetterKept) and entry.workspace_id == workspace_id:
            return SealedLetter(letter_id, entry.event.channel, next(iter(references(entry))))
    raise NotFound("dead letter")


def _row(entry: Entry, replayed_at: datetime | None) -> DeadLetterRow:
    event = entry.event
    if not isinstance(event, DeadLetterKept):
        raise TypeError(event.name)
    return DeadLetterRow(
        letter_id=entry.stream_id,
        channel=event.channel,
        reason=event.reason,
        position=entry.position,
        recorded_at=entry.recorded_at,
        replayed_at=replayed_at,
    )
