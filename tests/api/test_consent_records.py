"""The record and the receipt of a consent, by ISO/IEC TS 27560:2023."""

from pathlib import Path
from typing import Any, Final

from cells import asynchronous
from serving import House, serving
from twilio_forms import CALLER, call_callbacks, call_sid

from adapters.postgres.embedded import Urls

Json = dict[str, Any]
EVIDENCE: Final = {
    "channel": "voice_speech",
    "language": "nl-BE",
    "notice_version": "2026-01",
    "places": ["US-CA", "NL"],
    "table_version": "2026-11-25",
    "rule": "US-CA/all_parties/2026-01-01",
}
HEADER: Final = {"schema_version", "record_id", "pii_principal_id"}
PURPOSE: Final = {
    *("purpose", "pii_information", "pii_controllers", "storage_locations", "retention_period"),
    *("jurisdiction", "recipient_third_parties", "withdrawal_method"),
}
PARTY: Final = {"party_id", "party_name", "party_address", "party_contact", "party_type"}
EVENT: Final = {"event_time", "validity_duration", "entity_id", "event_type", "event_state"}
"""What the specification makes mandatory."""


async def shared(house: House) -> tuple[str, str]:
    """A subject and their consent to sharing: asked, given for a day, withdrawn."""
    await house.hear(*call_callbacks(call_sid(1), call_sid(2)))
    (found,) = (await house.get("/subjects", params={"number": CALLER})).json()["data"]
    path = f"{house.here}/subjects/{found['subject_id']}/consents"
    consent = ""
    for said, hour in (("asked", 9), ("given", 10), ("withdrawn", 11)):
        body: Json = {
            "said": said,
            "purpose": "sharing",
            "kind": "hubspot",
            "occurred_at": f"2026-03-02T{hour:02}:00:00Z",
            "evidence": EVIDENCE if said == "given" else {"channel": "web"},
        }
        if said == "given":
            body["expires_at"] = "2026-03-03T10:00:00Z"
        consent = (await house.ask("POST", path, json=body)).json()["id"]
    return found["subject_id"], consent


async def read(house: House, path: str) -> Json:
    """A document."""
    answer = await house.get(path)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


@asynchronous
async def test_a_record_has_what_the_specification_asks_for(
    database: Urls, tmp_path: Path
) -> None:
    """Every mandatory field is there; what nobody told us is null, and named."""
    async with serving(database, tmp_path) as house:
        subject, consent = await shared(house)
        record = await read(house, f"/subjects/{subject}/consents/{consent}/record")
        (processing,), (party,) = record["pii_processing"], record["party_identification"]
        (purpose,) = processing["purposes"]
        assert record.keys() >= HEADER
        assert purpose.keys() >= PURPOSE
        assert party.keys() >= PARTY
        assert all(event.keys() >= EVENT for event in record["events"])
        unknown = {
            name for part in (purpose, party) for name, value in part.items() if value is None
        }
        assert unknown - {"jurisdiction"} == set(record["not_stated"])
        assert (record["record_id"], record["pii_principal_id"]) == (consent, subject)
        assert (party["party_id"], party["party_name"]) == (str(house.workspace_id), "Test")
        assert purpose["purpose_type"] == "sharing/hubspot"
        assert purpose["recipient_third_parties"] == ["hubspot"]
        assert CALLER not in str(record)


@asynchronous
async def test_a_record_tells_what_was_said(database: Urls, tmp_path: Path) -> None:
    """Each event with its time, its state, who said it, how long it holds, and the evidence."""
    async with serving(database, tmp_path) as house:
        subject, consent = await shared(house)
        record = await read(house, f"/subjects/{subject}/consents/{consent}/record")
        asked, given, withdrawn = record["events"]
        states = [event["event_state"] for event in record["events"]]
        assert states == ["asked", "given", "withdrawn"]
        assert (asked["entity_id"], given["entity_id"]) == (str(house.workspace_id), subject)
        assert (given["event_type"], given["validity_duration"]) == ("express", "PT86400S")
        assert (withdrawn["event_type"], withdrawn["validity_duration"]) == (None, None)
        assert given["evidence"]["rule"] == EVIDENCE["rule"]
        assert given["evidence"]["places"] == ["NL", "US-CA"]


@asynchronous
async def test_a_receipt_is_a_copy_under_an_id_of_its_own(database: Urls, tmp_path: Path) -> None:
    """The same for as long as nothing more is said; another once something is."""
    async with serving(database, tmp_path) as house:
        subject, consent = await shared(house)
        path = f"/subjects/{subject}/consents/{consent}"
        receipt = await read(house, f"{path}/receipt")
        assert receipt == await read(house, f"{path}/receipt")
        assert receipt["schema_version"] == "ISO/IEC TS 27560:2023"
        assert receipt["consent_record"] == await read(house, f"{path}/record")
        body = {
            "said": "refused",
            "purpose": "sharing",
            "kind": "hubspot",
            "occurred_at": "2026-03-02T12:00:00Z",
            "evidence": {"channel": "email"},
        }
        url = f"{house.here}/subjects/{subject}/consents"
        assert (await house.ask("POST", url, json=body)).status_code == 200
        later = await read(house, f"{path}/receipt")
        assert later["receipt_id"] != receipt["receipt_id"]
        assert later["consent_record"]["events"][:3] == receipt["consent_record"]["events"]
