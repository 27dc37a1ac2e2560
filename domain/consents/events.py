"""What can happen to a consent. Stored for ever: additions only, a golden file for each.

They prove a consent for as long as it may be contested (GDPR Art. 7(1)), also after its subject
was erased. So they hold ids, hashes, versions and times; what somebody said in their own words
lies sealed in the vault and goes with their key.
"""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from domain.consents.words import Channel, Form, Purpose
from domain.messages import Event, Message
from domain.personal_data import Personal


class Evidence(Message):
    """How it was said: enough to show later what the subject was told and what they did.

    No text of anybody's own: names of prompts, versions, digests, ids.
    """

    channel: Channel
    prompt_id: str | None = None
    """The announcement, form or banner, by the workspace's own name for it."""

    prompt_version: str | None = None
    text_sha256: str | None = None
    """SHA-256, in hex, of the exact text that was played or shown."""

    language: str | None = None
    """BCP 47, as ``nl-BE``."""

    played_at: datetime | None = None
    """When the text began to be played or was shown."""

    played_until: datetime | None = None
    call_id: UUID | None = None
    leg_id: UUID | None = None
    """The subject's own leg, where it was said in a call."""

    provider_event_id: str | None = None
    """What the provider knows the exchange by (Twilio: a SID)."""

    answer_digit: str | None = None
    """The key that was pressed."""

    answer_sha256: str | None = None
    """SHA-256, in hex, of the audio of the spoken answer."""

    policy_version: str | None = None
    """The workspace's policy that decided to ask."""

    notice_version: str | None = None
    """The privacy notice that stood then (Art. 13)."""

    places: tuple[str, ...] | None = None
    """Where the parties of the call were taken to be: ISO 3166 codes, in no party's order."""

    table_version: str | None = None
    """The table of jurisdictions that was asked."""

    rule: str | None = None
    """The rule of that table which decided."""

    asked_by: UUID | None = None
    """The member of the workspace who asked; ``None`` where a program did."""


class ConsentStated(Event):
    """Something was said about a consent. The base of the events below."""

    occurred_at: datetime
    """When it was said. From here on it holds."""

    subject_id: UUID
    purpose: Purpose
    kind: str | None = None
    """Which marketing, which cookies, shared with whom; ``None`` where a purpose has no kinds."""

    evidence: Evidence
    words: Personal | None = None
    """What the subject said in their own words."""


class ConsentAsked(ConsentStated):
    """The subject was asked. It is no answer, and takes none back."""

    name: ClassVar[str] = "consent.asked"


class ConsentGiven(ConsentStated):
    """The subject agreed. What rests on it is lawful from here on (Art. 6(1)(a))."""

    name: ClassVar[str] = "consent.given"

    form: Form
    expires_at: datetime | None = None
    """From then on it holds no more, without anybody saying so."""


class ConsentRefused(ConsentStated):
    """The subject was asked and said no."""

    name: ClassVar[str] = "consent.refused"


class ConsentWithdrawn(ConsentStated):
    """The subject took their consent back, or objects to what never had it (Art. 7(3), 21).

    What was done before stays lawful.
    """

    name: ClassVar[str] = "consent.withdrawn"


ConsentEvent = ConsentAsked | ConsentGiven | ConsentRefused | ConsentWithdrawn
"""What was said about a consent."""


class ConsentWithdrawalMet(Event):
    """Nothing is left of what rested on a consent that was withdrawn (Art. 17(1)(b)).

    It is no statement: where the consent stands is not touched.
    """

    name: ClassVar[str] = "consent.withdrawal_met"

    subject_id: UUID
    purpose: Purpose
    kind: str | None = None
    withdrawn_at: datetime
    """Which withdrawal: when it was said."""

    recordings: int | None = None
    """How many recordings rested on it, with us or at the provider."""

    segments: int | None = None
    """How many segments of transcriptions did."""


ConsentFact = ConsentEvent | ConsentWithdrawalMet
"""What can happen to a consent."""
