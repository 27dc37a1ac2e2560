"""From a consent's entries to its record by ISO/IEC TS 27560:2023."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final, NamedTuple
from uuid import UUID, uuid5

from api.schemas_consent_records import (
    ConsentReceipt,
    ConsentRecord,
    PiiInformation,
    RecordedEvent,
    RecordedParty,
    RecordedProcessing,
    RecordedPurpose,
)
from api.schemas_consents import EvidenceBody
from domain.consents.consent import last_by
from domain.consents.events import ConsentAsked, ConsentEvent, ConsentGiven
from domain.consents.words import Purpose
from domain.errors import NotFound
from domain.messages import Entry
from projections.consents.build import said as word_of
from projections.consents.read import consent_in

NOT_STATED: Final = ("party_address", "party_contact", "retention_period", "storage_locations")
"""What the specification asks for and is nowhere in the history."""


class InWords(NamedTuple):
    """A purpose as people read it, and what it takes of them."""

    purpose: str
    takes: str


WORDS: Final[Mapping[Purpose, InWords]] = MappingProxyType(
    {
        Purpose.recording: InWords("Recording of calls", "voice"),
        Purpose.transcription: InWords("Transcription of calls", "spoken words"),
        Purpose.ai_analysis: InWords("Analysis of calls by AI", "spoken words"),
        Purpose.marketing: InWords("Marketing", "contact details"),
        Purpose.cookies: InWords("Cookies", "use of the website"),
        Purpose.sharing: InWords("Sharing with an integration", "calls and contact details"),
    }
)


class Controller(NamedTuple):
    """The workspace, as a record names it."""

    workspace_id: UUID
    name: str


def record_of(
    entries: Sequence[Entry], controller: Controller, withdrawal_url: str
) -> ConsentRecord:
    """The record of one consent, by all of its entries; ``NotFound`` of none."""
    said = [(entry, entry.event) for entry in entries if isinstance(entry.event, ConsentEvent)]
    last = last_by(consent_in(entries))
    if last is None:
        raise NotFound("consent")
    return ConsentRecord(
        record_id=entries[0].stream_id,
        pii_principal_id=last.subject_id,
        pii_processing=[
            RecordedProcessing(
                privacy_notice=last.evidence.notice_version,
                language=last.evidence.language,
                purposes=[_purpose(last, controller, withdrawal_url)],
            )
        ],
        party_identification=[
            RecordedParty(
                party_id=controller.workspace_id,
                party_name=controller.name,
                party_role="pii_controller",
                party_type="organisation",
                party_address=None,
                party_contact=None,
            )
        ],
        events=[_event(entry, event, controller) for entry, event in said],
        not_stated=list(NOT_STATED),
    )


def receipt_of(
    entries: Sequence[Entry], controller: Controller, withdrawal_url: str
) -> ConsentReceipt:
    """The receipt of one consent, as far as these entries tell."""
    last = entries[-1]
    return ConsentReceipt(
        receipt_id=uuid5(last.stream_id, f"receipt/{last.version}"),
        consent_record=record_of(entries, controller, withdrawal_url),
    )


def _purpose(last: ConsentEvent, controller: Controller, withdrawal_url: str) -> RecordedPurpose:
    words, places = WORDS[last.purpose], last.evidence.places
    return RecordedPurpose(
        purpose=words.purpose,
        purpose_type="/".join(filter(None, (last.purpose, last.kind))),
        lawful_basis="consent (GDPR Art. 6(1)(a))",
        pii_information=[PiiInformation(pii_type=words.takes)],
        pii_controllers=[controller.workspace_id],
        collection_method=last.evidence.channel,
        storage_locations=None,
        retention_period=None,
        jurisdiction=list(places) if places else None,
        recipient_third_parties=_recipients(last),
        withdrawal_method=withdrawal_url,
    )


def _recipients(last: ConsentEvent) -> list[str]:
    return [last.kind] if last.purpose is Purpose.sharing and last.kind else []


def _event(entry: Entry, event: ConsentEvent, controller: Controller) -> RecordedEvent:
    given = event if isinstance(event, ConsentGiven) else None
    is_question = isinstance(event, ConsentAsked)
    return RecordedEvent(
        event_time=event.occurred_at,
        validity_duration=_lasting(event.occurred_at, given.expires_at if given else None),
        entity_id=controller.workspace_id if is_question else event.subject_id,
        event_type=given.form if given else None,
        event_state=word_of(event),
        recorded_at=entry.recorded_at,
        position=entry.position,
        evidence=EvidenceBody.model_validate(event.evidence),
    )


def _lasting(begins: datetime, ends: datetime | None) -> str | None:
    return None if ends is None else f"PT{(ends - begins).total_seconds():.0f}S"
