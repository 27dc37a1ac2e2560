"""What the answers about dead letters look like. None shows what a letter says."""

from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import CALL_ID, Moment

_LETTER: Final[dict[str, Any]] = {
    "id": "4b9375c9-7d4a-49ab-9703-0f457e1d1708",
    "channel": "voice/status",
    "reason": "unknown_status",
    "position": 4711,
    "recorded_at": "2026-03-02T14:00:00.512873Z",
    "replayed_at": None,
}


class DeadLetter(BaseModel):
    """A genuine callback that was not understood."""

    id: UUID
    channel: str = Field(description="Where it came in.")
    reason: str = Field(description="What was not understood, as a code.")
    position: int
    recorded_at: Moment
    replayed_at: Moment | None = Field(description="When it was understood at last.")


class DeadLetterPage(BaseModel):
    """A page of dead letters, the newest first."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"data": [_LETTER], "next_cursor": None}]}
    )

    data: list[DeadLetter]
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page.")


class Replayed(BaseModel):
    """What became of a dead letter that was understood."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"dead_letter_id": _LETTER["id"], "call_id": CALL_ID}]}
    )

    dead_letter_id: UUID
    call_id: UUID | None = Field(
        description="The call that it speaks of; `null` for one that speaks of none."
    )
