"""What the answers about transcriptions look like. Each text says whether a machine wrote it."""

from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import LEG_ID, Moment
from api.schemas_recordings import RECORDING_ID
from domain.personal_data import ReadingState
from domain.transcriptions.words import (
    Channel,
    CorrectionReason,
    FetchFailure,
    Kind,
    NotKept,
    TranscriptionStatus,
)

TRANSCRIPTION_ID: Final = "5a2c7e90-1f3b-5d4c-8e6a-7b9c0d1e2f34"
SEGMENT: Final[dict[str, Any]] = {
    "channel": "first",
    "number": 2,
    "occurred_at": "2026-03-02T13:58:21.454203Z",
    "started_ms": None,
    "ended_ms": None,
    "confidence": "0.9956335",
    "language": "en-US",
    "engine": "google",
    "ai_generated": True,
    "versions": 1,
    "corrected_because": None,
    "cards_redacted": 1,
    "state": "value",
    "text": "My card is [card number], thank you.",
}
CORRECTION: Final[dict[str, Any]] = {"text": "My card is not at hand.", "reason": "misheard"}
TRANSCRIPTION: Final[dict[str, Any]] = {
    "id": TRANSCRIPTION_ID,
    "kind": "live",
    "status": "completed",
    "provider_id": "GT00000000000000000000000000000001",
    "leg_id": LEG_ID,
    "recording_id": RECORDING_ID,
    "engine": "google",
    "language": "en-US",
    "ai_generated": True,
    "error_code": None,
    "not_kept": None,
    "fetch_failure": None,
    "is_given_up": False,
    "segments": [SEGMENT],
    "version": 4,
    "recorded_at": "2026-03-02T13:59:09.512004Z",
}


class SegmentDetail(BaseModel):
    """What was said without a break: the latest version of it."""

    channel: Channel = Field(
        description="Who is heard: whoever is on the first leg, whom the call was put through to, "
        "or everybody, where they were not told apart."
    )
    number: int = Field(description="Its place in its channel, with gaps.")
    occurred_at: Moment | None = Field(description="When it was heard, where it was heard live.")
    started_ms: int | None = Field(description="From the beginning of what was transcribed.")
    ended_ms: int | None
    confidence: str | None = Field(description="The machine's own, from 0 to 1, as a decimal.")
    language: str | None
    engine: str | None = Field(description="Whose machine heard it.")
    ai_generated: bool = Field(
        description="Whether a machine wrote this text, which then may be wrong; `false` once "
        "somebody corrected it."
    )
    versions: int = Field(description="How many there are: the machine's, and the corrections.")
    corrected_because: CorrectionReason | None
    cards_redacted: int = Field(description="How many card numbers were taken out of this text.")
    state: ReadingState = Field(
        description="`value`; `erased` (Art. 17 GDPR); `expired` (the retention period ended); "
        "`restricted` (Art. 18: kept and not used); `withheld` (the API key has no scope "
        "`values:open`)."
    )
    text: str | None


class TranscriptionDetail(BaseModel):
    """A transcription of a call. A machine made it: it may be wrong."""

    model_config = ConfigDict(json_schema_extra={"examples": [TRANSCRIPTION]})

    id: UUID
    kind: Kind
    status: TranscriptionStatus | None
    provider_id: str
    leg_id: UUID | None = Field(description="The leg that it was made on.")
    recording_id: UUID | None = Field(description="What it was made of, if of a recording.")
    engine: str | None = Field(description="Whose machine listened.")
    language: str | None
    ai_generated: bool = Field(description="Always `true`: a machine heard it.")
    error_code: int | None = Field(description="The provider's own.")
    not_kept: NotKept | None = Field(description="Why something that was heard is not kept.")
    fetch_failure: FetchFailure | None = Field(
        description="Why the last attempt to fetch it came to nothing."
    )
    is_given_up: bool = Field(description="Whether no other attempt will be made.")
    segments: list[SegmentDetail] = Field(description="In the order in which they were said.")
    version: int = Field(description="How many entries its history has.")
    recorded_at: Moment = Field(description="When we learnt the last of it.")


class TranscriptionList(BaseModel):
    """The transcriptions of a call, the oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"data": [TRANSCRIPTION]}]})

    data: list[TranscriptionDetail]


class Correction(BaseModel):
    """What was really said."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [CORRECTION]})

    text: str = Field(max_length=20_000, description="Card numbers in it are taken out.")
    reason: CorrectionReason
