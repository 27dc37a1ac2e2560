"""What the answers about recordings look like."""

from datetime import date
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import LEG_ID, Moment
from domain.recordings.words import (
    FetchFailure,
    Ground,
    Heard,
    ProviderCopy,
    RecordingStatus,
    Source,
)

RECORDING_ID: Final = "c0a6e1c4-6d3c-5b8e-8d6f-2f1f3c0b7a55"
RECORDING: Final[dict[str, Any]] = {
    "id": RECORDING_ID,
    "leg_id": LEG_ID,
    "provider_id": "RE00000000000000000000000000000001",
    "status": "completed",
    "source": "dialed_call",
    "channels": 2,
    "heard": "both",
    "started_at": "2026-03-02T13:58:19Z",
    "duration_seconds": 42,
    "error_code": 0,
    "media_type": "audio/wav",
    "tracks": ["audible", "erased"],
    "fetch_failure": None,
    "is_given_up": False,
    "forbidden": None,
    "provider_copy": "deleted",
    "residual_until": "2026-04-11",
    "recorded_at": "2026-03-02T13:59:09.512004Z",
}


class TrackState(StrEnum):
    """Whether a track can be heard, or why not."""

    audible = "audible"
    erased = "erased"
    expired = "expired"
    restricted = "restricted"
    forbidden = "forbidden"


class RecordingDetail(BaseModel):
    """A recording of a call; its times are by the provider's clock."""

    model_config = ConfigDict(json_schema_extra={"examples": [RECORDING]})

    id: UUID
    leg_id: UUID | None = Field(description="The leg that it was made on.")
    provider_id: str | None
    status: RecordingStatus | None = Field(description="What the provider says of it.")
    source: Source | None
    channels: int | None
    heard: Heard | None
    started_at: Moment | None
    duration_seconds: int | None
    error_code: int | None = Field(description="The provider's own.")
    media_type: str | None = Field(description="`null` until its audio is kept.")
    tracks: list[TrackState] = Field(
        description="None until its audio is kept; one; or one for each channel. A channel that "
        "cannot be heard is silent in what is played."
    )
    fetch_failure: FetchFailure | None = Field(
        description="Why the last attempt to keep it came to nothing."
    )
    is_given_up: bool = Field(description="Whether no other attempt will be made.")
    forbidden: Ground | None = Field(
        description="Why it may not be kept, by us or by the provider."
    )
    provider_copy: ProviderCopy
    residual_until: date | None = Field(
        description="Until then the provider keeps metadata of the copy that it deleted."
    )
    recorded_at: Moment = Field(description="When we learnt the last of it.")


class RecordingList(BaseModel):
    """The recordings of a call, the oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"data": [RECORDING]}]})

    data: list[RecordingDetail]
