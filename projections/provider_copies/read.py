"""Finding deletions at the provider: those to go on with, and how far a subject's are."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from adapters.postgres.pool import Connection
from domain.provider_copies.events import Residual
from domain.provider_copies.state import Deletion
from domain.provider_copies.words import CopyState

_IS_HELD: Final = """
    EXISTS (SELECT FROM held WHERE held_id = ANY (ARRAY[workspace_id, of_id] || parties))
"""
# ruff: noqa: S608 - put together from constants of ours
_DUE: Final = f"""
    SELECT workspace_id, copies_id FROM provider_copies
    WHERE NOT is_done AND (next_at IS NULL OR next_at <= %(now)s) AND NOT {_IS_HELD}
        AND workspace_id = coalesce(%(workspace_id)s, workspace_id)
    ORDER BY next_at NULLS FIRST, asked_at LIMIT %(limit)s
"""
_OF_SUBJECT: Final = f"""
    SELECT is_done, NOT is_done AND {_IS_HELD}, deletions FROM provider_copies
    WHERE workspace_id = %s AND subjects @> ARRAY[%s]::uuid[]
"""
_ALL_ASKED: Final = """
    SELECT coalesce(bool_and(s.deleted_at IS NOT NULL AND p.position >= coalesce((
        SELECT max(position) FROM entries
        WHERE stream_id = s.subject_id AND name = 'subject.values_deleted'), 0)), false)
    FROM subjects s, positions p
    WHERE s.workspace_id = %s AND s.subject_id = %s AND p.view = 'provider_copies'
"""


class Place(NamedTuple):
    """Which deletion, and whose."""

    workspace_id: UUID
    copies_id: UUID


@dataclass(frozen=True, slots=True)
class SubjectCopies:
    """How far the deletion of everything that the provider holds of a subject is."""

    is_all_asked: bool
    """Whether the deletion of everything was asked for: soon after an erasure, before its last
    sealed box is deleted. Until then there may be more than is counted here."""

    is_done: bool
    """Whether all was asked for, and the provider confirmed all of it. Residuals may remain."""

    is_held: bool
    """Whether a legal hold (Art. 17(3)(e)) keeps at the provider what was asked for."""

    states: Mapping[CopyState, int]
    """How many copies are in each state; every state is there."""

    residuals: tuple[Residual, ...]
    """What still remains at the provider, each kind with its last day."""


async def due(
    connection: Connection, now: datetime, limit: int, workspace_id: UUID | None = None
) -> list[Place]:
    """What can be gone on with by now, of a cell or of one workspace; the new before the old."""
    asked = {"now": now, "limit": limit, "workspace_id": workspace_id}
    rows = await connection.execute(_DUE, asked)
    return [Place(*row) for row in await rows.fetchall()]


async def copies_of(
    connection: Connection, workspace_id: UUID, subject_id: UUID, day: date
) -> SubjectCopies:
    """What became of the provider's copies of a subject, as of a UTC day.

    The connection must be in one snapshot (``scoped``) for the whole call.
    """
    asked = await connection.execute(_ALL_ASKED, (workspace_id, subject_id))
    ((is_all_asked,),) = await asked.fetchall()
    rows = await (await connection.execute(_OF_SUBJECT, (workspace_id, subject_id))).fetchall()
    deletions = msgspec.convert([one for *_, found in rows for one in found], list[Deletion])
    counted = Counter(one.state(day) for one in deletions)
    return SubjectCopies(
        is_all_asked=is_all_asked,
        is_done=is_all_asked and all(is_done for is_done, *_ in rows),
        is_held=any(is_held for _, is_held, _ in rows),
        states={state: counted[state] for state in CopyState},
        residuals=_latest([rest for one in deletions for rest in one.residuals], day),
    )


def _latest(residuals: Collection[Residual], day: date) -> tuple[Residual, ...]:
    """Each kind once, with the last of its days; what is over by now is left out."""
    found = {
        one.what: one
        for one in sorted(residuals, key=lambda one: one.until or date.max)
        if one.until is None or one.until >= day
    }
    return tuple(found[what] for what in sorted(found))
