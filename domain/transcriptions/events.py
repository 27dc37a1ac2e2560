"""What can happen to a transcription. Stored for ever: additions only, a golden file for each.

Card numbers are taken out of a text before it gets here; how many there were stands beside it.
"""

from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from domain.messages import Event
from domain.personal_data import Personal
from domain.transcriptions.words import Channel, CorrectionReason, FetchFailure, Kind, NotKept


class TranscriptionAnnounced(Event):
    """We heard of a transcription for the first time."""

    name: ClassVar[str] = "transcription.announced"

    provider_id: str
    """The provider's own id of it (Twilio: TranscriptionSid or transcript_sid)."""

    account_id: str | None = None
    """The provider's account that it belongs to (Twilio: AccountSid)."""

    kind: Kind
    call_id: UUID | None = None
    """The call that was transcribed; ``None`` where that is not known yet."""

    leg_id: UUID | None = None
    recording_id: UUID | None = None
    """The recording that it was made of, if it was made of one."""


class TranscriptionLocated(Event):
    """The provider said which call it is of."""

    name: ClassVar[str] = "transcription.located"

    call_id: UUID
    leg_id: UUID | None = None
    recording_id: UUID | None = None


class TranscriptionAvailable(Event):
    """The provider has it, and says no more: it is to be fetched."""

    name: ClassVar[str] = "transcription.available"


class TranscriptionStarted(Event):
    """A machine listens."""

    name: ClassVar[str] = "transcription.started"

    engine: str | None = None
    """Whose machine, by the provider's name for it."""

    language: str | None = None
    """The language that it was told to hear (BCP 47)."""


class TranscriptionCompleted(Event):
    """Nothing follows."""

    name: ClassVar[str] = "transcription.completed"


class TranscriptionFailed(Event):
    """The provider could not transcribe, or not to the end."""

    name: ClassVar[str] = "transcription.failed"

    error_code: int | None = None


class TranscriptionSegmentAdded(Event):
    """A machine heard this. It may have misheard, and whoever reads it is told so."""

    name: ClassVar[str] = "transcription.segment_added"

    channel: Channel
    number: int
    """Its place in its channel; the provider's own, with gaps."""

    text: Personal
    """Locked by whoever is heard. Of three or four of them it is in two shares."""

    share: Personal | None = None
    started_ms: int | None = None
    """When it began, from the beginning of what was transcribed."""

    ended_ms: int | None = None
    confidence: Decimal | None = None
    """The machine's own, from 0 to 1."""

    language: str | None = None
    engine: str | None = None
    ai_generated: bool
    """Whether a machine wrote it. It is said of each text, for each may go its own way."""

    cards_redacted: int | None = None
    """How many card numbers were taken out, if any."""


class TranscriptionSegmentCorrected(Event):
    """Somebody wrote a new version of a segment; the earlier ones stay. Who, says the entry."""

    name: ClassVar[str] = "transcription.segment_corrected"

    channel: Channel
    number: int
    text: Personal
    share: Personal | None = None
    reason: CorrectionReason
    cards_redacted: int | None = None


class TranscriptionSegmentForgotten(Event):
    """Who is heard in a segment withdrew what it rested on: its text is gone, in each version."""

    name: ClassVar[str] = "transcription.segment_forgotten"

    channel: Channel
    number: int


class TranscriptionNotKept(Event):
    """What was heard from here on was not kept, none of it, unless segments follow."""

    name: ClassVar[str] = "transcription.not_kept"

    reason: NotKept


class TranscriptionFetchFailed(Event):
    """An attempt to fetch it came to nothing."""

    name: ClassVar[str] = "transcription.fetch_failed"

    attempt: int
    """1, 2, 3 ..."""

    reason: FetchFailure
    is_final: bool
    """Whether trying again cannot help."""


TranscriptionReported = (
    TranscriptionAvailable | TranscriptionStarted | TranscriptionCompleted | TranscriptionFailed
)
"""The provider said how far it is."""

TranscriptionEvent = (
    TranscriptionAnnounced
    | TranscriptionLocated
    | TranscriptionAvailable
    | TranscriptionStarted
    | TranscriptionCompleted
    | TranscriptionFailed
    | TranscriptionSegmentAdded
    | TranscriptionSegmentCorrected
    | TranscriptionNotKept
    | TranscriptionFetchFailed
    | TranscriptionSegmentForgotten
)
