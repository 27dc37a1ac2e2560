"""What can happen to a data subject. Ids and counts only: it must outlive the person's values."""

from enum import StrEnum
from typing import ClassVar

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


SubjectEvent = SubjectErased | SubjectValuesDeleted
