"""What can be asked about receipts."""

from datetime import datetime
from uuid import UUID

from domain.messages import Command
from domain.receipts.words import ReceiptState


class IssueReceipt(Command):
    """Write down that this was given out."""

    occurred_at: datetime
    subject_id: UUID
    state: ReceiptState
    sha256: str
    receipt: str
    after: str | None = None
    """The SHA-256 of the receipt that it takes the place of, where there was one."""


ReceiptCommand = IssueReceipt
