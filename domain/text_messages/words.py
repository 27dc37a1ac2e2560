"""The closed sets of words about text messages."""

from enum import StrEnum
from typing import Self


class MessageDirection(StrEnum):
    """Which way a message goes, seen from the workspace."""

    inbound = "inbound"
    outbound = "outbound"


class MessageStatus(StrEnum):
    """Where a message is. Of several the one that it came furthest with holds."""

    rank: int
    """How far the message has come; of two statuses the higher one holds."""

    is_terminal: bool
    """Whether nothing but a receipt of reading can follow."""

    def __new__(cls, value: str, rank: int) -> Self:
        """A word with its rank."""
        status = str.__new__(cls, value)
        status._value_ = value
        status.rank = rank
        status.is_terminal = rank > 6  # noqa: PLR2004 - the rank of ``sent``, see below
        return status

    __hash__ = str.__hash__

    accepted = "accepted", 0
    scheduled = "scheduled", 1
    queued = "queued", 2
    receiving = "receiving", 3
    sending = "sending", 4
    partially_delivered = "partially_delivered", 5
    sent = "sent", 6
    # Two different ends of one message are a provider's contradiction. The order below settles
    # it the same way whichever came first: whatever reached its recipient was delivered.
    canceled = "canceled", 7
    failed = "failed", 8
    undelivered = "undelivered", 9
    received = "received", 10
    delivered = "delivered", 11
    read = "read", 12


class OptOut(StrEnum):
    """What the provider took an incoming message for, by the keyword that it began with."""

    stop = "stop"
    """The sender wants no more messages; the provider lets none through from then on."""

    start = "start"
    help = "help"
