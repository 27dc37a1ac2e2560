"""What can be asked of a text message."""

from datetime import datetime

from domain.messages import Command
from domain.personal_data import Clear
from domain.text_messages.words import MessageDirection, MessageStatus, OptOut


class ReportMessage(Command):
    """The provider says where a message is. May come late, twice, or in any order."""

    provider_id: str
    account_id: str | None = None
    service_id: str | None = None
    direction: MessageDirection | None = None
    sender: Clear | None = None
    recipient: Clear | None = None
    segments: int | None = None
    media: int | None = None
    opt_out: OptOut | None = None
    status: MessageStatus
    error_code: int | None = None
    occurred_at: datetime | None = None


MessageCommand = ReportMessage
