"""What can be asked about a data subject."""

from datetime import datetime

from domain.messages import Command
from domain.subjects.events import ErasureReason


class EraseSubject(Command):
    """Make every value of the subject unreadable, for ever."""

    reason: ErasureReason
    occurred_at: datetime | None = None


class ConfirmDeletion(Command):
    """So many sealed boxes of an erased subject are deleted, perhaps the last."""

    values_deleted: int
    is_complete: bool
    occurred_at: datetime | None = None


SubjectCommand = EraseSubject | ConfirmDeletion
