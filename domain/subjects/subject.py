"""The rules of erasure (GDPR Art. 17), once and for ever, and of restriction (Art. 18)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from domain.decider import Decider
from domain.errors import Refused
from domain.subjects.commands import (
    ConfirmDeletion,
    EraseSubject,
    LiftRestriction,
    RestrictSubject,
    SubjectCommand,
)
from domain.subjects.events import (
    ErasureReason,
    RestrictionGround,
    SubjectErased,
    SubjectErasureAsked,
    SubjectEvent,
    SubjectRestricted,
    SubjectRestrictionLifted,
    SubjectValuesDeleted,
)


@dataclass(frozen=True, slots=True)
class Subject:
    """What is known of a data subject: whether they were erased, and what is in the way."""

    is_erased: bool = False
    is_deleted: bool = False
    """Whether the sealed boxes are gone too, after their key."""

    asked: SubjectErasureAsked | None = None
    """The erasure that waits for holds."""

    restriction: RestrictionGround | None = None


def decide(subject: Subject, command: SubjectCommand) -> Sequence[SubjectEvent]:
    """Erase once, though it may have to wait; then confirm the deletion until it is complete."""
    return tuple(_decide(subject, command))


def _decide(subject: Subject, command: SubjectCommand) -> Iterator[SubjectEvent]:
    match command:
        case EraseSubject():
            yield from _erase(subject, command)
        case ConfirmDeletion():
            yield from _confirm(subject, command)
        case RestrictSubject():
            if subject.is_erased:
                raise Refused("subject_erased")
            if subject.restriction is not command.ground:
                yield SubjectRestricted(occurred_at=command.occurred_at, ground=command.ground)
        case LiftRestriction():
            yield from _lift(subject, command)
        case _:
            assert_never(command)


def _erase(subject: Subject, command: EraseSubject) -> Iterator[SubjectEvent]:
    """The subject's own wish goes before their restriction; the controller's does not.

    What was done once is done again, whatever stood before it.
    """
    if subject.is_erased:
        return
    is_controllers = command.reason is ErasureReason.instruction
    if subject.restriction is not None and is_controllers and not command.is_again:
        raise Refused("restricted")
    if not command.holds:
        yield SubjectErased(occurred_at=command.occurred_at, reason=command.reason)
    elif subject.asked is None or set(subject.asked.holds) != set(command.holds):
        yield SubjectErasureAsked(
            occurred_at=command.occurred_at, reason=command.reason, holds=command.holds
        )


def _confirm(subject: Subject, command: ConfirmDeletion) -> Iterator[SubjectEvent]:
    if not subject.is_erased:
        raise Refused("deletion_before_erasure")
    if not subject.is_deleted:
        yield SubjectValuesDeleted(
            occurred_at=command.occurred_at,
            values_deleted=command.values_deleted,
            is_complete=command.is_complete,
        )


def _lift(subject: Subject, command: LiftRestriction) -> Iterator[SubjectEvent]:
    if subject.restriction is None:
        return
    if command.told_at > command.occurred_at:
        raise Refused("told_before_it_is_lifted")
    yield SubjectRestrictionLifted(occurred_at=command.occurred_at, told_at=command.told_at)


def evolve(subject: Subject, event: SubjectEvent) -> Subject:
    """The subject after one more event."""
    match event:
        case SubjectErased():
            return replace(subject, is_erased=True, asked=None, restriction=None)
        case SubjectValuesDeleted():
            return replace(subject, is_deleted=event.is_complete)
        case SubjectErasureAsked():
            return replace(subject, asked=event)
        case SubjectRestricted():
            # Who wants it restricted rather than erased takes back what they asked for.
            is_opposed = event.ground is RestrictionGround.unlawful
            asked = None if is_opposed else subject.asked
            return replace(subject, restriction=event.ground, asked=asked)
        case SubjectRestrictionLifted():
            return replace(subject, restriction=None)
        case _:
            assert_never(event)


SUBJECT = Decider(initial=Subject(), decide=decide, evolve=evolve)
