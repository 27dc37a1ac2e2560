"""Finding the withdrawals that something is owed to, and what they may reach."""

from typing import Final, NamedTuple
from uuid import UUID

from adapters.postgres.pool import Connection

AT_ONCE: Final = 200
_OWED: Final = """
    SELECT workspace_id, consent_id, subject_id FROM withdrawals
    WHERE is_owed AND consent_id > %s
        AND position <= (SELECT position FROM positions WHERE view = 'recordings')
    ORDER BY consent_id LIMIT %s
"""
_RECORDINGS: Final = """
    SELECT recording_id FROM recordings
    WHERE workspace_id = %(workspace)s AND (
        owners @> ARRAY[%(subject)s] OR call_id IN (
            SELECT stream_id FROM vault WHERE workspace_id = %(workspace)s
                AND (subject_ids[1] = %(subject)s OR subject_ids[2] = %(subject)s)
                AND starts_with(name, 'call.')))
    ORDER BY recording_id
"""
_TRANSCRIPTIONS: Final = """
    SELECT DISTINCT stream_id FROM vault
    WHERE workspace_id = %(workspace)s AND starts_with(name, 'transcription.')
        AND (subject_ids[1] = %(subject)s OR subject_ids[2] = %(subject)s)
    ORDER BY stream_id
"""


class Owed(NamedTuple):
    """Whose withdrawal, and of which consent."""

    workspace_id: UUID
    consent_id: UUID
    subject_id: UUID


async def owed(connection: Connection, after: UUID) -> list[Owed]:
    """Withdrawals of a cell that are not met yet, in the order of their consents, from one on.

    Only those before which the view of the recordings knows all: what we hear of after its party
    withdrew is not kept in the first place.
    """
    rows = await connection.execute(_OWED, (after, AT_ONCE))
    return [Owed(*row) for row in await rows.fetchall()]


async def recordings_with(
    connection: Connection, workspace_id: UUID, subject_id: UUID
) -> list[UUID]:
    """The recordings of every call that a subject is a party of, by all that leads to them."""
    places = {"workspace": workspace_id, "subject": subject_id}
    rows = await connection.execute(_RECORDINGS, places)
    return [recording_id for (recording_id,) in await rows.fetchall()]


async def transcriptions_with(
    connection: Connection, workspace_id: UUID, subject_id: UUID
) -> list[UUID]:
    """The transcriptions in which a subject is heard, by the texts that they lock."""
    places = {"workspace": workspace_id, "subject": subject_id}
    rows = await connection.execute(_TRANSCRIPTIONS, places)
    return [transcription_id for (transcription_id,) in await rows.fetchall()]
