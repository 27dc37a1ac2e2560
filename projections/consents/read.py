"""Finding consents, and a consent as it stood at any moment by what was known at another.

Where one stands is always folded from its entries: what the register holds is only who has which.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final, LiteralString
from uuid import UUID

from adapters.event_store.history import LAST_POSITION, read_stream, read_streams
from adapters.postgres.pool import Connection
from domain.consents.consent import CONSENT, Consent, last_by, standing_at
from domain.consents.events import ConsentEvent, ConsentFact
from domain.consents.words import Standing
from domain.errors import NotFound
from domain.messages import Entry

_OF_SUBJECT: Final[LiteralString] = """
    SELECT consent_id FROM consent_register WHERE workspace_id = %s AND subject_id = %s
    ORDER BY purpose, kind NULLS FIRST
"""


@dataclass(frozen=True, slots=True)
class Stood:
    """A consent as it stood at a moment, by what was known at another."""

    consent_id: UUID
    standing: Standing
    last: ConsentEvent
    """The statement that held."""

    version: int
    """The last entry that was known."""

    recorded_at: datetime

    @property
    def is_valid(self) -> bool:
        """Whether it could be relied on."""
        return self.standing is Standing.given


async def consents_of(
    connection: Connection, workspace_id: UUID, subject_id: UUID
) -> list[list[Entry]]:
    """The entries of each consent of a subject, in the order of their purposes."""
    rows = await connection.execute(_OF_SUBJECT, (workspace_id, subject_id))
    order = [consent_id for (consent_id,) in await rows.fetchall()]
    entries = await read_streams(connection, order, LAST_POSITION)
    entries.sort(key=lambda entry: (order.index(entry.stream_id), entry.version))
    return [list(stream) for _, stream in groupby(entries, lambda entry: entry.stream_id)]


async def consent_of(
    connection: Connection, workspace_id: UUID, consent_id: UUID, subject_id: UUID | None = None
) -> list[Entry]:
    """The entries of one consent.

    Raises:
        NotFound: The workspace has no such consent, or it is not this subject's.
    """
    entries = [
        entry
        for entry in await read_stream(connection, consent_id)
        if entry.workspace_id == workspace_id
        and isinstance(entry.event, ConsentFact)
        and subject_id in (None, entry.event.subject_id)
    ]
    if not entries:
        raise NotFound("consent")
    return entries


def stood(
    entries: Sequence[Entry], valid_at: datetime, known_at: datetime | None = None
) -> Stood | None:
    """Where a consent stood; ``None`` if by then nothing was said, or none of it was known.

    Args:
        entries: The consent's, in order.
        valid_at: What was true then: by when each statement was made (``occurred_at``).
        known_at: What we knew then: by when we learnt of each (``recorded_at``).
    """
    known = [entry for entry in entries if known_at is None or entry.recorded_at <= known_at]
    consent = consent_in(known)
    standing, last = standing_at(consent, valid_at), last_by(consent, valid_at)
    if standing is None or last is None:
        return None
    newest = known[-1]
    return Stood(newest.stream_id, standing, last, newest.version, newest.recorded_at)


def consent_in(entries: Sequence[Entry]) -> Consent:
    """The consent that these entries tell of."""
    return CONSENT.fold(e.event for e in entries if isinstance(e.event, ConsentFact))
