"""What the questions and answers about data subjects look like."""

from typing import Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import Moment
from domain.subjects.events import ErasureReason, RestrictionGround

SUBJECT_ID: Final = "0b9b5f0a-2f0e-4c57-9d84-6f0f0d6a1c11"
CERTIFICATE: Final[dict[str, Any]] = {
    "subject_id": SUBJECT_ID,
    "reason": "requested",
    "erased_at": "2026-03-02T15:00:00.000123Z",
    "position": 4801,
    "values_deleted": 18,
    "deleted_at": "2026-03-02T15:00:00.031004Z",
}
WAITING: Final[dict[str, Any]] = {
    "subject_id": SUBJECT_ID,
    "state": "waiting",
    "reason": "requested",
    "asked_at": "2026-03-02T15:00:00.000123Z",
    "holds": ["7b1d9c4e-2a6f-4c3b-8e5d-1f0a9b8c7d6e"],
}
SUBJECT: Final[dict[str, Any]] = {
    "subject_id": SUBJECT_ID,
    "call_count": 3,
    "erasure": None,
    "erasure_waits": None,
    "restriction": {
        "subject_id": SUBJECT_ID,
        "is_restricted": False,
        "ground": None,
        "since": None,
    },
    "holds": [],
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


class ErasureWaiting(BaseModel):
    """An erasure that was asked for and waits: it is not lost, and nothing is done yet."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [WAITING]})

    subject_id: UUID
    state: Literal["waiting"] = "waiting"
    reason: ErasureReason
    asked_at: Moment
    holds: list[UUID] = Field(
        description="The legal holds in its way. When the last of them is released it is done."
    )


class RestrictionRequest(BaseModel):
    """Why a subject is to be restricted."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"ground": "accuracy"}]}
    )

    ground: RestrictionGround = Field(description="Which of the grounds of GDPR Art. 18(1).")


class RestrictionDetail(BaseModel):
    """Whether what is known of a subject is kept and not used."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "examples": [
                {
                    "subject_id": SUBJECT_ID,
                    "is_restricted": True,
                    "ground": "accuracy",
                    "since": "2026-03-02T15:00:00.000123Z",
                }
            ]
        },
    )

    subject_id: UUID
    is_restricted: bool
    ground: RestrictionGround | None
    since: Moment | None


class SubjectDetail(BaseModel):
    """A data subject: nothing but counts and what became of them."""

    model_config = ConfigDict(json_schema_extra={"examples": [SUBJECT]})

    subject_id: UUID
    call_count: int = Field(description="Calls that they are the caller or the callee of.")
    erasure: ErasureCertificate | None
    erasure_waits: ErasureWaiting | None = Field(description="What was asked for and is not done.")
    restriction: RestrictionDetail
    holds: list[UUID] = Field(
        description="The legal holds because of which something of theirs is kept."
    )


class SubjectList(BaseModel):
    """The living subjects who have a number: one, or none."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"data": [SUBJECT]}]})

    data: list[SubjectDetail]
