"""The rules of legal holds (GDPR Art. 17(3)), one story each."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from reports import at
from scenario import Scenario

from domain.holds.commands import PlaceHold, ReleaseHold, ReviewHold
from domain.holds.events import HoldPlaced, HoldReleased, HoldReviewed
from domain.holds.hold import HOLD, LONGEST_UNSEEN, Hold
from domain.holds.words import OPENS_FOR, Ground, Scope

ANNE, CALL, OWN = UUID(int=1), UUID(int=2), UUID(int=3)
TODAY = at(0).date()
SOON = TODAY + timedelta(days=30)
WHY: dict[str, Any] = {
    "occurred_at": at(0),
    "matter": "2026-17",
    "ground": Ground.legal_claims,
    "review_on": SOON,
}
PLACED = HoldPlaced(**WHY, scope=Scope.matter, subjects=(ANNE,), calls=(CALL,))
RELEASED = HoldReleased(occurred_at=at(9))


def place(scope: Scope, **more: Any) -> PlaceHold:  # noqa: ANN401 - whatever else it takes
    """Place a hold that is looked at in a month."""
    return PlaceHold(**{**WHY, **more}, scope=scope)


def test_a_hold_is_placed_once() -> None:
    """Each thing that it reaches is named once; a repeat says nothing."""
    asked = place(Scope.matter, subjects=(ANNE, ANNE), calls=(CALL,))
    Scenario(HOLD).when(asked).then(PLACED)
    Scenario(HOLD).given(PLACED).when(asked).nothing_happens()


@pytest.mark.parametrize(
    ("scope", "subjects", "calls"),
    [
        (Scope.subject, (), ()),
        (Scope.subject, (ANNE, OWN), ()),
        (Scope.subject, (ANNE,), (CALL,)),
        (Scope.call, (ANNE,), ()),
        (Scope.call, (), (CALL, OWN)),
        (Scope.matter, (), ()),
        (Scope.workspace, (ANNE,), ()),
    ],
    ids=["nobody", "two", "and a call", "a subject", "two calls", "nothing", "and a subject"],
)
def test_a_scope_says_how_much_it_names(
    scope: Scope, subjects: tuple[UUID, ...], calls: tuple[UUID, ...]
) -> None:
    """One subject, one call, any number of both, or everything and so none of them."""
    asked = place(scope, subjects=subjects, calls=calls)
    Scenario(HOLD).when(asked).refused("scope_of_something_else")


@pytest.mark.parametrize("days", [-1, 0, LONGEST_UNSEEN.days + 1])
def test_a_hold_is_looked_at_within_a_year(days: int) -> None:
    """Not today or before, and not so late that it is forgotten; for the first time and again."""
    review_on = TODAY + timedelta(days=days)
    asked = place(Scope.workspace, review_on=review_on)
    Scenario(HOLD).when(asked).refused("review_within_a_year")
    again = ReviewHold(review_on=review_on, occurred_at=at(0))
    Scenario(HOLD).given(PLACED).when(again).refused("review_within_a_year")


def test_a_review_says_when_to_look_again() -> None:
    """The same day again says nothing."""
    later = SOON + timedelta(days=30)
    review = ReviewHold(review_on=later, occurred_at=at(5))
    reviewed = HoldReviewed(review_on=later, occurred_at=at(5))
    Scenario(HOLD).given(PLACED).when(review).then(reviewed)
    Scenario(HOLD).given(PLACED, reviewed).when(review).nothing_happens()


def test_a_release_happens_once() -> None:
    """And afterwards there is nothing to look at."""
    release = ReleaseHold(occurred_at=at(9))
    Scenario(HOLD).given(PLACED).when(release).then(RELEASED)
    Scenario(HOLD).given(PLACED, RELEASED).when(release).nothing_happens()
    review = ReviewHold(review_on=SOON, occurred_at=at(9))
    Scenario(HOLD).given(PLACED, RELEASED).when(review).refused("hold_does_not_stand")


@pytest.mark.parametrize(
    "command",
    [ReleaseHold(occurred_at=at(0)), ReviewHold(review_on=SOON, occurred_at=at(0))],
    ids=["release", "review"],
)
def test_what_was_never_placed_does_not_stand(command: ReleaseHold | ReviewHold) -> None:
    """It can neither be looked at nor released."""
    Scenario(HOLD).when(command).refused("hold_does_not_stand")


def test_what_a_hold_reaches() -> None:
    """What it names, or the whole workspace; released, nothing."""
    everything = HoldPlaced(**WHY, scope=Scope.workspace)
    assert Scenario(HOLD).state == Hold()
    assert Scenario(HOLD).state.reaches(OWN) == ()
    assert Scenario(HOLD).given(PLACED).state.reaches(OWN) == (ANNE, CALL)
    assert Scenario(HOLD).given(everything).state.reaches(OWN) == (OWN,)
    assert Scenario(HOLD).given(PLACED, RELEASED).state.reaches(OWN) == ()


@pytest.mark.parametrize(
    ("today", "is_overdue"),
    [(SOON - timedelta(days=1), False), (SOON, True), (SOON + timedelta(days=400), True)],
    ids=["the day before", "the day", "long after"],
)
def test_a_hold_whose_day_has_come_is_overdue(today: date, is_overdue: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """It goes on standing all the same; one that is released is nobody's concern."""
    hold = Scenario(HOLD).given(PLACED).state
    assert hold.is_overdue(today) is is_overdue
    assert hold.stands
    assert not Scenario(HOLD).given(PLACED, RELEASED).state.is_overdue(today)


def test_every_ground_opens_for_something() -> None:
    """What nothing but a hold keeps can be read for what it is kept for."""
    assert OPENS_FOR.keys() == set(Ground)
