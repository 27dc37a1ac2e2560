"""What the answers about text messages look like. None has a place for what a message says."""

from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import CALLEE, CALLER, Moment, Party
from domain.text_messages.words import MessageDirection, MessageStatus, OptOut

MESSAGE_ID: Final = "8e1d0a77-51c2-5b0e-8a3d-5d2f1c3b9a66"
MESSAGE: Final[dict[str, Any]] = {
    "id": MESSAGE_ID,
    "direction": "inbound",
    "status": "received",
    "error_code": None,
    "segments": 1,
    "media": 0,
    "opt_out": "stop",
    "sender": CALLER,
    "recipient": CALLEE,
    "first_recorded_at": "2026-03-02T13:58:07.104512Z",
    "version": 2,
    "recorded_at": "2026-03-02T13:58:07.104512Z",
}


class MessageDetail(BaseModel):
    """A text message (SMS, MMS or the like). What it says is not kept."""

    model_config = ConfigDict(json_schema_extra={"examples": [MESSAGE]})

    id: UUID
    direction: MessageDirection | None
    status: MessageStatus | None = Field(description="The furthest that it came.")
    error_code: int | None = Field(description="The provider's own: why it was not delivered.")
    segments: int | None = Field(description="How many the network carried for it.")
    media: int | None = Field(description="How many files came with it. They are not kept.")
    opt_out: OptOut | None = Field(description="The keyword that the provider acted on.")
    sender: Party | None
    recipient: Party | None
    first_recorded_at: Moment = Field(description="When we first heard of it.")
    version: int = Field(description="How many entries its history has.")
    recorded_at: Moment = Field(description="When we learnt the last of it.")


class MessagePage(BaseModel):
    """A page of messages."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"data": [MESSAGE], "next_cursor": None}]}
    )

    data: list[MessageDetail]
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page.")
