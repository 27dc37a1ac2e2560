"""The rules of erasure (GDPR Art. 17): once, for ever, and provable afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from domain.decider import Decider
from domain.errors import Refused
from domain.subjects.commands import ConfirmDeletion, EraseSubject, SubjectCommand
from domain.subjects.events import SubjectErased, SubjectEvent, SubjectValuesDeleted


@dataclass(frozen=True, slots=True)
class Subject:
    """What is known of a data subject: nothing but whether they were erased."""

    is_erased: bool = False
    is_deleted: bool = False
    """Whether the sealed boxes are gone too, after their key."""


def decide(subject: Subject, command: SubjectCommand) -> Sequence[SubjectEvent]:
    """Erase once; after that, confirm the deletion of the boxes until it is complete."""
    match command:
        case EraseSubject():
            if subject.is_erased:
                return ()
            return (SubjectErased(occurred_at=command.occurred_at, reason=command.reason),)
        case ConfirmDeletion():
            if not subject.is_erased:
                raise Refused("deletion_before_erasure")
            if subject.is_deleted:
                return ()
            return (
                SubjectValuesDeleted(
                    occurred_at=command.occurred_at,
                    values_deleted=command.values_deleted,
                    is_complete=command.is_complete,
                ),
            )
        case _:
            assert_never(command)


def evolve(subject: Subject, event: SubjectEvent) -> Subject:
    """The subject after one more event."""
    match event:
        case SubjectErased():
            return replace(subject, is_erased=True)
        case SubjectValuesDeleted():
            return replace(subject, is_deleted=event.is_complete)
        case _:
            assert_never(event)


SUBJECT = Decider(initial=Subject(), decide=decide, evolve=evolve)
