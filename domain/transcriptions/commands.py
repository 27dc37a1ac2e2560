"""What can be asked of a transcription."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from domain.messages import Command, Message
from domain.personal_data import Clear
from domain.transcriptions.words import (
    Channel,
    CorrectionReason,
    FetchFailure,
    Kind,
    NotKept,
    TranscriptionStatus,
)


class Provenance(Message):
    """What is transcribed, as far as the provider says; a later word completes an earlier one."""

    provider_id: str
    account_id: str | None = None
    kind: Kind
    call_id: UUID | None = None
    leg_id: UUID | None = None
    recording_id: UUID | None = None


class ReportTranscription(Command):
    """The provider says how far it is. May come late, twice, or in any order."""

    provenance: Provenance
    status: TranscriptionStatus
    occurred_at: datetime | None = None
    engine: str | None = None
    language: str | None = None
    error_code: int | None = None


class AddSegment(Command):
    """The provider says what it heard. Its text has no card number in it any more."""

    provenance: Provenance
    channel: Channel
    number: int
    text: Clear
    share: Clear | None = None
    occurred_at: datetime | None = None
    started_ms: int | None = None
    ended_ms: int | None = None
    confidence: Decimal | None = None
    language: str | None = None
    engine: str | None = None
    cards_redacted: int | None = None


class KeepNothing(Command):
    """The provider says what it heard, and none of it may be kept."""

    provenance: Provenance
    reason: NotKept


class CorrectSegment(Command):
    """Somebody says what was really said."""

    channel: Channel
    number: int
    text: Clear
    share: Clear | None = None
    reason: CorrectionReason
    cards_redacted: int | None = None
    occurred_at: datetime
    expected_version: int | None = None
    """What they have seen of the transcription."""


class ForgetSegment(Command):
    """Its text is gone: what it rested on was withdrawn."""

    channel: Channel
    number: int


class FailTranscriptFetch(Command):
    """An attempt to fetch it came to nothing."""

    attempt: int
    reason: FetchFailure
    is_final: bool


TranscriptionCommand = (
    ReportTranscription
    | AddSegment
    | KeepNothing
    | CorrectSegment
    | FailTranscriptFetch
    | ForgetSegment
)
