"""What the questions and answers about a workspace's settings look like.

Each part mirrors a setting of ``domain.workspaces.words``, with what a valid one looks like.
"""

from datetime import time
from functools import cache
from hashlib import sha256
from typing import Annotated, Any, Final, Self, TypeVar
from zoneinfo import available_timezones

import msgspec
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from api.schemas import CALLEE, Moment, Party
from api.schemas_history import EntryDetail
from domain.messages import Message
from domain.workspaces.words import (
    ChangeReason,
    Consenting,
    Kept,
    MfaLevel,
    ProfileName,
    ProviderCopy,
    RecordingMode,
    Region,
    RoutingStep,
    Weekday,
)

MessageT = TypeVar("MessageT", bound=Message)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone(name: str) -> str:
    if name not in _zones():
        raise ValueError("it must be a name of the IANA time zone database")
    return name


def _clock(text: str) -> str:
    time.fromisoformat(text)
    return text


Name = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", description="A name of yours; no person's."
    ),
]
Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="Of the text, in hex.")]
Note = Annotated[
    str,
    Field(min_length=1, max_length=1000, description="In your words. It is kept sealed."),
]
Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$"), AfterValidator(_clock)]
TimeZone = Annotated[str, Field(max_length=64), AfterValidator(_zone)]


class Part(BaseModel):
    """A part of a question or an answer; a field that it does not have is a mistake."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    def said(self, kind: type[MessageT]) -> MessageT:
        """The same in the words of the rules."""
        return msgspec.convert(self.model_dump(mode="json", exclude_none=True), kind)


class Prompt(Part):
    """What is said to a party."""

    prompt_id: Name
    version: int = Field(ge=1, le=2**31 - 1)
    language: Language
    text_sha256: Sha256
    text: str | None = Field(
        default=None,
        min_length=1,
        max_length=2000,
        description="What is said, to the letter; it names nobody. Without it nothing is said, "
        "and nothing recorded.",
    )

    @model_validator(mode="after")
    def _is_its_own(self) -> Self:
        if self.text is not None and sha256(self.text.encode()).hexdigest() != self.text_sha256:
            raise ValueError("text_sha256 must be the SHA-256 of the text in UTF-8, in hex")
        return self


class Recording(Part):
    """Whether calls are recorded, and on whose consent. No recording without a prompt."""

    mode: RecordingMode
    consenting: Consenting | None = Field(
        default=None, description="`null` is what the strictest place of all parties demands."
    )
    prompt: Prompt | None = None
    callee_prompt: Prompt | None = Field(
        default=None, description="For whoever picks up; `null` is `prompt` again."
    )


class Transcription(Part):
    """Whether recorded calls are transcribed."""

    is_on: bool
    language: Language | None = None


class Ai(Part):
    """Whether transcriptions are analysed by a machine."""

    is_on: bool


class RoutingRule(Part):
    """What is done with a call that comes in at certain hours."""

    step: RoutingStep
    targets: list[Name] | None = Field(
        default=None, min_length=1, max_length=20, description="Dial targets, dialled at once."
    )
    unanswered: RoutingStep | None = Field(
        default=None, description="`voicemail`, or nothing more."
    )
    weekdays: list[Weekday] | None = Field(default=None, min_length=1, max_length=7)
    opens: Clock | None = None
    closes: Clock | None = None
    called: list[Name] | None = Field(
        default=None,
        min_length=1,
        max_length=20,
        description="For calls to these numbers of yours, by their names among the dial targets.",
    )
    finds_machines: bool | None = Field(
        default=None,
        description="Whether Twilio listens to who or what picks up, which costs extra.",
    )
    then: list[Name] | None = Field(
        default=None,
        min_length=1,
        max_length=10,
        description="Dialled where nobody of `targets` picks up.",
    )
    room: Name | None = Field(
        default=None,
        description="Which queue or conference of yours, for these two steps; never told Twilio.",
    )


class Routing(Part):
    """The first rule that fits decides; where none does, the call is rejected."""

    time_zone: TimeZone
    rules: list[RoutingRule] = Field(max_length=100)
    greeting: Prompt | None = Field(
        default=None, description="What a caller hears before the tone of the voicemail."
    )
    waiting: Prompt | None = Field(
        default=None, description="What a caller hears, again and again, who waits in a queue."
    )


class Residence(Part):
    """Where everything lies, and whose law the books are kept by."""

    region: Region
    country: str | None = Field(
        default=None, pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2."
    )


class Mfa(Part):
    """Whether members need a second factor."""

    level: MfaLevel
    steps_up: bool = Field(description="Asked again before what cannot be undone.")


class ProviderDeletion(Part):
    """What becomes of the provider's copies."""

    recordings: ProviderCopy
    transcriptions: ProviderCopy


class RetentionPeriod(Part):
    """How long something is kept, in the workspace or in one campaign of it."""

    category: Kept
    campaign: Name | None = None
    days: Annotated[int, Field(ge=0, le=36_500)] | None = Field(
        description="`null` asks for no period of its own any more."
    )


class Terms(Part):
    """The text about the integration's risks that was acknowledged."""

    version: Name
    text_sha256: Sha256


class Integration(Part):
    """What an integration may be sent, on which terms."""

    terms: Terms
    fields: list[Name] | None = Field(default=None, max_length=100)


class Reasoned(BaseModel):
    """Why something is changed."""

    model_config = ConfigDict(extra="forbid")

    reason: ChangeReason
    note: Note | None = None


class SettingsChange(Reasoned):
    """The settings to change: what is not here, or `null`, stays. All of it or nothing."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "reason": "instruction",
                    "transcription": {"is_on": False},
                    "retention": [{"category": "recordings", "campaign": "spring", "days": 30}],
                }
            ]
        }
    )

    profile: ProfileName | None = None
    recording: Recording | None = None
    transcription: Transcription | None = None
    ai: Ai | None = None
    routing: Routing | None = None
    region: Residence | None = None
    mfa: Mfa | None = None
    provider_deletion: ProviderDeletion | None = None
    retention: list[RetentionPeriod] | None = Field(default=None, max_length=200)


class DialTarget(BaseModel):
    """A number that routing rules may dial."""

    name: str
    number: Party


_SETTINGS: Final[dict[str, Any]] = {
    "version": 4,
    "profile": "callnex",
    "recording": {
        "mode": "asked",
        "consenting": "strictest",
        "prompt": {
            "prompt_id": "recorded_call",
            "version": 3,
            "language": "en-GB",
            "text_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        },
    },
    "transcription": {"is_on": False, "language": None},
    "ai": None,
    "routing": None,
    "region": {"region": "eu", "country": "BE"},
    "mfa": {"level": "required", "steps_up": True},
    "provider_deletion": None,
    "retention": [{"category": "recordings", "campaign": "spring", "days": 30}],
    "integrations": {},
    "dial_targets": [{"name": "front_desk", "number": CALLEE}],
    "known_at": None,
    "as_of": None,
}


class SettingsDetail(BaseModel):
    """What was set. `null` was never set: then nothing is recorded, sent or kept by it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SETTINGS]})

    version: int = Field(description="Of the workspace's stream: every entry of it counts.")
    profile: ProfileName | None = Field(description="`null` goes by the baseline.")
    recording: Recording | None
    transcription: Transcription | None
    ai: Ai | None
    routing: Routing | None
    region: Residence | None
    mfa: Mfa | None
    provider_deletion: ProviderDeletion | None
    retention: list[RetentionPeriod]
    integrations: dict[str, Integration]
    dial_targets: list[DialTarget]
    known_at: Moment | None
    as_of: Moment | None


class ChangedSetting(BaseModel):
    """A setting that differs between two times."""

    setting: str
    before: Any
    after: Any


class Difference(BaseModel):
    """What changed between two times, and the entries that changed it: who, when, why."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "changes": [
                        {
                            "setting": "transcription",
                            "before": {"is_on": True},
                            "after": {"is_on": False},
                        }
                    ],
                    "entries": [],
                }
            ]
        }
    )

    changes: list[ChangedSetting]
    entries: list[EntryDetail]


class DialTargetChange(Reasoned):
    """A number that routing rules may dial, and why."""

    number: str = Field(
        min_length=1,
        max_length=200,
        description="A number in E.164, a SIP address or a client identity.",
        examples=["+447700900123"],
    )


class IntegrationChange(Reasoned):
    """What to share with an integration. Not without acknowledging the terms."""

    terms: Terms
    fields: list[Name] | None = Field(default=None, max_length=100)


class Done(BaseModel):
    """What was asked is so, by this request or an earlier one."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"version": 5}]})

    version: int = Field(description="Of the workspace's stream.")
