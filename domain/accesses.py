"""Access entries: who was given whose personal values, when and what for.

GDPR Art. 5(2) and 15(1): whoever is asked by a person who consulted their data can tell. A person
learns the dates and purposes, and who the reader was only where they cannot do without it (CJEU
C-579/21). An entry names subjects by their ids and holds nothing of what was read.
"""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID


class AccessPurpose(StrEnum):
    """What somebody reads for (GDPR Art. 5(1)(b)): those of a playback, and the service itself.

    A closed list: in a text of their own people write names.
    """

    quality = "quality"
    training = "training"
    complaint = "complaint"
    dispute = "dispute"
    subject_request = "subject_request"
    """Somebody asked for a copy of what is kept of them (Art. 15)."""

    legal_claim = "legal_claim"
    security = "security"
    support = "support"
    service = "service"
    """What the workspace subscribed to: its call log, its consents, its settings."""


class Origin(NamedTuple):
    """Where a reader comes from: a personal value of theirs."""

    address: str
    user_agent: str


class Reader(NamedTuple):
    """Who reads, and in which request."""

    actor: str
    """As entries name them: ``api_key:…``, or ``cli``."""

    purpose: AccessPurpose
    operation: str
    """The operation of the API; on the command line, what was asked for."""

    request_id: UUID
    origin: Origin | None = None


class AccessEntry(NamedTuple):
    """What is written down before a reader is given what they asked for."""

    access_id: UUID
    workspace_id: UUID
    accessed_at: datetime
    reader: Reader
    subjects: Sequence[UUID]
    """Whose values were opened. Withheld, erased and expired ones were not."""

    streams: Sequence[UUID]
    """Of which calls, recordings or consents they were."""


def kept_from(today: date, days: int) -> date:
    """The oldest day, in UTC, of which entries are kept: none ever grows older than ``days``."""
    return date.fromordinal(today.toordinal() - days + 1)
