"""What can happen to a call. Stored for ever: additions only, a golden file for each."""

from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from domain.calls.words import (
    Answer,
    Answerer,
    Direction,
    InConference,
    LegStatus,
    PlanReason,
    QueueResult,
    RecordingPlan,
    Step,
)
from domain.messages import Event, OfCampaign
from domain.personal_data import Personal


class LegRegistered(Event):
    """We heard of a leg for the first time."""

    name: ClassVar[str] = "call.leg_registered"

    leg_id: UUID
    provider_id: str
    """The provider's own id of it (Twilio: CallSid)."""

    parent_id: UUID | None = None
    """The leg that dialled it; ``None`` for the first leg of a call."""

    parent_provider_id: str | None = None
    direction: Direction | None = None
    caller: Personal | None = None
    callee: Personal | None = None


class LegDescribed(Event):
    """More became known of a leg that was registered with less."""

    name: ClassVar[str] = "call.leg_described"

    leg_id: UUID
    direction: Direction | None = None
    caller: Personal | None = None
    callee: Personal | None = None


class LegReported(Event):
    """The provider reported where a leg is. The base of the reports below."""

    leg_id: UUID
    sequence: int | None = None
    """The provider's own numbering of its reports of this leg."""

    answered_by: Answerer | None = None
    unknown_fields: Personal | None = None
    """What the report held beyond what we understand."""


class LegQueued(LegReported):
    """The leg waits to be dialled."""

    name: ClassVar[str] = "call.leg_queued"


class LegDialed(LegReported):
    """The provider began to dial the leg."""

    name: ClassVar[str] = "call.leg_dialed"


class LegRang(LegReported):
    """The party's telephone rang."""

    name: ClassVar[str] = "call.leg_rang"


class LegAnswered(LegReported):
    """A party picked up. Billable time starts here."""

    name: ClassVar[str] = "call.leg_answered"


class LegEnded(LegReported):
    """The leg is over. Its duration is what the provider bills by."""

    name: ClassVar[str] = "call.leg_ended"

    status: LegStatus
    duration_seconds: int | None = None
    billed_minutes: int | None = None
    sip_code: int | None = None


class CallRouted(Event):
    """Our routing took a step with the call: it was put through, or turned away."""

    name: ClassVar[str] = "call.routed"

    leg_id: UUID
    step: Step


class LegPriced(Event):
    """The provider charges this for connecting the leg. A later price replaces an earlier one."""

    name: ClassVar[str] = "call.leg_priced"

    leg_id: UUID
    amount: Decimal
    """What it charges; a credit is negative."""

    currency: str
    """ISO 4217, of the provider's account."""


class RecordingRuled(Event):
    """Before anybody was put through it was decided whether, and on whose consent, to record."""

    name: ClassVar[str] = "call.recording_ruled"

    leg_id: UUID
    plan: RecordingPlan
    reason: PlanReason
    settings_version: int
    """Of the workspace's stream: by which settings."""

    places: tuple[str, ...] | None = None
    """Where the parties were taken to be (ISO 3166), in no party's order."""

    rule: str | None = None
    """The row of the table of jurisdictions that decided, where one was asked."""

    table_version: str | None = None


class RecordingAsked(Event):
    """A party was told that the call is recorded, or was asked whether it may be."""

    name: ClassVar[str] = "call.recording_asked"

    leg_id: UUID
    prompt_id: str
    prompt_version: int
    language: str
    text_sha256: str
    is_question: bool
    """Whether a key had to be pressed."""


class RecordingAnswered(Event):
    """What the party said to that. The strictest answer of a leg holds."""

    name: ClassVar[str] = "call.recording_answered"

    leg_id: UUID
    answer: Answer
    digit: str | None = None
    """The key that was pressed."""


class RecordingObjected(Event):
    """A party objects to being recorded: nothing of the call's recordings may be kept."""

    name: ClassVar[str] = "call.recording_objected"

    leg_id: UUID
    """The leg of whoever objects."""


class RecordingObjectionMet(Event):
    """Of the recordings of the call nothing is left that we keep or could delete.

    Until then the objection is open, and is attended to again and again.
    """

    name: ClassVar[str] = "call.recording_objection_met"

    leg_id: UUID
    """The leg of whoever objected."""


class RecordingStartAsked(Event):
    """Whoever had to agree has, after the call was put through: now it may be recorded.

    The provider is asked once, right after this. Where that fails the call is not recorded.
    """

    name: ClassVar[str] = "call.recording_start_asked"

    leg_id: UUID
    """The leg that is recorded: the first."""


class LegAnswererFound(Event):
    """The provider listened to who or what picked up, and says so apart from its reports."""

    name: ClassVar[str] = "call.leg_answerer_found"

    leg_id: UUID
    answered_by: Answerer


class CallCampaignNamed(OfCampaign):
    """The call belongs to a campaign, which may have retention periods of its own."""

    name: ClassVar[str] = "call.campaign_named"

    campaign: str


class QueueLeft(Event):
    """A caller who waited in a queue waits no longer. Its time is when we heard of it."""

    name: ClassVar[str] = "call.queue_left"

    leg_id: UUID
    result: QueueResult
    waited_seconds: int | None = None


class ConferenceReported(Event):
    """The provider told what happened in a conference that this call opened, or was in."""

    name: ClassVar[str] = "call.conference_reported"

    leg_id: UUID
    """The leg that came or went, which may be another call's; else the one that opened it."""

    conference_id: str
    """The provider's own id of it (Twilio: ConferenceSid)."""

    what: InConference
    participant_id: str | None = None
    """The provider's own id of the leg that came or went."""

    sequence: int | None = None
    """The provider's own numbering of what it tells of the conference."""

    opened_by: UUID | None = None
    """The call that opened it and knows of everybody; ``None`` is this one."""


CallEvent = (
    LegRegistered
    | LegDescribed
    | LegQueued
    | LegDialed
    | LegRang
    | LegAnswered
    | LegEnded
    | CallRouted
    | LegPriced
    | RecordingRuled
    | RecordingAsked
    | RecordingAnswered
    | RecordingObjected
    | RecordingObjectionMet
    | RecordingStartAsked
    | LegAnswererFound
    | CallCampaignNamed
    | QueueLeft
    | ConferenceReported
)
