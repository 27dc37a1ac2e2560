"""What can happen to a text message. Stored for ever: additions only, a golden file for each.

There is no field for what a message says, and there never will be.
"""

from typing import ClassVar

from domain.messages import Event
from domain.personal_data import Personal
from domain.text_messages.words import MessageDirection, MessageStatus, OptOut


class MessageRegistered(Event):
    """We heard of a message for the first time."""

    name: ClassVar[str] = "message.registered"

    provider_id: str
    """The provider's own id of it (Twilio: MessageSid)."""

    account_id: str | None = None
    """The provider's account that it belongs to (Twilio: AccountSid)."""

    service_id: str | None = None
    """The pool of numbers that it was sent from (Twilio: MessagingServiceSid)."""

    direction: MessageDirection | None = None
    sender: Personal | None = None
    recipient: Personal | None = None
    segments: int | None = None
    """How many messages the network carried, and the provider bills, for this one."""

    media: int | None = None
    """How many files came with it."""

    opt_out: OptOut | None = None


class MessageDescribed(Event):
    """More became known of a message that was registered with less."""

    name: ClassVar[str] = "message.described"

    service_id: str | None = None
    direction: MessageDirection | None = None
    sender: Personal | None = None
    recipient: Personal | None = None
    segments: int | None = None
    media: int | None = None
    opt_out: OptOut | None = None


class MessageReported(Event):
    """The provider said where a message is."""

    name: ClassVar[str] = "message.reported"

    status: MessageStatus
    error_code: int | None = None
    """The provider's own: why it was not delivered."""


MessageEvent = MessageRegistered | MessageDescribed | MessageReported
