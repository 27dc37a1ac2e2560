"""Twilio's callbacks about transcriptions in our words, and what may be kept of the others."""

import json
from contextlib import suppress
from decimal import Decimal
from typing import Any, Final
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reports import WORKSPACE
from transcripts import content_form, live_form, message_form, started_form
from twilio_forms import ACCOUNT_SID, CALLER, SAMPLES, call_sid

from adapters.twilio import transcriptions
from adapters.twilio.forms import Form, NotUnderstood
from adapters.twilio.transcriptions import (
    cleaned,
    cleaned_json,
    confidence_of,
    is_partial,
    is_transcription,
    read_available,
    read_transcription,
)
from domain.identifiers import call_id, recording_id, transcription_id
from domain.transcriptions.words import Channel, Kind, TranscriptionStatus

FOLDER: Final = SAMPLES / "transcriptions"
NUMBER: Final = "4111 1111 1111 1111"


def sample(name: str) -> Form:
    """One of Twilio's callbacks, as the form that it is sent in."""
    text = (FOLDER / name).read_text().strip()
    if name.endswith(".json"):
        return Form(list(json.loads(text).items()))
    return Form(parse_qsl(text, keep_blank_values=True))


def without(form: list[tuple[str, str]], *names: str) -> Form:
    """The form without some of its fields."""
    return Form([field for field in form if field[0] not in names])


def replaced(form: list[tuple[str, str]], name: str, value: str) -> Form:
    """The form with another value in one field."""
    return Form([(key, value if key == name else old) for key, old in form])


def test_a_transcription_that_begins() -> None:
    """By whom, in which language, of which call; no label and no hint."""
    said = read_transcription(WORKSPACE, sample("rt_transcription_started.json"))
    sid = "GT8fbf72a043b98407a3ce68331cd0030a"
    assert said.transcription_id == transcription_id(WORKSPACE, "twilio", sid)
    assert said.provenance.kind is Kind.live
    assert said.provenance.call_id == call_id(WORKSPACE, "twilio", "CA" + "X" * 32)
    assert said.heard is None
    assert said.report is not None
    assert said.report.status is TranscriptionStatus.started
    assert (said.report.engine, said.report.language) == ("google", "en-US")
    assert str(said.report.occurred_at) == "2024-06-25 18:45:12.135751+00:00"


@pytest.mark.parametrize(
    ("name", "channel", "number", "confidence", "moment"),
    [
        (
            *("rt_transcription_content_final.json", Channel.second, 2, "0.9956335"),
            "2024-06-25T18:45:21.454203+00:00",
        ),
        (
            *("rt_transcription_content_providerdata_malformed.json", Channel.first, 3),
            *("0.9746094", "2026-01-23T21:47:44.614701+00:00"),
        ),
    ],
)
def test_what_was_heard(
    name: str, channel: Channel, number: int, confidence: str, moment: str
) -> None:
    """Whatever the machine's own answer looks like, and to the microsecond that we can keep."""
    heard = read_transcription(WORKSPACE, sample(name)).heard
    assert heard is not None
    assert (heard.channel, heard.number) == (channel, number)
    assert heard.confidence == Decimal(confidence)
    assert heard.occurred_at is not None
    assert heard.occurred_at.isoformat() == moment
    assert heard.text.startswith("Hello")
    assert "Hello" not in repr(heard)


def test_a_machine_is_named_where_its_answer_is_sound() -> None:
    """And not guessed at where it is not."""
    heard = read_transcription(WORKSPACE, Form(content_form(2, "Hello?"))).heard
    assert heard is not None
    assert heard.engine == "deepgram"


def test_a_partial_result_is_known_for_one() -> None:
    """Before anything else is asked of it."""
    assert is_partial(sample("rt_transcription_content_partial.json"))
    assert not is_partial(sample("rt_transcription_content_final.json"))
    assert not is_partial(sample("rt_transcription_stopped.json"))


def test_a_transcription_that_ends() -> None:
    """Or breaks off, with the provider's code."""
    said = read_transcription(WORKSPACE, sample("rt_transcription_stopped.json"))
    assert said.report is not None
    assert said.report.status is TranscriptionStatus.completed
    failed = [*live_form("error", 4), ("TranscriptionErrorCode", "32655")]
    report = read_transcription(WORKSPACE, Form(failed)).report
    assert report is not None
    assert (report.status, report.error_code) == (TranscriptionStatus.failed, 32655)


def test_a_message_that_was_transcribed() -> None:
    """Of which recording, and that nobody told its speakers apart."""
    said = read_transcription(WORKSPACE, sample("transcription_legacy_completed_extras.form"))
    recording = "RE2b568e31f38645c9c5c3ed190a0da06a"
    assert said.provenance.kind is Kind.message
    assert said.provenance.recording_id == recording_id(WORKSPACE, "twilio", recording)
    assert said.heard is not None
    assert (said.heard.channel, said.heard.text) == (Channel.both, "123123 test.")
    assert said.report is not None
    assert said.report.status is TranscriptionStatus.completed
    failed = read_transcription(WORKSPACE, Form(message_form("(blank)", status="failed")))
    assert failed.heard is None


@pytest.mark.parametrize(
    ("form", "code"),
    [
        (sample("transcription_legacy_text_only.form"), "no_transcription_sid"),
        (without(message_form("x"), "CallSid"), "no_call_sid"),
        (without(message_form("x"), "TranscriptionStatus"), "no_status"),
        (Form(message_form("x", status="huh")), "unknown_status"),
        (Form(live_form("paused", 2)), "unknown_event"),
        (without(content_form(2, "x"), "SequenceId"), "no_sequence"),
        (without(content_form(2, "x"), "Final"), "bad_final"),
        (without(content_form(2, "x"), "TranscriptionData"), "bad_transcription_data"),
        (replaced(content_form(2, "x"), "TranscriptionData", "[1]"), "bad_transcription_data"),
        (Form([*content_form(2, "x"), ("SequenceId", "3")]), "repeated_field"),
    ],
)
def test_what_is_not_understood_says_why(form: Form, code: str) -> None:
    """By a code that holds no value."""
    with pytest.raises(NotUnderstood) as refusal:
        read_transcription(WORKSPACE, form)
    assert refusal.value.code == code


@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(transcriptions._KEPT)) | st.text(max_size=8),  # noqa: SLF001 - all of its names
            st.sampled_from(("transcription-content", "true", call_sid(1), "completed", "{}", "1"))
            | st.text(max_size=20),
        ),
        max_size=20,
    )
)
def test_any_form_is_answered(fields: list[tuple[str, str]]) -> None:
    """With what it says, or with a code."""
    form = Form(fields)
    with suppress(NotUnderstood):
        said = read_transcription(WORKSPACE, form)
        assert said.heard or said.report
    cleaned(form, with_text=True)


def test_what_is_kept_of_the_others() -> None:
    """Nothing that is not named; its text without card numbers, or no text at all."""
    fields = [*message_form(f"It is {NUMBER}."), *started_form(1), ("Tomorrow", "Alice Johnson")]
    for with_text in (True, False):
        kept = dict(cleaned(Form(fields), with_text=with_text).fields)
        assert kept["From"] == CALLER
        assert kept.get("TranscriptionText") == ("It is [card number]." if with_text else None)
        assert "Alice Johnson" not in str(kept)
        assert "Chris" not in str(kept)


def test_a_transcription_is_known_wherever_it_was_sent() -> None:
    """By the fields that no other callback has."""
    assert is_transcription(Form(content_form(2, "x")))
    assert is_transcription(sample("transcription_legacy_text_only.form"))
    assert not is_transcription(Form([("CallSid", call_sid(1)), ("CallStatus", "ringing")]))


AVAILABLE: Final[dict[str, Any]] = json.loads(
    (FOLDER / "conversational_intelligence_transcript_available.json").read_text()
)


def test_a_service_says_that_it_has_a_transcript() -> None:
    """It says which, and neither whose call it is of nor a word of it."""
    said, account = read_available(WORKSPACE, json.dumps(AVAILABLE).encode())
    assert account == ACCOUNT_SID
    assert said.provenance.provider_id == AVAILABLE["transcript_sid"]
    assert (said.provenance.kind, said.provenance.call_id) == (Kind.intelligence, None)
    assert said.report is not None
    assert said.report.status is TranscriptionStatus.available


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "unknown_event"),
        (b"[]", "unknown_event"),
        (b"{}", "unknown_event"),
        (json.dumps(AVAILABLE | {"event_type": "other"}).encode(), "unknown_event"),
        (json.dumps(AVAILABLE | {"transcript_sid": None}).encode(), "no_transcript_sid"),
        (json.dumps(AVAILABLE | {"transcript_sid": "+1 2"}).encode(), "bad_transcript_sid"),
    ],
)
def test_a_service_s_word_that_is_not_understood(body: bytes, code: str) -> None:
    """Says why, and is kept by its ids alone."""
    with pytest.raises(NotUnderstood) as refusal:
        read_available(WORKSPACE, body)
    assert refusal.value.code == code
    kept = json.loads(cleaned_json(body))
    assert kept.keys() <= {"account_sid", "service_sid", "transcript_sid", "event_type"}


@pytest.mark.parametrize(
    ("told", "confidence"),
    [
        (0.9956335, Decimal("0.9956335")),
        ("0.5", Decimal("0.5")),
        (1, Decimal(1)),
        (None, None),
        ("high", None),
        (1.5, None),
        ("NaN", None),
        (True, None),
    ],
)
def test_a_confidence_is_a_share_of_one(told: object, confidence: Decimal | None) -> None:
    """As it was written, with no float's noise; anything else is none."""
    assert confidence_of(told) == confidence
