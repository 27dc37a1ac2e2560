"""What the questions and answers about legal holds look like."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import CALL_ID, Moment
from api.schemas_subjects import SUBJECT_ID
from domain.holds.words import Ground, Scope

MOST: Final = 1_000
"""Subjects, or calls, that one hold names. A case of more has several holds of one reference."""

HOLD_ID: Final = "7b1d9c4e-2a6f-4c3b-8e5d-1f0a9b8c7d6e"
REQUEST: Final[dict[str, Any]] = {
    "scope": "matter",
    "matter": "2026-17",
    "ground": "legal_claims",
    "review_on": "2026-09-01",
    "subjects": [SUBJECT_ID],
    "calls": [CALL_ID],
}
HOLD: Final[dict[str, Any]] = {
    "id": HOLD_ID,
    **REQUEST,
    "placed_at": "2026-03-02T15:00:00.000123Z",
    "placed_by": "api_key:0f0d5b9b-5a0a-4c57-9d84-6f0f2f0e1c11",
    "reviewed_at": None,
    "released_at": None,
    "is_overdue": False,
}

Matter = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_./-]{0,63}$",
        description="Your own reference of the case; no person's name. It stands in the history "
        "for ever.",
    ),
]
ReviewOn = Annotated[
    date, Field(description="When somebody looks whether it is still needed: within a year.")
]


class HoldState(StrEnum):
    """Which holds are asked for."""

    standing = "standing"
    overdue = "overdue"
    """Those that stand although the day of their review has come."""

    released = "released"


class HoldRequest(BaseModel):
    """What may not be destroyed, and why."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [REQUEST]})

    scope: Scope = Field(
        description="`subject` and `call` name one, `matter` any number of both, `workspace` "
        "holds everything and names nothing."
    )
    matter: Matter
    ground: Ground = Field(description="Which of the grounds of GDPR Art. 17(3).")
    review_on: ReviewOn
    subjects: list[UUID] = Field(default_factory=list, max_length=MOST)
    calls: list[UUID] = Field(default_factory=list, max_length=MOST)


class ReviewRequest(BaseModel):
    """It was looked at and is still needed."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"review_on": "2027-03-01"}]}
    )

    review_on: ReviewOn


class HoldDetail(BaseModel):
    """A legal hold."""

    model_config = ConfigDict(json_schema_extra={"examples": [HOLD]})

    id: UUID
    scope: Scope
    matter: str
    ground: Ground
    review_on: date
    subjects: list[UUID]
    calls: list[UUID]
    placed_at: Moment
    placed_by: str
    reviewed_at: Moment | None = Field(description="When it was last looked at.")
    released_at: Moment | None = Field(description="`null` while it stands.")
    is_overdue: bool = Field(description="Whether it stands and the day of its review has come.")


class HoldList(BaseModel):
    """Holds, the newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"data": [HOLD]}]})

    data: list[HoldDetail]
