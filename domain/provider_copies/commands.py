"""What can be asked of the provider's copies of a call or a message."""

from datetime import datetime
from uuid import UUID

from domain.messages import Command
from domain.provider_copies.events import Copy
from domain.provider_copies.words import Why


class AskDeletion(Command):
    """Everything that the provider holds of it is to go; of these we know."""

    of: UUID
    why: Why
    subject_id: UUID | None = None
    parties: tuple[UUID, ...]
    copies: tuple[Copy, ...]


class TellCopies(Command):
    """The provider says that it holds these."""

    copies: tuple[Copy, ...]
    is_all: bool
    """And no others, now or later: the call is over."""


class FailLook(Command):
    """It did not say all that it holds."""

    attempt: int
    status: int
    error_code: int | None = None
    occurred_at: datetime


class RefuseCopy(Command):
    """It did not delete a copy."""

    provider_id: str
    attempt: int
    status: int
    error_code: int | None = None
    occurred_at: datetime


class ConfirmCopy(Command):
    """It says that a copy is gone."""

    provider_id: str
    status: int
    occurred_at: datetime


CopiesCommand = AskDeletion | TellCopies | FailLook | RefuseCopy | ConfirmCopy
