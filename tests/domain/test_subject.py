"""The rules of erasure (GDPR Art. 17), one story each."""

import pytest
from reports import at
from scenario import Scenario

from domain.subjects.commands import ConfirmDeletion, EraseSubject
from domain.subjects.events import ErasureReason, SubjectErased, SubjectValuesDeleted
from domain.subjects.subject import SUBJECT, Subject

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


def confirmation(event: SubjectValuesDeleted) -> ConfirmDeletion:
    """The command that says just what the event will."""
    return ConfirmDeletion(
        values_deleted=event.values_deleted,
        is_complete=event.is_complete,
        occurred_at=event.occurred_at,
    )
