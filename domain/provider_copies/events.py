"""What can happen to the provider's copies. Stored for ever: additions only, a golden file each.

The provider's ids and our own, numbers and times: nothing here names a person.
"""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from domain.messages import Event, Message
from domain.provider_copies.words import CopyKind, Remains, Why


class Copy(Message):
    """One thing that the provider holds."""

    kind: CopyKind
    provider_id: str
    """The provider's own id of it (Twilio: CallSid, RecordingSid ...)."""

    parent_provider_id: str | None = None
    """The leg that dialled it; of a text, the recording that it was made of."""

    created_at: datetime | None = None
    """When it came to be, as the provider says."""


class Residual(Message):
    """What remains at the provider after a deletion, and until when."""

    what: Remains
    until: date | None = None
    """The last day; ``None`` where the provider does not decide it."""


class DeletionAsked(Event):
    """Everything that the provider holds of a call or a message is to go."""

    name: ClassVar[str] = "provider_copies.deletion_asked"

    of: UUID
    """The call, or the message."""

    why: Why
    subject_id: UUID | None = None
    """For whom, where it is for somebody."""

    parties: tuple[UUID, ...] | None = None
    """The subjects who took part: a hold on any of them keeps all of it."""


class CopiesFound(Event):
    """These are among what is to go: as our history has them, or as the provider told us."""

    name: ClassVar[str] = "provider_copies.found"

    copies: tuple[Copy, ...]
    is_all: bool
    """Whether the provider itself was asked, and will have no others: the call is over."""


class LookFailed(Event):
    """The provider did not tell all that it holds, this time."""

    name: ClassVar[str] = "provider_copies.look_failed"

    attempt: int
    """1, 2, 3 ..."""

    status: int
    """What it answered in HTTP; 0 where it did not answer; 200 where the call is not over yet, so
    that there may be more."""

    error_code: int | None = None
    next_at: datetime
    """Not before then it is asked again."""


class CopyRefused(Event):
    """The provider did not delete a copy, this time."""

    name: ClassVar[str] = "provider_copies.refused"

    provider_id: str
    attempt: int
    status: int
    error_code: int | None = None
    """The provider's own (Twilio: 20009, not complete yet, for 14 days in the worst case)."""

    next_at: datetime


class CopyDeleted(Event):
    """The provider confirmed that a copy is gone. What remains of it has a date."""

    name: ClassVar[str] = "provider_copies.deleted"

    provider_id: str
    status: int
    """The evidence: 204, it was deleted then; 404, it was not there any more."""

    residuals: tuple[Residual, ...]


CopiesEvent = DeletionAsked | CopiesFound | LookFailed | CopyRefused | CopyDeleted
