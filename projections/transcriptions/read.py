"""Finding transcriptions: those of a call, and those that are to be fetched."""

from collections import defaultdict
from datetime import timedelta
from typing import Final, NamedTuple
from uuid import UUID

from adapters.event_store.history import LAST_POSITION, read_streams
from adapters.postgres.pool import Connection
from domain.messages import Entry

FIRST_PAUSE: Final = timedelta(seconds=15)
"""After an attempt; each further one waits twice as long, up to ``LONGEST_PAUSE``."""

LONGEST_PAUSE: Final = timedelta(hours=6)
AT_ONCE: Final = 500

_OF_CALL: Final = """
    SELECT transcription_id FROM transcriptions WHERE workspace_id = %s AND call_id = %s
    ORDER BY first_recorded_at, transcription_id
"""
_DUE: Final = """
    SELECT workspace_id, transcription_id FROM transcriptions
    WHERE is_due AND (tried_at IS NULL
        OR tried_at + least(%s * power(2, least(greatest(attempts, 1) - 1, 20)), %s) <= now())
    ORDER BY first_recorded_at LIMIT %s
"""


class Place(NamedTuple):
    """Which transcription, and whose."""

    workspace_id: UUID
    transcription_id: UUID


async def streams_of_call(
    connection: Connection, workspace_id: UUID, call_id: UUID
) -> dict[UUID, list[Entry]]:
    """The entries of each transcription of a call, the oldest first."""
    rows = await connection.execute(_OF_CALL, (workspace_id, call_id))
    ids = [transcription_id for (transcription_id,) in await rows.fetchall()]
    found = defaultdict[UUID, list[Entry]](list)
    for entry in await read_streams(connection, ids, LAST_POSITION):
        found[entry.stream_id].append(entry)
    return {transcription_id: found[transcription_id] for transcription_id in ids}


async def due(connection: Connection, first_pause: timedelta = FIRST_PAUSE) -> list[Place]:
    """The transcriptions of a cell that are to be fetched now, the oldest first."""
    rows = await connection.execute(_DUE, (first_pause, LONGEST_PAUSE, AT_ONCE))
    return [Place(*row) for row in await rows.fetchall()]
