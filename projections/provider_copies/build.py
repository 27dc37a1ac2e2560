"""How the entries of a deletion at the provider become its row. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.messages import Entry
from domain.provider_copies.copies import PROVIDER_COPIES
from domain.provider_copies.state import Copies, evolve


@dataclass(frozen=True, slots=True)
class CopiesSoFar:
    """A deletion as far as its entries were read."""

    workspace_id: UUID
    copies_id: UUID
    asked_at: datetime
    version: int = 0
    position: int = 0
    copies: Copies = PROVIDER_COPIES.initial


def fold(so_far: CopiesSoFar | None, entry: Entry) -> CopiesSoFar:
    """One more entry of it."""
    event: Any = entry.event
    told = so_far or CopiesSoFar(entry.workspace_id, entry.stream_id, entry.recorded_at)
    return replace(
        told,
        version=entry.version,
        position=entry.position,
        copies=evolve(told.copies, event),
    )


def row(so_far: CopiesSoFar) -> tuple[Any, ...]:
    """Its row, in the order of the view's columns."""
    copies = so_far.copies
    subjects = {str(subject) for _, subject in copies.asked_for if subject is not None}
    return (
        so_far.workspace_id,
        so_far.copies_id,
        so_far.version,
        so_far.position,
        copies.of,
        ",".join(sorted(subjects)),
        ",".join(sorted(map(str, copies.parties))),
        so_far.asked_at,
        "true" if copies.is_done else "false",
        copies.next_at,
        [copies.deletions[provider_id] for provider_id in sorted(copies.deletions)],
    )
