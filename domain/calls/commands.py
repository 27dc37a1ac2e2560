"""What can be asked of a call."""

from datetime import datetime
from decimal import Decimal
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
from domain.messages import Command, InCampaign
from domain.personal_data import Clear


class ReportLeg(InCampaign):
    """The provider says where a leg is. May come late, twice, or before the leg's parent."""

    leg_id: UUID
    provider_id: str
    parent_id: UUID | None = None
    parent_provider_id: str | None = None
    direction: Direction | None = None
    status: LegStatus
    sequence: int | None = None
    occurred_at: datetime | None = None
    caller: Clear | None = None
    callee: Clear | None = None
    answered_by: Answerer | None = None
    duration_seconds: int | None = None
    billed_minutes: int | None = None
    sip_code: int | None = None
    unknown_fields: Clear | None = None

    second_hand: bool | None = None
    """Whether the provider's books say so, afterwards: it counts where nobody told us."""

    step: Step | None = None
    """What our answer to the provider does with the call, where it asked what to do."""


class PriceLeg(Command):
    """The provider's books say what a leg costs. Said late, and again when it was corrected."""

    leg_id: UUID
    amount: Decimal
    currency: str


class RouteCall(Command):
    """Our routing takes a further step with the call."""

    leg_id: UUID
    step: Step
    occurred_at: datetime


class FindAnswerer(Command):
    """The provider says who or what picked up. It may come before all else of the leg."""

    leg_id: UUID
    answered_by: Answerer


class LeaveQueue(Command):
    """A caller waits no longer."""

    leg_id: UUID
    result: QueueResult
    waited_seconds: int | None = None
    occurred_at: datetime


class ReportConference(Command):
    """The provider says what happened in a conference. May come late, twice, in any order."""

    leg_id: UUID
    conference_id: str
    what: InConference
    participant_id: str | None = None
    sequence: int | None = None
    opened_by: UUID | None = None
    occurred_at: datetime | None = None


class AboutRecording(Command):
    """A request about whether the call is recorded. The base of the commands below."""

    leg_id: UUID
    occurred_at: datetime


class RuleRecording(AboutRecording):
    """Write down what is done about recording this call, and by which rule."""

    plan: RecordingPlan
    reason: PlanReason
    settings_version: int
    places: tuple[str, ...] | None = None
    rule: str | None = None
    table_version: str | None = None


class AskAboutRecording(AboutRecording):
    """A party is told, or asked."""

    prompt_id: str
    prompt_version: int
    language: str
    text_sha256: str
    is_question: bool


class AnswerAboutRecording(AboutRecording):
    """The party answers."""

    answer: Answer
    digit: str | None = None


class ObjectToRecording(AboutRecording):
    """A party objects, at whatever time."""


class MeetObjection(AboutRecording):
    """Nothing is left of what was objected to."""


class AskRecordingStart(AboutRecording):
    """The provider is to begin recording now, while two people talk."""


RecordingStatement = RuleRecording | AskAboutRecording | AnswerAboutRecording | ObjectToRecording
RecordingWord = RecordingStatement | MeetObjection | AskRecordingStart
GatheringWord = LeaveQueue | ReportConference
CallCommand = ReportLeg | PriceLeg | RouteCall | FindAnswerer | RecordingWord | GatheringWord
