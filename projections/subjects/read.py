"""Finding a data subject, what is proved of their erasure, and what stands in its way."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

from adapters.event_store.history import read_stream
from adapters.event_store.standing import waiting_for
from adapters.postgres.pool import Connection
from domain.errors import NotFound
from domain.subjects.events import (
    ErasureReason,
    RestrictionGround,
    SubjectErased,
    SubjectErasureAsked,
    SubjectEvent,
    SubjectRestricted,
    SubjectValuesDeleted,
)
from domain.subjects.subject import SUBJECT

_BY_DIGEST: Final[LiteralString] = """
    SELECT subject_id FROM lookups WHERE workspace_id = %s AND digest = %s
"""
_BY_ID: Final[LiteralString] = """
    SELECT erased_at, deleted_at FROM subjects WHERE workspace_id = %s AND subject_id = %s
"""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the history proves of an erasure."""

    subject_id: UUID
    reason: ErasureReason
    erased_at: datetime
    """Since then no value of the subject opens."""

    position: int
    """Where the history says so."""

    values_deleted: int
    """How many sealed boxes were deleted so far."""

    deleted_at: datetime | None
    """Since then none is left; ``None`` while the deletion is under way."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An erasure that was asked for and is not carried out yet."""

    subject_id: UUID
    reason: ErasureReason
    asked_at: datetime
    holds: list[UUID]
    """Those in its way now."""


@dataclass(frozen=True, slots=True)
class Restriction:
    """Whether what is known of a subject is kept and not used."""

    subject_id: UUID
    is_restricted: bool
    ground: RestrictionGround | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands in the way of erasing or of using what is known of a subject."""

    holds: list[UUID]
    waiting: Waiting | None
    restriction: Restriction


async def subject_of(connection: Connection, workspace_id: UUID, digest: bytes) -> UUID | None:
    """The living subject whose number has this keyed hash."""
    rows = await connection.execute(_BY_DIGEST, (workspace_id, digest))
    found = await rows.fetchone()
    return found[0] if found else None


async def certificate_of(
    connection: Connection, workspace_id: UUID, subject_id: UUID
) -> Certificate | None:
    """The subject's erasure; ``None`` for one who was not erased.

    Raises:
        NotFound: The workspace has no such subject.
    """
    rows = await connection.execute(_BY_ID, (workspace_id, subject_id))
    found = await rows.fetchone()
    if found is None:
        raise NotFound("subject")
    erased_at, deleted_at = found
    if erased_at is None:
        return None
    entries = await read_stream(connection, subject_id)
    erased, event = next(
        (entry, entry.event) for entry in entries if isinstance(entry.event, SubjectErased)
    )
    deletions = (e.event for e in entries if isinstance(e.event, SubjectValuesDeleted))
    return Certificate(
        subject_id=subject_id,
        reason=event.reason,
        erased_at=erased_at,
        position=erased.position,
        values_deleted=sum(deletion.values_deleted for deletion in deletions),
        deleted_at=deleted_at,
    )


async def standing_of(connection: Connection, workspace_id: UUID, subject_id: UUID) -> Standing:
    """The subject's holds, the erasure that waits for them, and their restriction."""
    holds = await waiting_for(connection, workspace_id, subject_id)
    entries = await read_stream(connection, subject_id)
    subject = SUBJECT.fold(e.event for e in entries if isinstance(e.event, SubjectEvent))
    said = {type(entry.event): entry.recorded_at for entry in entries}
    waiting = None
    if subject.asked is not None:
        asked_at = said[SubjectErasureAsked]
        waiting = Waiting(subject_id, subject.asked.reason, asked_at, holds)
    restriction = Restriction(subject_id, is_restricted=False)
    if subject.restriction is not None:
        since = said[SubjectRestricted]
        restriction = Restriction(
            subject_id, is_restricted=True, ground=subject.restriction, since=since
        )
    return Standing(holds, waiting, restriction)
