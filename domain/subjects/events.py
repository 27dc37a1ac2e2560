"""What can happen to a data subject. Ids and counts only: it must outlive the person's values."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from domain.messages import Event


class ErasureReason(StrEnum):
    """Why a subject was erased (GDPR Art. 17(1))."""

    requested = "requested"
    """The subject asked for it, and one of the grounds (a) to (e) holds."""

    withdrawn_consent = "withdrawn_consent"
    """Art. 17(1)(b): consent was the basis and is withdrawn."""

    objection = "objection"
    """Art. 17(1)(c): the subject objected and no overriding ground stands."""

    instruction = "instruction"
    """The controller told us to (Art. 28(3)(a))."""


class RestrictionGround(StrEnum):
    """Why what is known of a subject is kept and not used (GDPR Art. 18(1))."""

    accuracy = "accuracy"
    """(a): they contest it, and it is being looked into."""

    unlawful = "unlawful"
    """(b): it is kept without a right to, and they want it restricted rather than erased."""

    needed_by_subject = "needed_by_subject"
    """(c): they need it for legal claims, and nobody else does any more."""

    objection = "objection"
    """(d): they objected (Art. 21(1)), and whose grounds weigh more is being looked into."""


class SubjectErased(Event):
    """The subject's key and lookup were destroyed in the transaction that wrote this entry.

    From here on no sealed value of the subject opens, in any copy of this database
    whose keys are not older than this entry.
    """

    name: ClassVar[str] = "subject.erased"

    reason: ErasureReason


class SubjectValuesDeleted(Event):
    """So many sealed boxes of the subject were deleted, after their key."""

    name: ClassVar[str] = "subject.values_deleted"

    values_deleted: int
    is_complete: bool
    """Whether they were the last: nothing is left that a key could open."""


class SubjectErasureAsked(Event):
    """The erasure was asked for, and waits until the holds in its way are released."""

    name: ClassVar[str] = "subject.erasure_asked"

    reason: ErasureReason
    holds: tuple[UUID, ...]


class SubjectRestricted(Event):
    """From here on what is known of the subject is kept and not used (Art. 18(1), 4(3))."""

    name: ClassVar[str] = "subject.restricted"

    ground: RestrictionGround


class SubjectRestrictionLifted(Event):
    """It may be used again, and expires again."""

    name: ClassVar[str] = "subject.restriction_lifted"

    told_at: datetime
    """When the subject was told, which has to come first (Art. 18(3))."""


SubjectEvent = (
    SubjectErased
    | SubjectValuesDeleted
    | SubjectErasureAsked
    | SubjectRestricted
    | SubjectRestrictionLifted
)
