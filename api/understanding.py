"""What a webhook tells the history, by the channel that it came in at; when replayed, too."""

from collections.abc import Collection
from typing import Final, NamedTuple
from uuid import UUID

from adapters.twilio.webhooks import Webhook
from domain.calls.call import CALL
from domain.calls.words import Step
from domain.decider import AnyDecider
from domain.messages import Command
from domain.recordings.recording import RECORDING
from domain.text_messages.text_message import TEXT_MESSAGE

RECORDED: Final = "voice/recording"
MESSAGE_IN: Final = "messages/incoming"
MESSAGE_STATUS: Final = "messages/status"
MESSAGES: Final = frozenset({MESSAGE_IN, MESSAGE_STATUS})
"""The channels that messages come in at."""


class Told(NamedTuple):
    """What one stream is told."""

    stream_id: UUID
    decider: AnyDecider
    command: Command
    call_id: UUID | None = None
    """The call that it speaks of, if it speaks of one."""


def told(
    webhook: Webhook,
    channel: str,
    workspace_id: UUID,
    account_sids: Collection[str],
    step: Step | None = None,
) -> Told:
    """What the webhook says; ``NotUnderstood`` with a code otherwise.

    A message is one wherever it came in: Event Streams deliver everything at one address.
    """
    place = workspace_id, account_sids
    if channel in MESSAGES or webhook.is_message:
        is_incoming = channel == MESSAGE_IN
        message, command = webhook.understand_message(*place, is_incoming=is_incoming)
        return Told(message, TEXT_MESSAGE, command)
    if channel == RECORDED:
        recording, report = webhook.understand_recording(*place)
        return Told(recording, RECORDING, report, report.call_id)
    call, leg = webhook.understand(*place, step=step)
    return Told(call, CALL, leg, call)
