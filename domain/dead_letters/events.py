"""What can happen to a dead letter."""

from typing import ClassVar

from domain.messages import Event
from domain.personal_data import Personal


class DeadLetterKept(Event):
    """A genuine callback could not be understood and was kept whole, sealed."""

    name: ClassVar[str] = "dead_letter.kept"

    channel: str
    """Where it came in: ``voice/status``, ``voice/incoming`` or ``events``."""

    reason: str
    """A code that names what was not understood, never its text."""

    callback: Personal


class DeadLetterReplayed(Event):
    """It was understood at last; what it said stands in the stream it belongs to."""

    name: ClassVar[str] = "dead_letter.replayed"


DeadLetterEvent = DeadLetterKept | DeadLetterReplayed
