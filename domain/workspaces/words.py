"""The closed sets of words about workspaces, and what a setting may say.

What a setting says is stored with the event that set it, so it is for ever: additions only.
"""

from enum import StrEnum

from domain.messages import Message


class ChangeReason(StrEnum):
    """Why something of a workspace was changed."""

    instruction = "instruction"
    """The controller told us to (GDPR Art. 28(3)(a))."""

    legal_duty = "legal_duty"
    data_protection = "data_protection"
    """An assessment (Art. 35) or the advice of a data protection officer."""

    security = "security"
    terms = "terms"
    """A contract or a published policy changed."""

    correction = "correction"


class ClosureReason(StrEnum):
    """Why a workspace was closed."""

    terminated = "terminated"
    """The controller ended the contract."""

    ended_by_us = "ended_by_us"

    dormant = "dormant"
    """Nobody used it for as long as our terms say."""


class RecordingMode(StrEnum):
    """When calls are recorded."""

    off = "off"
    announced = "announced"
    """From the announcement on: who stays on the line after it agrees by that."""

    asked = "asked"
    """Only after an express yes."""


class Consenting(StrEnum):
    """Whose consent a recording needs."""

    caller = "caller"
    everybody = "everybody"
    strictest = "strictest"
    """What the strictest place of all parties demands; an unknown place demands everybody's."""


class Prompt(Message):
    """What is said to a party. Whoever has the text can compare its hash."""

    prompt_id: str
    version: int
    language: str
    """A language tag (BCP 47)."""

    text_sha256: str
    text: str | None = None
    """What is said, to the letter. It names nobody. Without it nothing can be said."""


class RecordingPolicy(Message):
    """Whether calls are recorded, and on whose consent."""

    mode: RecordingMode
    consenting: Consenting | None = None
    """The strictest where it does not say."""

    prompt: Prompt | None = None
    """The announcement or the question. No recording without one."""

    callee_prompt: Prompt | None = None
    """The same for whoever picks up; ``prompt`` where it does not say."""


class TranscriptionPolicy(Message):
    """Whether recorded calls are transcribed."""

    is_on: bool
    language: str | None = None


class AiPolicy(Message):
    """Whether transcriptions are analysed by a machine."""

    is_on: bool


class RoutingStep(StrEnum):
    """What is done with an incoming call."""

    dial = "dial"
    voicemail = "voicemail"
    reject = "reject"
    queue = "queue"
    """The caller waits until the call is taken, by a transfer."""

    conference = "conference"
    """The caller meets whoever else is put through to the same room."""

    @property
    def has_room(self) -> bool:
        """Whether it needs a room to wait or to meet in."""
        return self in (RoutingStep.queue, RoutingStep.conference)


class Weekday(StrEnum):
    """A day of the week, in the workspace's time zone."""

    monday = "monday"
    tuesday = "tuesday"
    wednesday = "wednesday"
    thursday = "thursday"
    friday = "friday"
    saturday = "saturday"
    sunday = "sunday"


class RoutingRule(Message):
    """What is done with a call that comes in at certain hours."""

    step: RoutingStep
    targets: tuple[str, ...] | None = None
    """Whom to dial, all at once, by the names of the workspace's dial targets."""

    unanswered: RoutingStep | None = None
    """What is done where nobody picks up: voicemail, or nothing more."""

    weekdays: tuple[Weekday, ...] | None = None
    """Every day where it does not say."""

    opens: str | None = None
    """``HH:MM``, in the time zone; ``None`` is the day's beginning."""

    closes: str | None = None
    """``HH:MM``, not included; ``None`` is the day's end."""

    called: tuple[str, ...] | None = None
    """Which of the workspace's own numbers were called, by their names among the dial targets;
    any number where it does not say."""

    finds_machines: bool | None = None
    """Whether the provider listens to whether a person or a machine picks up."""

    then: tuple[str, ...] | None = None
    """Whom to dial where nobody of ``targets`` picks up, before ``unanswered``."""

    room: str | None = None
    """Which of the workspace's queues or conferences; the one without a name, otherwise."""


class Routing(Message):
    """The first rule that fits decides. Where none does, the call is rejected."""

    time_zone: str
    """A name of the IANA database."""

    rules: tuple[RoutingRule, ...]
    greeting: Prompt | None = None
    """What a caller hears before the tone of the voicemail."""

    waiting: Prompt | None = None
    """What a caller hears, again and again, who waits in a queue."""


class Region(StrEnum):
    """Where everything of the workspace lies."""

    eu = "eu"
    uk = "uk"
    us = "us"


class Residence(Message):
    """Where everything lies, and whose law the books are kept by."""

    region: Region
    country: str | None = None
    """ISO 3166-1 alpha-2."""


class MfaLevel(StrEnum):
    """How members prove who they are."""

    optional = "optional"
    encouraged = "encouraged"
    required = "required"


class MfaPolicy(Message):
    """Whether a second factor is needed."""

    level: MfaLevel
    steps_up: bool
    """Whether it is asked again before an erasure, the release of a hold, or a download."""


class ProviderCopy(StrEnum):
    """What becomes of the provider's copy."""

    kept = "kept"
    deleted_once_stored = "deleted_once_stored"
    deleted_at_expiry = "deleted_at_expiry"


class ProviderDeletion(Message):
    """What becomes of the copies that the provider holds."""

    recordings: ProviderCopy
    transcriptions: ProviderCopy


class ProfileName(StrEnum):
    """Whose published policy the workspace goes by; its periods are in ``profiles``."""

    baseline = "baseline"
    callnest = "callnest"
    cloudcall = "cloudcall"
    callnex = "callnex"
    cloudtalk = "cloudtalk"


class Kept(StrEnum):
    """What is kept for a period."""

    recordings = "recordings"
    """And the transcriptions made of them."""

    call_metadata = "call_metadata"
    account = "account"
    invoices = "invoices"
    tickets = "tickets"
    access_entries = "access_entries"
    unclassified = "unclassified"
    """What a callback held beyond what we understand."""

    dead_letters = "dead_letters"
    """Callbacks that could not be understood at all."""

    consent_evidence = "consent_evidence"
    """What somebody said in their own words when they were asked for their consent."""


class Role(StrEnum):
    """What a member may see and do; which of it, is the matrix of roles'."""

    admin = "admin"
    supervisor = "supervisor"
    agent = "agent"
    auditor = "auditor"


class Terms(Message):
    """The text about an integration's risks that was acknowledged."""

    version: str
    text_sha256: str


class Integration(Message):
    """What an enabled integration may be sent, on which terms."""

    terms: Terms
    fields: tuple[str, ...] | None = None
    """Nothing where it does not say."""


class RetentionPeriod(Message):
    """How long something is kept in the workspace, or in one campaign of it."""

    category: Kept
    campaign: str | None = None
    days: int | None = None
    """``None`` asks for no period of its own any more."""
