"""What the answers about a history look like: a call's, a consent's, a workspace's."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import LEG_ID, Moment
from domain.personal_data import Category, ReadingState


class SealedField(BaseModel):
    """What the entry holds in the place of a personal value, and the value if it can be shown."""

    subject_ids: list[UUID]
    category: Category
    commitment: str | None = Field(
        description="SHA-256 over the sealed box and its key check; `null` for a value that was "
        "never kept. It stays when the value is erased."
    )
    state: ReadingState
    value: dict[str, Any] | None


class EntryDetail(BaseModel):
    """One entry: what happened, when, when we learnt it, and who caused it."""

    position: int
    version: int
    name: str
    occurred_at: Moment | None = Field(
        description="When it happened: the provider's claim, or what we were told."
    )
    recorded_at: Moment = Field(description="When we learnt it.")
    actor: str
    cause_id: UUID
    correlation_id: UUID
    fields: dict[str, Any] = Field(description="What it says beside personal values.")
    sealed: dict[str, SealedField]


class History(BaseModel):
    """Every entry of a stream, in order."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "data": [
                        {
                            "position": 4711,
                            "version": 1,
                            "name": "call.leg_registered",
                            "occurred_at": "2026-03-02T13:58:07Z",
                            "recorded_at": "2026-03-02T13:58:07.512873Z",
                            "actor": "twilio",
                            "cause_id": "6e2b7c0a-6a51-4a2e-9a55-f3a1b1d9a1c4",
                            "correlation_id": "2f0f5c0e-8f6c-5d6b-9a2f-0c6a5a4f3c2d",
                            "fields": {"leg_id": LEG_ID, "direction": "inbound"},
                            "sealed": {
                                "caller": {
                                    "subject_ids": ["0b9b5f0a-2f0e-4c57-9d84-6f0f0d6a1c11"],
                                    "category": "call_metadata",
                                    "commitment": "9f86d081884c7d659a2feaa0c55ad015"
                                    "a3bf4f1b2b0b822cd15d6c15b0f00a08",
                                    "state": "value",
                                    "value": {"address": "+447700900123", "kind": "e164"},
                                }
                            },
                        }
                    ]
                }
            ]
        }
    )

    data: list[EntryDetail]
