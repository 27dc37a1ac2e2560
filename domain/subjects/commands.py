"""What can be asked about a data subject."""

from datetime import datetime
from uuid import UUID

from domain.messages import Command
from domain.subjects.events import ErasureReason, RestrictionGround


class EraseSubject(Command):
    """Make every value of the subject unreadable, for ever."""

    reason: ErasureReason
    occurred_at: datetime | None = None
    holds: tuple[UUID, ...] = ()
    """Those that stand in its way."""
    is_again: bool = False
    """Whether it was done before, in a database that this one was restored over."""


class ConfirmDeletion(Command):
    """So many sealed boxes of an erased subject are deleted, perhaps the last."""

    values_deleted: int
    is_complete: bool
    occurred_at: datetime | None = None


class RestrictSubject(Command):
    """Keep what is known of the subject, and do not use it (GDPR Art. 18)."""

    ground: RestrictionGround
    occurred_at: datetime


class LiftRestriction(Command):
    """Use it again, now that the subject was told."""

    told_at: datetime
    occurred_at: datetime


SubjectCommand = EraseSubject | ConfirmDeletion | RestrictSubject | LiftRestriction
