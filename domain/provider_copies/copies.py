"""The rules of a deletion at the provider: asked once, tried until confirmed, never forgotten.

It never gives up: a provider that refuses for weeks is asked daily, and whoever reads the state
sees that it is not done.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, assert_never

from domain.decider import Decider
from domain.errors import Refused
from domain.provider_copies.commands import (
    AskDeletion,
    ConfirmCopy,
    CopiesCommand,
    FailLook,
    RefuseCopy,
    TellCopies,
)
from domain.provider_copies.events import (
    CopiesEvent,
    CopiesFound,
    Copy,
    CopyDeleted,
    CopyRefused,
    DeletionAsked,
    LookFailed,
)
from domain.provider_copies.residuals import residuals
from domain.provider_copies.state import Copies, Deletion, evolve

FIRST_PAUSE: Final = timedelta(minutes=1)
"""After a refusal: Twilio wants at least that for what has just ended (error 20009)."""

LONGEST_PAUSE: Final = timedelta(days=1)
"""Reached after a day of refusals. Twilio may refuse for 14 days, and is asked beyond that."""


def pause(attempt: int) -> timedelta:
    """How long to wait after the n-th refusal: each time twice as long."""
    return min(FIRST_PAUSE * (1 << min(attempt - 1, 20)), LONGEST_PAUSE)


def decide(copies: Copies, command: CopiesCommand) -> Sequence[CopiesEvent]:
    """What the request leads to; nothing where it says nothing new."""
    match command:
        case AskDeletion():
            return _ask(copies, command)
        case TellCopies():
            return _tell(copies, command)
        case FailLook():
            return _fail_look(copies, command)
        case RefuseCopy():
            return _refuse(copies, command)
        case ConfirmCopy():
            return _confirm(copies, command)
        case _:
            assert_never(command)


def _ask(copies: Copies, command: AskDeletion) -> Sequence[CopiesEvent]:
    new = _new(copies, command.copies)
    found = (CopiesFound(copies=new, is_all=False),) if new else ()
    if (command.why, command.subject_id) in copies.asked_for:
        return found
    asked = DeletionAsked(
        of=command.of, why=command.why, subject_id=command.subject_id, parties=command.parties
    )
    return (asked, *found)


def _tell(copies: Copies, command: TellCopies) -> Sequence[CopiesEvent]:
    _refuse_unasked(copies)
    new = _new(copies, command.copies)
    is_news = new or (command.is_all and not copies.is_looked_at)
    return (CopiesFound(copies=new, is_all=command.is_all),) if is_news else ()


def _new(copies: Copies, told: Iterable[Copy]) -> tuple[Copy, ...]:
    """What of these is not known yet, each once and in an order of its own."""
    by_id = {one.provider_id: one for one in told if one.provider_id not in copies.deletions}
    return tuple(by_id[provider_id] for provider_id in sorted(by_id))


def _fail_look(copies: Copies, command: FailLook) -> Sequence[CopiesEvent]:
    _refuse_unasked(copies)
    if copies.is_looked_at or command.attempt <= copies.look_attempts:
        return ()
    return (
        LookFailed(
            occurred_at=command.occurred_at,
            attempt=command.attempt,
            status=command.status,
            error_code=command.error_code,
            next_at=_next(command.occurred_at, command.attempt),
        ),
    )


def _refuse(copies: Copies, command: RefuseCopy) -> Sequence[CopiesEvent]:
    deletion = _known(copies, command.provider_id)
    if deletion.is_confirmed or command.attempt <= deletion.attempts:
        return ()
    return (
        CopyRefused(
            occurred_at=command.occurred_at,
            provider_id=command.provider_id,
            attempt=command.attempt,
            status=command.status,
            error_code=command.error_code,
            next_at=_next(command.occurred_at, command.attempt),
        ),
    )


def _confirm(copies: Copies, command: ConfirmCopy) -> Sequence[CopiesEvent]:
    deletion = _known(copies, command.provider_id)
    if deletion.is_confirmed:
        return ()
    return (
        CopyDeleted(
            occurred_at=command.occurred_at,
            provider_id=command.provider_id,
            status=command.status,
            residuals=residuals(deletion.copy, command.occurred_at),
        ),
    )


def _known(copies: Copies, provider_id: str) -> Deletion:
    _refuse_unasked(copies)
    try:
        return copies.deletions[provider_id]
    except KeyError:
        raise Refused("no_such_copy") from None


def _refuse_unasked(copies: Copies) -> None:
    if not copies.asked_for:
        raise Refused("deletion_not_asked")


def _next(now: datetime, attempt: int) -> datetime:
    return now + pause(attempt)


PROVIDER_COPIES = Decider(initial=Copies(), decide=decide, evolve=evolve)
