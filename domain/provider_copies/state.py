"""How far the deletion of the provider's copies of one call or message is."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import assert_never
from uuid import UUID

from domain.provider_copies.events import (
    CopiesEvent,
    CopiesFound,
    Copy,
    CopyDeleted,
    CopyRefused,
    DeletionAsked,
    LookFailed,
    Residual,
)
from domain.provider_copies.words import CopyKind, CopyState, Why


@dataclass(frozen=True, slots=True)
class Deletion:
    """One copy, and how far its deletion is."""

    copy: Copy
    attempts: int = 0
    next_at: datetime | None = None
    status: int | None = None
    """The evidence: what the provider answered when it confirmed."""

    residuals: tuple[Residual, ...] = ()

    @property
    def is_confirmed(self) -> bool:
        """Whether the provider said that it is gone."""
        return self.status is not None

    def state(self, day: date) -> CopyState:
        """How far it is on a UTC day."""
        if not self.is_confirmed:
            return CopyState.retrying if self.attempts else CopyState.asked
        remains = any(one.until is not None and one.until >= day for one in self.residuals)
        return CopyState.residual if remains else CopyState.confirmed

    @property
    def rank(self) -> int:
        """The lower goes first: texts, then audio, then the legs that were dialled, then others.

        What hangs on a leg is found by its id, and does not go with it.
        """
        match self.copy.kind:
            case CopyKind.transcription | CopyKind.transcript:
                return 0
            case CopyKind.recording:
                return 1
            case CopyKind.leg | CopyKind.message:
                return 3 if self.copy.parent_provider_id is None else 2


@dataclass(frozen=True, slots=True)
class Copies:
    """What the provider holds of one call or message."""

    of: UUID | None = None
    asked_for: frozenset[tuple[Why, UUID | None]] = frozenset()
    parties: frozenset[UUID] = frozenset()
    """Who took part, as far as known when it was asked for."""

    deletions: Mapping[str, Deletion] = field(default_factory=dict)
    """By the provider's id."""

    is_looked_at: bool = False
    """Whether the provider told all that it holds, since a deletion was asked for last."""

    look_attempts: int = 0
    look_next_at: datetime | None = None

    @property
    def left(self) -> tuple[Deletion, ...]:
        """What is not confirmed, in the order in which it goes."""
        open_ = (one for one in self.deletions.values() if not one.is_confirmed)
        return tuple(sorted(open_, key=lambda one: (one.rank, one.copy.provider_id)))

    @property
    def is_done(self) -> bool:
        """Whether the provider confirmed that everything is gone."""
        return self.is_looked_at and not self.left

    @property
    def next_at(self) -> datetime | None:
        """Not before then something can be done; ``None``: at once, or never again."""
        if not self.is_looked_at:
            return self.look_next_at
        first = self.left[0].rank if self.left else 0
        times = [one.next_at for one in self.left if one.rank == first]
        known = [time for time in times if time is not None]
        return min(known) if len(known) == len(times) and known else None


def evolve(copies: Copies, event: CopiesEvent) -> Copies:
    """The copies after one more event."""
    match event:
        case DeletionAsked():
            asked_for = copies.asked_for | {(event.why, event.subject_id)}
            parties = copies.parties.union(event.parties or ())
            return replace(copies, of=event.of, asked_for=asked_for, parties=parties)
        case CopiesFound():
            found = {one.provider_id: Deletion(one) for one in event.copies}
            return replace(
                copies,
                deletions={**found, **copies.deletions},
                is_looked_at=copies.is_looked_at or event.is_all,
                look_attempts=0,
                look_next_at=None,
            )
        case LookFailed():
            return replace(copies, look_attempts=event.attempt, look_next_at=event.next_at)
        case CopyRefused():
            refused = copies.deletions[event.provider_id]
            return _with(copies, replace(refused, attempts=event.attempt, next_at=event.next_at))
        case CopyDeleted():
            gone = copies.deletions[event.provider_id]
            return _with(copies, replace(gone, status=event.status, residuals=event.residuals))
        case _:
            assert_never(event)


def _with(copies: Copies, deletion: Deletion) -> Copies:
    return replace(copies, deletions={**copies.deletions, deletion.copy.provider_id: deletion})
