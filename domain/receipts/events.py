"""What can happen to receipts. Stored for ever: ids, numbers, hashes, times, and no value."""

from typing import ClassVar
from uuid import UUID

from domain.messages import Event
from domain.receipts.words import ReceiptState


class ReceiptIssued(Event):
    """A receipt was signed and given out, so that what we said can be proved later."""

    name: ClassVar[str] = "receipt.issued"

    subject_id: UUID
    state: ReceiptState
    sha256: str
    """Of the receipt's text, in hex."""

    receipt: str
    """The text that was signed, with its signature: canonical JSON."""


ReceiptEvent = ReceiptIssued
