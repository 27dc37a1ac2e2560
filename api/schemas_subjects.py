"""What the questions and answers about data subjects look like."""

from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import Moment
from domain.subjects.events import ErasureReason

SUBJECT_ID: Final = "0b9b5f0a-2f0e-4c57-9d84-6f0f0d6a1c11"
CERTIFICATE: Final[dict[str, Any]] = {
    "subject_id": SUBJECT_ID,
    "reason": "requested",
    "erased_at": "2026-03-02T15:00:00.000123Z",
    "position": 4801,
    "values_deleted": 18,
    "deleted_at": "2026-03-02T15:00:00.031004Z",
}


class ErasureRequest(BaseModel):
    """Why a subject is to be erased."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "requested"}]}
    )

    reason: ErasureReason = ErasureReason.requested


class ErasureCertificate(BaseModel):
    """What the history proves of an erasure. It names nobody."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [CERTIFICATE]})

    subject_id: UUID
    reason: ErasureReason
    erased_at: Moment = Field(description="Since then no value of the subject opens.")
    position: int = Field(description="The entry that says so.")
    values_deleted: int = Field(description="How many sealed boxes were deleted so far.")
    deleted_at: Moment | None = Field(
        description="Since then no sealed box is left; `null` while they are being deleted."
    )


class SubjectDetail(BaseModel):
    """A data subject: nothing but counts and what became of them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"subject_id": SUBJECT_ID, "call_count": 3, "erasure": None}]
        }
    )

    subject_id: UUID
    call_count: int = Field(description="Calls that they are the caller or the callee of.")
    erasure: ErasureCertificate | None


class SubjectList(BaseModel):
    """The living subjects who have a number: one, or none."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"data": [{"subject_id": SUBJECT_ID, "call_count": 3, "erasure": None}]}]
        }
    )

    data: list[SubjectDetail]
