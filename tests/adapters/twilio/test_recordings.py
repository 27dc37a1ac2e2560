"""What Twilio says of a recording, in our words: from real payloads, and from any other."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reports import WORKSPACE
from strategies import forms_of_anything
from twilio_forms import SAMPLES, Form, sample_form

from adapters.twilio import forms
from adapters.twilio.forms import NotUnderstood
from adapters.twilio.recordings import form_of, is_twilios, media_url, read_recording
from domain.identifiers import call_id, leg_id, recording_id
from domain.recordings.commands import ReportRecording
from domain.recordings.events import Encryption
from domain.recordings.words import Heard, RecordingStatus, Source

ACCOUNT: Final = "AC00000000000000000000000000000000"
SID: Final = "RE00000000000000000000000000000001"
CALL: Final = "CA00000000000000000000000000000002"
COMPLETED: Final[Form] = [
    ("AccountSid", ACCOUNT),
    ("CallSid", CALL),
    ("RecordingSid", SID),
    ("RecordingUrl", media_url(ACCOUNT, SID)),
    ("RecordingStatus", "completed"),
    ("RecordingDuration", "42"),
    ("RecordingChannels", "2"),
    ("RecordingStartTime", "Mon, 02 Mar 2026 13:58:16 +0000"),
    ("RecordingSource", "DialVerb"),
    ("RecordingTrack", "both"),
    ("ErrorCode", "0"),
]


def read(form: Form) -> tuple[UUID, ReportRecording]:
    """What this form reports, in the test's workspace."""
    return read_recording(WORKSPACE, forms.Form(form))


def changed(**fields: str) -> Form:
    """The usual callback with other values."""
    return [(name, fields.get(name, value)) for name, value in COMPLETED]


def resource(name: str) -> dict[str, Any]:
    """A sample of Twilio's books."""
    found: dict[str, Any] = json.loads((SAMPLES / name).read_text())
    return found


def unknown(report: ReportRecording) -> list[str]:
    """The names of the fields that found no place."""
    fields = report.unknown_fields
    return [name for name, _ in fields.value["fields"]] if fields else []


def test_a_completed_recording() -> None:
    """Every field that Twilio documents finds its place."""
    found, report = read(COMPLETED)
    assert found == recording_id(WORKSPACE, "twilio", SID)
    assert report == ReportRecording(
        provider_id=SID,
        account_id=ACCOUNT,
        call_id=call_id(WORKSPACE, "twilio", CALL),
        leg_id=leg_id(WORKSPACE, "twilio", CALL),
        status=RecordingStatus.completed,
        source=Source.dialed_call,
        channels=2,
        heard=Heard.both,
        started_at=datetime(2026, 3, 2, 13, 58, 16, tzinfo=UTC),
        duration_seconds=42,
        error_code=0,
        media_url=media_url(ACCOUNT, SID),
    )


def test_a_start_in_iso_and_an_address_with_an_ending() -> None:
    """As a third party has them: both are understood, and the address has one spelling."""
    _, report = read(sample_form("recording_completed_mock_iso_starttime.form"))
    assert report.started_at == datetime(2025, 4, 12, 18, 42, 40, tzinfo=UTC)
    assert report.media_url == media_url(ACCOUNT, "RE00000000000000000000000000000000")
    assert (report.source, report.channels) == (Source.outbound_call, 1)
    assert unknown(report) == []


def test_an_absent_recording_without_most_of_its_fields() -> None:
    """No account, no address and no duration; its ids are odd, and good enough."""
    _, report = read(sample_form("recording_absent_partial.form"))
    assert report.status is RecordingStatus.absent
    assert (report.account_id, report.media_url, report.duration_seconds) == (None, None, None)


def test_an_encrypted_recording_of_the_books() -> None:
    """A resource of the REST API says the same as a callback; here by its other set of names."""
    _, report = read_recording(WORKSPACE, form_of(resource("rest_recording_fetch_encrypted.json")))
    assert report.status is RecordingStatus.completed
    assert report.duration_seconds == 4
    assert report.media_url == media_url("AC" + "a" * 32, "RE" + "a" * 32)
    assert report.encryption is not None
    assert report.encryption.key_id == "CR" + "a" * 32
    assert report.encryption.nonce == "8I2hhNIYNTrwxfHk"


def test_encryption_by_the_names_of_the_guide() -> None:
    """Both sets of names mean the same."""
    details = {"public_key_sid": "CR1", "encrypted_cek": "a2V5", "iv": "aXY="}
    _, report = read([*COMPLETED, ("EncryptionDetails", json.dumps(details))])
    assert report.encryption == Encryption(key_id="CR1", wrapped_key="a2V5", nonce="aXY=")


@pytest.mark.parametrize("details", ["{", "[1]", '{"iv": 7}', "[" * 100_000, '{"iv": "x"}'])
def test_encryption_that_is_not_understood_is_kept(details: str) -> None:
    """It fails nothing: the recording is fetched and its oddity is in the unknown fields."""
    _, report = read([*COMPLETED, ("EncryptionDetails", details)])
    assert report.encryption is None
    assert unknown(report) == ["EncryptionDetails"]


def test_a_region_has_a_host_of_its_own() -> None:
    """It is Twilio's, and it is asked for the audio."""
    url = media_url(ACCOUNT, SID).replace("api.twilio.com", "api.dublin.ie1.twilio.com")
    assert read(changed(RecordingUrl=url))[1].media_url == url


@pytest.mark.parametrize(
    "url",
    [
        "https://recordings.example.com/RE1.wav",
        media_url(ACCOUNT, SID).replace("api.twilio.com", "api.twilio.com.example.com"),
        media_url(ACCOUNT, SID).replace("api.twilio.com", "api.twilio.com@example.com"),
        media_url(ACCOUNT, SID).replace("api.twilio.com", "api.twilio.com:8443"),
        media_url(ACCOUNT, SID).replace("api.twilio.com", "evil-api.twilio.com"),
        media_url(ACCOUNT, "RE00000000000000000000000000000009"),
        media_url(ACCOUNT, SID) + "/../RE2",
        "https://[",
        "ftp://api.twilio.com/2010-04-01",
    ],
)
def test_an_address_that_is_not_twilios_is_kept_and_not_followed(url: str) -> None:
    """A host, a port or a recording that is another: it stays sealed among the unknown."""
    _, report = read(changed(RecordingUrl=url))
    assert report.media_url is None
    assert unknown(report) == ["RecordingUrl"]


def test_only_twilios_hosts_are_twilios() -> None:
    """Over TLS, and nothing before or after the host."""
    assert is_twilios("https://api.twilio.com/x")
    for url in ("http://api.twilio.com/x", "https://twilio.com/x", "https://a@api.twilio.com/"):
        assert not is_twilios(url)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"RecordingSid": ""}, "no_recording_sid"),
        ({"RecordingSid": "../x"}, "bad_recording_sid"),
        ({"CallSid": ""}, "no_call_sid"),
        ({"CallSid": "a/b"}, "bad_call_sid"),
        ({"RecordingStatus": ""}, "no_status"),
        ({"RecordingStatus": "deleted"}, "unknown_status"),
    ],
)
def test_what_is_not_understood_says_so_by_a_code(fields: dict[str, str], code: str) -> None:
    """It becomes a dead letter, which can be replayed."""
    with pytest.raises(NotUnderstood) as refusal:
        read(changed(**fields))
    assert refusal.value.code == code


def test_a_conference_has_no_leg() -> None:
    """Whom its audio would have to be locked to, one callback does not say."""
    shape = resource("recording_conference_shape.json")
    with pytest.raises(NotUnderstood) as refusal:
        read(list(shape.items()))
    assert refusal.value.code == "conference_recording"


def test_the_action_of_a_record_verb_is_no_recording() -> None:
    """It names none."""
    with pytest.raises(NotUnderstood):
        read(sample_form("record_action_no_recording.form"))


def test_what_is_new_is_kept() -> None:
    """Twilio adds fields without notice."""
    _, report = read([*COMPLETED, ("RecordingMood", "calm"), ("RecordingMood", "calm")])
    assert unknown(report) == ["RecordingMood", "RecordingMood"]


@given(forms_of_anything(), st.booleans())
def test_any_form_is_answered(form: Form, has_ids: bool) -> None:  # noqa: FBT001 - drawn
    """Understood, or refused by a code; nothing else."""
    with suppress(NotUnderstood):
        read([*form, *COMPLETED] if has_ids else form)
