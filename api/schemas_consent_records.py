"""A consent in the form of ISO/IEC TS 27560:2023, under the names that it gives to its fields.

What the specification asks for and this ledger does not know is ``null``, and named in
``not_stated``: the controller fills it in, or the reader knows that nobody said so.
"""

from typing import Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import Moment
from api.schemas_consents import CONSENT_ID, EVIDENCE, EvidenceBody
from api.schemas_subjects import SUBJECT_ID

SCHEMA_VERSION: Final = "ISO/IEC TS 27560:2023"
WORKSPACE_ID: Final = "8a3c1f60-54f2-4b0e-9a37-5d1f0e7c2b48"
RECORD: Final[dict[str, Any]] = {
    "schema_version": SCHEMA_VERSION,
    "record_id": CONSENT_ID,
    "pii_principal_id": SUBJECT_ID,
    "pii_processing": [
        {
            "privacy_notice": "2026-01",
            "language": "nl-BE",
            "purposes": [
                {
                    "purpose": "Recording of calls",
                    "purpose_type": "recording",
                    "lawful_basis": "consent (GDPR Art. 6(1)(a))",
                    "pii_information": [{"pii_type": "voice"}],
                    "pii_controllers": [WORKSPACE_ID],
                    "collection_method": "voice_dtmf",
                    "storage_locations": None,
                    "retention_period": None,
                    "jurisdiction": ["NL", "US-CA"],
                    "recipient_third_parties": [],
                    "withdrawal_method": "https://calls.example.com/withdraw/c2hvcnQ",
                }
            ],
        }
    ],
    "party_identification": [
        {
            "party_id": WORKSPACE_ID,
            "party_name": "Acme Telecom",
            "party_role": "pii_controller",
            "party_type": "organisation",
            "party_address": None,
            "party_contact": None,
        }
    ],
    "events": [
        {
            "event_time": "2026-03-02T13:58:21Z",
            "validity_duration": None,
            "entity_id": SUBJECT_ID,
            "event_type": "express",
            "event_state": "given",
            "recorded_at": "2026-03-02T13:58:21.204817Z",
            "position": 4712,
            "evidence": EVIDENCE,
        }
    ],
    "not_stated": ["party_address", "party_contact", "retention_period", "storage_locations"],
}
RECEIPT: Final[dict[str, Any]] = {
    "receipt_id": "0c9d7f3a-0f5e-5a0c-b1a4-3f6f2d9c8e71",
    "schema_version": SCHEMA_VERSION,
    "consent_record": RECORD,
}


class PiiInformation(BaseModel):
    """A kind of personal data that the purpose takes."""

    pii_type: str


class RecordedPurpose(BaseModel):
    """What was agreed to, or not."""

    purpose: str
    purpose_type: str = Field(description="The purpose and, where it has kinds, its kind.")
    lawful_basis: str
    pii_information: list[PiiInformation]
    pii_controllers: list[UUID]
    collection_method: str
    storage_locations: list[str] | None
    retention_period: str | None
    jurisdiction: list[str] | None
    recipient_third_parties: list[str]
    withdrawal_method: str


class RecordedProcessing(BaseModel):
    """What was shown, and what for."""

    privacy_notice: str | None
    language: str | None
    purposes: list[RecordedPurpose]


class RecordedParty(BaseModel):
    """Somebody who takes part in it."""

    party_id: UUID
    party_name: str
    party_role: str
    party_type: str
    party_address: str | None
    party_contact: str | None


class RecordedEvent(BaseModel):
    """Something that was said; beside the specification's fields, our evidence of it."""

    event_time: Moment
    validity_duration: str | None = Field(
        description="ISO 8601; `null` for what holds until something else is said."
    )
    entity_id: UUID = Field(description="Who said it: the subject, or who asked them.")
    event_type: str | None = Field(description="`express` or `implied`, of what was given.")
    event_state: str
    recorded_at: Moment
    position: int = Field(description="The entry that says so.")
    evidence: EvidenceBody


class ConsentRecord(BaseModel):
    """A consent record: what the controller keeps."""

    model_config = ConfigDict(json_schema_extra={"examples": [RECORD]})

    schema_version: Literal["ISO/IEC TS 27560:2023"] = SCHEMA_VERSION
    record_id: UUID
    pii_principal_id: UUID
    pii_processing: list[RecordedProcessing]
    party_identification: list[RecordedParty]
    events: list[RecordedEvent]
    not_stated: list[str] = Field(description="Fields that the ledger does not know.")


class ConsentReceipt(BaseModel):
    """A consent receipt: the copy for the subject."""

    model_config = ConfigDict(json_schema_extra={"examples": [RECEIPT]})

    receipt_id: UUID = Field(description="Of this consent at this entry: the same for ever.")
    schema_version: Literal["ISO/IEC TS 27560:2023"] = SCHEMA_VERSION
    consent_record: ConsentRecord
