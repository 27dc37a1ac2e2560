"""What the answers about calls look like."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from domain.calls.outcome import StepKind
from domain.calls.words import Answerer, Direction, LegStatus, Outcome
from domain.personal_data import ReadingState

Moment = Annotated[datetime, AfterValidator(lambda moment: moment.astimezone(UTC))]
"""A time as it is answered: RFC 3339 in UTC."""

CALL_ID: Final = "2f0f5c0e-8f6c-5d6b-9a2f-0c6a5a4f3c2d"
LEG_ID: Final = "7b1d1a52-5d0e-5a57-8b1b-3f1a9c2e4d5f"
CALLER: Final[dict[str, Any]] = {
    "subject_id": "0b9b5f0a-2f0e-4c57-9d84-6f0f0d6a1c11",
    "state": "value",
    "value": {"address": "+447700900123", "kind": "e164", "country": "GB"},
}
CALLEE: Final[dict[str, Any]] = {
    "subject_id": "b7f7a5b1-61c1-4ad5-8a8e-57a1b27f8d22",
    "state": "erased",
    "value": None,
}
TIMES: Final[dict[str, Any]] = {
    "started_at": "2026-03-02T13:58:07Z",
    "answered_at": "2026-03-02T13:58:19Z",
    "ended_at": "2026-03-02T13:59:01Z",
    "ring_seconds": 9,
    "talk_seconds": 42,
    "duration_seconds": 54,
}
SUMMARY: Final[dict[str, Any]] = {
    "id": CALL_ID,
    "direction": "inbound",
    "outcome": "answered",
    **TIMES,
    "leg_count": 2,
    "leg_statuses": ["completed"],
    "caller": CALLER,
    "callee": CALLEE,
    "version": 9,
    "recorded_at": "2026-03-02T13:59:02.104512Z",
}


class Party(BaseModel):
    """Who is at one end: a data subject's id, and their value or the reason why there is none."""

    subject_id: UUID
    state: ReadingState = Field(
        description="`value`; `erased` (Art. 17 GDPR); `expired` (the retention period ended); "
        "`restricted` (Art. 18: kept and not used); `withheld` (the API key has no scope "
        "`values:open`)."
    )
    value: dict[str, Any] | None = Field(
        description="`address` and its `kind`; where known `name`, `city`, `state`, `zip`, "
        "`country`, `forwarded_from`."
    )


class Call(BaseModel):
    """What every answer about a call begins with. Its times are by the provider's clock."""

    id: UUID
    direction: Direction | None
    outcome: Outcome | None = Field(description="How it ended; `null` while it goes on.")
    started_at: Moment | None
    answered_at: Moment | None
    ended_at: Moment | None
    ring_seconds: int | None = Field(description="From the first ring to the answer.")
    talk_seconds: int | None = Field(description="The longest answered leg.")
    duration_seconds: int | None = Field(description="The whole call.")


class CallSummary(Call):
    """A call in a list."""

    model_config = ConfigDict(json_schema_extra={"examples": [SUMMARY]})

    leg_count: int
    leg_statuses: list[LegStatus]
    caller: Party | None
    callee: Party | None
    version: int = Field(description="How many entries its history has.")
    recorded_at: Moment = Field(description="When we learnt the last of it.")


class CallPage(BaseModel):
    """A page of calls."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"data": [SUMMARY], "next_cursor": None}]}
    )

    data: list[CallSummary]
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page.")


class LegDetail(BaseModel):
    """One party's connection to a call."""

    id: UUID
    provider_id: str | None = Field(description="`null` while only its child spoke of it.")
    parent_id: UUID | None = Field(description="The leg that dialled it.")
    direction: Direction | None
    status: LegStatus | None
    answered_by: Answerer | None
    queued_at: Moment | None
    dialed_at: Moment | None
    rang_at: Moment | None
    answered_at: Moment | None
    ended_at: Moment | None
    duration_seconds: int | None
    billed_minutes: int | None
    sip_code: int | None
    caller: Party | None
    callee: Party | None


class StepDetail(BaseModel):
    """One step of a call's way."""

    kind: StepKind
    leg_id: UUID
    at: Moment | None
    detail: str | None = Field(
        description="The step that our routing took; how the leg, or its waiting, ended; or "
        "Twilio's id of the conference, where the leg may be another call's."
    )


class CallDetail(Call):
    """A call as it was known at one time, and true at another."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": CALL_ID,
                    "direction": "inbound",
                    "outcome": "answered",
                    **TIMES,
                    "legs": [
                        {
                            "id": LEG_ID,
                            "provider_id": "CA00000000000000000000000000000001",
                            "parent_id": None,
                            "direction": "inbound",
                            "status": "completed",
                            "answered_by": None,
                            "queued_at": None,
                            "dialed_at": None,
                            "rang_at": "2026-03-02T13:58:07Z",
                            "answered_at": "2026-03-02T13:58:10Z",
                            "ended_at": "2026-03-02T13:59:01Z",
                            "duration_seconds": 54,
                            "billed_minutes": 1,
                            "sip_code": None,
                            "caller": CALLER,
                            "callee": CALLEE,
                        }
                    ],
                    "steps": [
                        {
                            "kind": "received",
                            "leg_id": LEG_ID,
                            "at": "2026-03-02T13:58:07Z",
                            "detail": None,
                        }
                    ],
                    "version": 9,
                    "recorded_at": "2026-03-02T13:59:02.104512Z",
                    "known_at": "2026-03-02T14:02:00Z",
                    "as_of": None,
                }
            ]
        }
    )

    legs: list[LegDetail]
    steps: list[StepDetail]
    version: int = Field(description="The last entry that counts.")
    recorded_at: Moment
    known_at: Moment | None = Field(description="As asked for.")
    as_of: Moment | None = Field(description="As asked for.")
