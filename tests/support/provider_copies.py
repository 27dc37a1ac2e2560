"""A call whose copies at the provider are to go, for tests."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from domain.provider_copies.commands import (
    AskDeletion,
    ConfirmCopy,
    FailLook,
    RefuseCopy,
    TellCopies,
)
from domain.provider_copies.events import Copy
from domain.provider_copies.words import CopyKind, Why

NOW: Final = datetime(2026, 3, 2, 14, tzinfo=UTC)
CALL: Final = UUID(int=1)
SUBJECT: Final = UUID(int=2)
OTHER: Final = UUID(int=3)
LINE, DIALED = f"CA{1:032x}", f"CA{2:032x}"
AUDIO, TEXT = f"RE{1:032x}", f"TR{1:032x}"

LEGS: Final = (
    Copy(kind=CopyKind.leg, provider_id=LINE),
    Copy(kind=CopyKind.leg, provider_id=DIALED, parent_provider_id=LINE),
)
TAPES: Final = (
    Copy(kind=CopyKind.recording, provider_id=AUDIO, parent_provider_id=LINE, created_at=NOW),
    Copy(kind=CopyKind.transcription, provider_id=TEXT, parent_provider_id=AUDIO),
)
IN_ORDER: Final = (TEXT, AUDIO, DIALED, LINE)


def ask(
    subject_id: UUID | None = SUBJECT,
    why: Why = Why.erasure,
    copies: tuple[Copy, ...] = LEGS,
) -> AskDeletion:
    """All of it is to go."""
    return AskDeletion(
        of=CALL, why=why, subject_id=subject_id, parties=(SUBJECT, OTHER), copies=copies
    )


def tell(copies: tuple[Copy, ...] = (*LEGS, *TAPES), *, is_all: bool = True) -> TellCopies:
    """The provider has these."""
    return TellCopies(copies=copies, is_all=is_all)


def fail(attempt: int = 1, status: int = 503, after: timedelta = timedelta()) -> FailLook:
    """It does not tell."""
    return FailLook(attempt=attempt, status=status, occurred_at=NOW + after)


def refuse(
    provider_id: str, attempt: int = 1, status: int = 409, code: int | None = 20009
) -> RefuseCopy:
    """It does not delete one."""
    return RefuseCopy(
        provider_id=provider_id, attempt=attempt, status=status, error_code=code, occurred_at=NOW
    )


def confirm(provider_id: str, status: int = 204, at: datetime = NOW) -> ConfirmCopy:
    """It has deleted one."""
    return ConfirmCopy(provider_id=provider_id, status=status, occurred_at=at)
