"""What an objection to being recorded looks like."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import LEG_ID
from domain.consents.words import Channel


class Objection(BaseModel):
    """A party of a call objects to being recorded (GDPR Art. 7(3), 21)."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"leg_id": LEG_ID, "channel": "voice"}]}
    )

    leg_id: UUID | None = Field(
        default=None, description="The leg of whoever objects; `null` is the call's first."
    )
    channel: Channel = Field(default=Channel.voice, description="How they said so.")


class ObjectionState(BaseModel):
    """What has become of the objections to the recording of a call."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"leg_ids": [LEG_ID], "is_met": False}]}
    )

    leg_ids: list[UUID] = Field(description="Of whoever objected.")
    is_met: bool = Field(
        description="Whether nothing is left of the call's recordings, with us or at the provider."
    )
