"""What the answers about access entries look like."""

from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import CALL_ID, Moment
from domain.accesses import AccessPurpose

_ACCESS: Final[dict[str, Any]] = {
    "accessed_at": "2026-03-02T14:05:11.090441Z",
    "purpose": "dispute",
    "reader": "api_key:6f0a3c1e-97a5-4a3c-8a3e-1f3b2a55c9d0",
    "operation": "getCall",
    "request_id": "a5f2a7c1-4f54-4a5c-9b3e-6cf1d6a7f0e2",
    "stream_ids": [CALL_ID],
}


class AccessView(StrEnum):
    """Whom the answer is for."""

    controller = "controller"
    subject = "subject"
    """The person themselves: dates and purposes, not who read (GDPR Art. 15; CJEU C-579/21)."""


class AccessDetail(BaseModel):
    """One time that somebody was given a subject's personal values."""

    accessed_at: Moment
    purpose: AccessPurpose
    reader: str | None = Field(description="Who: an API key, or `cli`. `null` for the subject.")
    operation: str | None = Field(description="What they asked for. `null` for the subject.")
    request_id: UUID | None
    stream_ids: list[UUID] | None = Field(
        description="The calls, recordings or consents that were shown with it, also other "
        "people's. `null` for the subject."
    )


class AccessPage(BaseModel):
    """A page of accesses, the newest first."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"data": [_ACCESS], "next_cursor": None}]}
    )

    data: list[AccessDetail]
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page.")
