"""What can happen to a legal hold. Ids and a reference only: nobody is named."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from domain.holds.words import Ground, Scope
from domain.messages import Event


class HoldPlaced(Event):
    """From here on nothing that it reaches is destroyed, by whatever asks for it."""

    name: ClassVar[str] = "hold.placed"

    scope: Scope
    matter: str
    """The controller's own reference of the case; it names no person."""

    ground: Ground
    review_on: date
    """When somebody looks whether it is still needed."""

    subjects: tuple[UUID, ...] | None = None
    calls: tuple[UUID, ...] | None = None


class HoldReviewed(Event):
    """It was looked at and is still needed."""

    name: ClassVar[str] = "hold.reviewed"

    review_on: date
    """When it is looked at again."""


class HoldReleased(Event):
    """It stands no longer: what waited for it is carried out, and its escrow is destroyed."""

    name: ClassVar[str] = "hold.released"


HoldEvent = HoldPlaced | HoldReviewed | HoldReleased
