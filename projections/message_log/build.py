"""How a message's entries become its row in the message log. Pure."""

from dataclasses import dataclass, replace
from typing import Any

from domain.messages import Entry
from domain.personal_data import Sealed
from domain.text_messages.text_message import TEXT_MESSAGE, TextMessage, evolve
from projections.call_log.build import Named


@dataclass(frozen=True, slots=True)
class MessageSoFar:
    """A message as far as its entries were read, and where each party was named first."""

    first: Entry
    last: Entry
    message: TextMessage = TEXT_MESSAGE.initial
    sender: Named | None = None
    recipient: Named | None = None


def fold(so_far: MessageSoFar | None, entry: Entry) -> MessageSoFar:
    """One more entry of the message."""
    event: Any = entry.event
    told = so_far or MessageSoFar(entry, entry)
    return replace(
        told,
        last=entry,
        message=evolve(told.message, event),
        sender=told.sender or _named(entry, "sender"),
        recipient=told.recipient or _named(entry, "recipient"),
    )


def row(so_far: MessageSoFar) -> tuple[Any, ...]:
    """The message's row, in the order of the view's columns."""
    first, last, message = so_far.first, so_far.last, so_far.message
    report, sender, recipient = message.report, so_far.sender, so_far.recipient
    return (
        first.workspace_id,
        first.stream_id,
        last.version,
        last.position,
        first.recorded_at,
        last.recorded_at,
        message.direction,
        report and report.status,
        report and report.error_code,
        message.segments,
        message.media,
        message.opt_out,
        sender and sender.sealed.subjects[0],
        recipient and recipient.sealed.subjects[0],
        sender,
        recipient,
    )


def _named(entry: Entry, role: str) -> Named | None:
    sealed = getattr(entry.event, role, None)
    return Named(entry.version, sealed) if isinstance(sealed, Sealed) else None
