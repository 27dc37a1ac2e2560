"""What the questions and answers about consents look like."""

from datetime import UTC
from enum import StrEnum
from typing import Annotated, Any, Final, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from api.parameters import MomentParameter, PastParameter
from api.schemas import CALL_ID, LEG_ID, Moment
from api.schemas_subjects import SUBJECT_ID
from domain.consents.words import Channel, Form, Purpose, Standing, is_kind_of

CONSENT_ID: Final = "5d0f4a7e-3c62-5b7e-9a1d-2f8f6b1c0e94"
EVIDENCE: Final[dict[str, Any]] = {
    "channel": "voice_dtmf",
    "prompt_id": "recording-announcement",
    "prompt_version": "3",
    "text_sha256": "5a" * 32,
    "language": "nl-BE",
    "call_id": CALL_ID,
    "leg_id": LEG_ID,
    "answer_digit": "1",
    "policy_version": "2026-02",
    "places": ["NL", "US-CA"],
    "table_version": "2026-11-25",
    "rule": "US-CA/all_parties/2026-01-01",
}
STATEMENT: Final[dict[str, Any]] = {
    "said": "given",
    "purpose": "recording",
    "occurred_at": "2026-03-02T13:58:21Z",
    "evidence": EVIDENCE,
}
CONSENT: Final[dict[str, Any]] = {
    "id": CONSENT_ID,
    "subject_id": SUBJECT_ID,
    "purpose": "recording",
    "kind": None,
    "standing": "given",
    "is_valid": True,
    "since": "2026-03-02T13:58:21Z",
    "form": "express",
    "expires_at": None,
    "evidence": EVIDENCE,
    "version": 2,
    "recorded_at": "2026-03-02T13:58:21.204817Z",
    "withdrawal_url": "https://calls.example.com/withdraw/c2hvcnQgZXhhbXBsZQ",
    "valid_at": None,
    "known_at": None,
}


def _matching(pattern: str) -> Any:  # noqa: ANN401 - an annotation of pydantic's
    return StringConstraints(pattern=f"^(?:{pattern})$")


_UTC: Final = AfterValidator(lambda moment: moment.astimezone(UTC))
Said = Annotated[PastParameter, _UTC]
Stated = Annotated[MomentParameter, _UTC]
Name = Annotated[str, _matching("[a-z][a-z0-9_.-]{0,63}")]
Version = Annotated[str, _matching("[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")]
Sha256 = Annotated[str, _matching("[0-9a-f]{64}")]
Place = Annotated[str, _matching("[A-Z]{2}(-[A-Z0-9]{1,3})?|unknown")]


class Saying(StrEnum):
    """What is said about a consent."""

    asked = "asked"
    given = "given"
    refused = "refused"
    withdrawn = "withdrawn"


class EvidenceBody(BaseModel):
    """How it was said: names, versions, digests and ids. Nothing here may be about a person."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    channel: Channel
    prompt_id: Name | None = Field(
        None, description="Your own name for the announcement, form or banner."
    )
    prompt_version: Version | None = None
    text_sha256: Sha256 | None = Field(
        None, description="SHA-256, in hex, of the exact text that was played or shown."
    )
    language: Annotated[str, _matching("[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}")] | None = Field(
        None, description="BCP 47."
    )
    played_at: Stated | None = None
    played_until: Stated | None = None
    call_id: UUID | None = None
    leg_id: UUID | None = None
    provider_event_id: Annotated[str, _matching("[A-Z]{2}[0-9a-f]{32}")] | None = Field(
        None, description="A SID of Twilio's."
    )
    answer_digit: Annotated[str, _matching("[0-9*#]")] | None = None
    answer_sha256: Sha256 | None = Field(
        None, description="SHA-256, in hex, of the audio of a spoken answer."
    )
    policy_version: Version | None = None
    notice_version: Version | None = None
    places: Annotated[list[Place], Field(max_length=20)] | None = Field(
        None, description="Where the parties of the call were taken to be: ISO 3166."
    )
    table_version: Version | None = None
    rule: Annotated[str, _matching("[A-Za-z0-9][A-Za-z0-9/_.-]{0,63}")] | None = None
    asked_by: UUID | None = Field(None, description="The member who asked.")


class ConsentStatement(BaseModel):
    """Something that was said about a consent. Each of the four is said in the same way."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [STATEMENT]})

    said: Saying
    purpose: Purpose
    kind: Annotated[str, Field(max_length=40)] | None = Field(
        None,
        description="Of marketing: `newsletter`, `events`, `calls`, `messages`, `third_party`; of "
        "cookies: `necessary`, `preferences`, `analytics`, `advertising`; of sharing: the "
        "integration. No other purpose has kinds.",
    )
    occurred_at: Said = Field(
        description="When it was said, which has passed. It holds from then on, whenever we hear "
        "of it; and with it a repeated request is known again."
    )
    form: Form | None = Field(None, description="Of what is given; `express` unless you say so.")
    expires_at: Stated | None = Field(None, description="Of what is given.")
    evidence: EvidenceBody
    words: Annotated[str, Field(min_length=1, max_length=2000)] | None = Field(
        None, description="What the subject said in their own words. It is sealed."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if not is_kind_of(self.purpose, self.kind):
            raise ValueError("the purpose has no such kind")
        if self.said is not Saying.given and (self.form or self.expires_at):
            raise ValueError("only what is given has a form and expires")
        return self


class ConsentDetail(BaseModel):
    """Where a consent stood at a moment, by what was known at another."""

    model_config = ConfigDict(json_schema_extra={"examples": [CONSENT]})

    id: UUID
    subject_id: UUID
    purpose: Purpose
    kind: str | None
    standing: Standing = Field(
        description="`asked`, `given`, `refused`, `withdrawn`; `expired` after its `expires_at`."
    )
    is_valid: bool = Field(description="Whether it could be relied on then.")
    since: Moment = Field(description="When the statement that held was made.")
    form: Form | None
    expires_at: Moment | None
    evidence: EvidenceBody = Field(description="Of the statement that held.")
    version: int = Field(description="The last entry that was known.")
    recorded_at: Moment = Field(description="When we learnt it.")
    withdrawal_url: str = Field(
        description="Withdraws without login; give it as `List-Unsubscribe` (RFC 8058). It works "
        "for as long as the workspace is there."
    )
    valid_at: Moment | None = Field(description="As asked for; now, if not.")
    known_at: Moment | None = Field(description="As asked for; now, if not.")


class ConsentList(BaseModel):
    """All consents of a subject of which anything was said, and known, by then."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"data": [CONSENT]}]})

    data: list[ConsentDetail]
