"""What can be asked about a legal hold."""

from datetime import date, datetime
from uuid import UUID

from domain.holds.words import Ground, Scope
from domain.messages import Command


class PlaceHold(Command):
    """Let nothing of these be destroyed."""

    scope: Scope
    matter: str
    ground: Ground
    review_on: date
    subjects: tuple[UUID, ...] = ()
    calls: tuple[UUID, ...] = ()
    occurred_at: datetime


class ReviewHold(Command):
    """It is still needed; look again on that day."""

    review_on: date
    occurred_at: datetime


class ReleaseHold(Command):
    """It is not needed any more."""

    occurred_at: datetime


HoldCommand = PlaceHold | ReviewHold | ReleaseHold
