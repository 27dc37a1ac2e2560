"""The rules of legal holds (GDPR Art. 17(3)): what one reaches, and that somebody looks again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, assert_never
from uuid import UUID

from domain.decider import Decider
from domain.errors import Refused
from domain.holds.commands import HoldCommand, PlaceHold, ReleaseHold, ReviewHold
from domain.holds.events import HoldEvent, HoldPlaced, HoldReleased, HoldReviewed
from domain.holds.words import Scope

LONGEST_UNSEEN: Final = timedelta(days=366)
"""A hold that nobody looks at for longer than a year is storage without end (Art. 5(1)(e))."""


@dataclass(frozen=True, slots=True)
class Hold:
    """What is known of a hold; nothing at all before it is placed."""

    placed: HoldPlaced | None = None
    review_on: date | None = None
    is_released: bool = False

    @property
    def stands(self) -> bool:
        """Whether it is in the way of anything."""
        return self.placed is not None and not self.is_released

    def is_overdue(self, today: date) -> bool:
        """Whether the day has come on which somebody was to look at it."""
        return self.stands and self.review_on is not None and self.review_on <= today

    def reaches(self, workspace_id: UUID) -> tuple[UUID, ...]:
        """The ids of what it holds now: subjects, calls, or the whole workspace by its own."""
        if self.placed is None or self.is_released:
            return ()
        if self.placed.scope is Scope.workspace:
            return (workspace_id,)
        return (*(self.placed.subjects or ()), *(self.placed.calls or ()))


def decide(hold: Hold, command: HoldCommand) -> Sequence[HoldEvent]:
    """Place it once, look at it any number of times, release it once."""
    return tuple(_decide(hold, command))


def _decide(hold: Hold, command: HoldCommand) -> Iterator[HoldEvent]:
    match command:
        case PlaceHold():
            yield from _place(hold, command)
        case ReviewHold():
            if not hold.stands:
                raise Refused("hold_does_not_stand")
            _check_review(command.review_on, command.occurred_at)
            if command.review_on != hold.review_on:
                yield HoldReviewed(occurred_at=command.occurred_at, review_on=command.review_on)
        case ReleaseHold():
            if hold.placed is None:
                raise Refused("hold_does_not_stand")
            if not hold.is_released:
                yield HoldReleased(occurred_at=command.occurred_at)
        case _:
            assert_never(command)


def _place(hold: Hold, command: PlaceHold) -> Iterator[HoldEvent]:
    if hold.placed is not None:
        return
    if not _fits(command.scope, len(set(command.subjects)), len(set(command.calls))):
        raise Refused("scope_of_something_else")
    _check_review(command.review_on, command.occurred_at)
    yield HoldPlaced(
        occurred_at=command.occurred_at,
        scope=command.scope,
        matter=command.matter,
        ground=command.ground,
        review_on=command.review_on,
        subjects=tuple(dict.fromkeys(command.subjects)) or None,
        calls=tuple(dict.fromkeys(command.calls)) or None,
    )


def _fits(scope: Scope, subjects: int, calls: int) -> bool:
    match scope:
        case Scope.subject:
            return (subjects, calls) == (1, 0)
        case Scope.call:
            return (subjects, calls) == (0, 1)
        case Scope.matter:
            return subjects + calls > 0
        case Scope.workspace:
            return subjects + calls == 0
        case _:
            assert_never(scope)


def _check_review(review_on: date, now: datetime) -> None:
    if not now.date() < review_on <= now.date() + LONGEST_UNSEEN:
        raise Refused("review_within_a_year")


def evolve(hold: Hold, event: HoldEvent) -> Hold:
    """The hold after one more event."""
    match event:
        case HoldPlaced():
            return Hold(placed=event, review_on=event.review_on)
        case HoldReviewed():
            return replace(hold, review_on=event.review_on)
        case HoldReleased():
            return replace(hold, is_released=True)
        case _:
            assert_never(event)


HOLD = Decider(initial=Hold(), decide=decide, evolve=evolve)
