"""The rules of erasure (GDPR Art. 17) and restriction (Art. 18), one story each."""

from uuid import UUID

import pytest
from reports import at
from scenario import Scenario

from domain.subjects.commands import (
    ConfirmDeletion,
    EraseSubject,
    LiftRestriction,
    RestrictSubject,
)
from domain.subjects.events import (
    ErasureReason,
    RestrictionGround,
    SubjectErased,
    SubjectErasureAsked,
    SubjectRestricted,
    SubjectRestrictionLifted,
    SubjectValuesDeleted,
)
from domain.subjects.subject import SUBJECT, Subject

ONE, OTHER = UUID(int=1), UUID(int=2)
ASKED = SubjectErasureAsked(occurred_at=at(0), reason=ErasureReason.requested, holds=(ONE,))
RESTRICTED = SubjectRestricted(occurred_at=at(1), ground=RestrictionGround.accuracy)
LIFTED = SubjectRestrictionLifted(occurred_at=at(7), told_at=at(6))
ERASED = SubjectErased(occurred_at=at(0), reason=ErasureReason.requested)
PART = SubjectValuesDeleted(occurred_at=at(4), values_deleted=1000, is_complete=False)
DELETED = SubjectValuesDeleted(occurred_at=at(5), values_deleted=12, is_complete=True)


@pytest.mark.parametrize("reason", list(ErasureReason))
def test_a_subject_is_erased_for_a_reason(reason: ErasureReason) -> None:
    """Each ground of Art. 17 erases, and is told with the erasure."""
    Scenario(SUBJECT).when(EraseSubject(reason=reason, occurred_at=at(0))).then(
        SubjectErased(occurred_at=at(0), reason=reason)
    )


def test_an_erasure_happens_once() -> None:
    """Asked again, even for another reason, nothing happens: there is nothing left to erase."""
    again = EraseSubject(reason=ErasureReason.objection, occurred_at=at(9))
    Scenario(SUBJECT).given(ERASED).when(again).nothing_happens()


@pytest.mark.parametrize("event", [PART, DELETED])
def test_deletion_is_confirmed_after_the_erasure(event: SubjectValuesDeleted) -> None:
    """The boxes go after their key, batch by batch; how many, and whether all, is told."""
    Scenario(SUBJECT).given(ERASED).when(confirmation(event)).then(event)
    Scenario(SUBJECT).given(ERASED, PART).when(confirmation(event)).then(event)


def test_a_complete_deletion_is_confirmed_once() -> None:
    """Once nothing is left, a repeated confirmation says nothing, whatever it counted."""
    Scenario(SUBJECT).given(ERASED, DELETED).when(confirmation(PART)).nothing_happens()


def test_no_deletion_without_an_erasure() -> None:
    """The values of a living subject are not to be deleted by this way."""
    Scenario(SUBJECT).when(confirmation(DELETED)).refused("deletion_before_erasure")


def test_what_is_known_of_a_subject() -> None:
    """Nothing but whether they were erased, and whether the boxes are gone too."""
    assert Scenario(SUBJECT).state == Subject(is_erased=False, is_deleted=False)
    assert Scenario(SUBJECT).given(ERASED).state == Subject(is_erased=True)
    assert Scenario(SUBJECT).given(ERASED, PART).state == Subject(is_erased=True)
    assert Scenario(SUBJECT).given(ERASED, PART, DELETED).state == Subject(
        is_erased=True, is_deleted=True
    )


def erase(*holds: UUID, reason: ErasureReason = ErasureReason.requested) -> EraseSubject:
    """Ask for the erasure, while these holds stand in its way."""
    return EraseSubject(reason=reason, occurred_at=at(0), holds=holds)


def test_an_erasure_waits_for_what_stands_in_its_way() -> None:
    """That it was asked for is kept, once for the same holds; without any, it happens."""
    Scenario(SUBJECT).when(erase(ONE)).then(ASKED)
    Scenario(SUBJECT).given(ASKED).when(erase(ONE)).nothing_happens()
    both = SubjectErasureAsked(
        occurred_at=at(0), reason=ErasureReason.requested, holds=(ONE, OTHER)
    )
    Scenario(SUBJECT).given(ASKED).when(erase(ONE, OTHER)).then(both)
    Scenario(SUBJECT).given(both).when(erase(OTHER, ONE)).nothing_happens()
    Scenario(SUBJECT).given(ASKED).when(erase()).then(ERASED)
    Scenario(SUBJECT).given(ASKED, ERASED).when(erase(ONE)).nothing_happens()


@pytest.mark.parametrize("reason", list(ErasureReason))
def test_only_the_subject_erases_what_is_restricted(reason: ErasureReason) -> None:
    """Their own wish goes before what they had restricted; the controller's does not."""
    asked = Scenario(SUBJECT).given(RESTRICTED).when(erase(reason=reason))
    if reason is ErasureReason.instruction:
        asked.refused("restricted")
    else:
        asked.then(SubjectErased(occurred_at=at(0), reason=reason))


@pytest.mark.parametrize("ground", list(RestrictionGround))
def test_a_restriction_has_a_ground(ground: RestrictionGround) -> None:
    """Each of Art. 18(1); the same again says nothing, and another one is said."""
    restrict = RestrictSubject(ground=ground, occurred_at=at(1))
    restricted = SubjectRestricted(occurred_at=at(1), ground=ground)
    Scenario(SUBJECT).when(restrict).then(restricted)
    Scenario(SUBJECT).given(restricted).when(restrict).nothing_happens()
    Scenario(SUBJECT).given(ERASED).when(restrict).refused("subject_erased")
    if ground is not RESTRICTED.ground:
        Scenario(SUBJECT).given(RESTRICTED).when(restrict).then(restricted)


def test_a_restriction_is_lifted_after_the_subject_was_told() -> None:
    """Art. 18(3): telling them comes first."""
    lift = LiftRestriction(told_at=at(6), occurred_at=at(7))
    Scenario(SUBJECT).given(RESTRICTED).when(lift).then(LIFTED)
    Scenario(SUBJECT).given(RESTRICTED, LIFTED).when(lift).nothing_happens()
    Scenario(SUBJECT).when(lift).nothing_happens()
    untold = LiftRestriction(told_at=at(8), occurred_at=at(7))
    Scenario(SUBJECT).given(RESTRICTED).when(untold).refused("told_before_it_is_lifted")


def test_what_stands_in_the_way_is_known() -> None:
    """Who opposes the erasure (Art. 18(1)(b)) takes back what they asked for."""
    unlawful = SubjectRestricted(ground=RestrictionGround.unlawful)
    assert Scenario(SUBJECT).given(ASKED).state == Subject(asked=ASKED)
    assert Scenario(SUBJECT).given(ASKED, RESTRICTED).state == Subject(
        asked=ASKED, restriction=RestrictionGround.accuracy
    )
    assert Scenario(SUBJECT).given(ASKED, unlawful).state == Subject(
        restriction=RestrictionGround.unlawful
    )
    assert Scenario(SUBJECT).given(RESTRICTED, LIFTED).state == Subject()
    assert Scenario(SUBJECT).given(ASKED, RESTRICTED, ERASED).state == Subject(is_erased=True)


def confirmation(event: SubjectValuesDeleted) -> ConfirmDeletion:
    """The command that says just what the event will."""
    return ConfirmDeletion(
        values_deleted=event.values_deleted,
        is_complete=event.is_complete,
        occurred_at=event.occurred_at,
    )
