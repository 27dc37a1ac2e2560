"""The rules of a text message: what a report adds to what we know of it.

A report that says nothing new yields no event, so repeats and retries are free; a late one is
written down and takes nothing back.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, assert_never

import msgspec
from msgspec.structs import replace

from domain.decider import Decider
from domain.personal_data import Personal
from domain.text_messages.commands import MessageCommand
from domain.text_messages.events import (
    MessageDescribed,
    MessageEvent,
    MessageRegistered,
    MessageReported,
)
from domain.text_messages.words import MessageDirection, MessageStatus, OptOut

DESCRIBED = ("service_id", "direction", "sender", "recipient", "segments", "media", "opt_out")
"""What may become known later than the message itself. What was said first stands."""


class Report(NamedTuple):
    """One thing the provider said of it. Equal reports are the same report."""

    status: MessageStatus
    error_code: int | None = None
    occurred_at: datetime | None = None


class TextMessage(msgspec.Struct, frozen=True, gc=False):
    """A message as far as its entries tell."""

    provider_id: str | None = None
    account_id: str | None = None
    service_id: str | None = None
    direction: MessageDirection | None = None
    sender: Personal | None = None
    recipient: Personal | None = None
    segments: int | None = None
    media: int | None = None
    opt_out: OptOut | None = None
    reports: frozenset[Report] = frozenset()

    @property
    def report(self) -> Report | None:
        """What holds of all that was said; of contradictory reports always the same."""
        return max(self.reports, key=_weight, default=None)


def decide(message: TextMessage, command: MessageCommand) -> Sequence[MessageEvent]:
    """What it adds: the message itself, more of its description, its status."""
    introduction = _describe(message, command) if message.provider_id else _register(command)
    reported = MessageReported(
        occurred_at=command.occurred_at, status=command.status, error_code=command.error_code
    )
    news = None if _report_of(reported) in message.reports else reported
    return tuple(event for event in (introduction, news) if event is not None)


def _register(command: MessageCommand) -> MessageRegistered:
    said = {name: getattr(command, name) for name in DESCRIBED}
    return MessageRegistered(
        provider_id=command.provider_id, account_id=command.account_id, **said
    )


def _describe(message: TextMessage, command: MessageCommand) -> MessageDescribed | None:
    news = {
        name: said
        for name in DESCRIBED
        if (said := getattr(command, name)) is not None and getattr(message, name) is None
    }
    return MessageDescribed(**news) if news else None


def evolve(message: TextMessage, event: MessageEvent) -> TextMessage:
    """The message after one more event."""
    match event:
        case MessageRegistered():
            said = {name: getattr(event, name) for name in DESCRIBED}
            ids = {"provider_id": event.provider_id, "account_id": event.account_id}
            return replace(message, **ids, **said)
        case MessageDescribed():
            told = {name: getattr(event, name) for name in DESCRIBED}
            return replace(message, **{n: said for n, said in told.items() if said is not None})
        case MessageReported():
            return replace(message, reports=message.reports | {_report_of(event)})
        case _:
            assert_never(event)


def _report_of(event: MessageReported) -> Report:
    return Report(event.status, event.error_code, event.occurred_at)


def _weight(report: Report) -> tuple[int, int, float]:
    """A total order, so that the choice never depends on which came first."""
    at = report.occurred_at
    return report.status.rank, report.error_code or 0, at.timestamp() if at else 0.0


TEXT_MESSAGE = Decider(initial=TextMessage(), decide=decide, evolve=evolve)
