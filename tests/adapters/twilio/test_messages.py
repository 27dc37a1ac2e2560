"""Twilio's messages in our words; what they say does not get past the reader."""

from contextlib import suppress
from typing import Final
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reports import WORKSPACE
from strategies import forms_of_anything
from twilio_forms import SAMPLES

from adapters.twilio.forms import Form, NotUnderstood
from adapters.twilio.messages import KEPT, discreet, is_message, read_message
from adapters.twilio.webhooks import Webhook, reopened
from domain.identifiers import message_id
from domain.text_messages.words import MessageDirection, MessageStatus, OptOut

FOLDER: Final = SAMPLES / "messages"
NAMES: Final = sorted(path.name for path in FOLDER.glob("*.form"))
SID: Final = "SMe287d7109a5a925f182f0e07fe5b223b"
SECRET: Final = "cnry0the0text"
CONTENT: Final = (
    *("Body", "MediaUrl0", "ButtonText", "ButtonPayload", "ReferralBody", "Latitude", "Address"),
    *("ProfileName", "ANewFieldOfTomorrow"),
)


def sample(name: str) -> Form:
    """One of Twilio's forms."""
    text = (FOLDER / f"{name}.form").read_text().strip()
    return Form(parse_qsl(text, keep_blank_values=True))


def test_a_message_that_came_in() -> None:
    """Who, to whom, and how large; by the id that the provider gives it."""
    found, report = read_message(WORKSPACE, sample("sms_receive_valid"), is_incoming=True)
    assert found == message_id(WORKSPACE, "twilio", SID)
    assert (report.provider_id, report.status) == (SID, MessageStatus.received)
    assert report.direction is MessageDirection.inbound
    assert (report.segments, report.media) == (1, 0)
    assert report.sender is not None
    assert report.sender.value == {
        "address": "+14133881111",
        "kind": "e164",
        "city": "CHICOPEE",
        "state": "MA",
        "zip": "01022",
        "country": "US",
    }
    assert report.recipient is not None
    assert report.recipient.lookup == "tel:+12028831111"


@pytest.mark.parametrize(
    ("name", "status", "error_code"),
    [
        ("sms_status_valid", MessageStatus.delivered, None),
        ("sms_status_rate_limit", MessageStatus.failed, 63018),
        ("sms_status_read", MessageStatus.read, None),
        ("sms_status_stop", MessageStatus.failed, 21610),
        ("sms_status_delivered_with_body", MessageStatus.delivered, None),
        ("sms_tms_status_extra", MessageStatus.sent, None),
    ],
)
def test_where_a_message_is(name: str, status: MessageStatus, error_code: int | None) -> None:
    """And why it did not get there, in the provider's own code."""
    _, report = read_message(WORKSPACE, sample(name))
    assert (report.status, report.error_code) == (status, error_code)
    assert report.direction is MessageDirection.outbound


def test_a_keyword_that_the_provider_acted_on() -> None:
    """A fact about the message, without a word of it."""
    form = Form([*sample("sms_receive_valid").fields, ("OptOutType", "STOP")])
    _, report = read_message(WORKSPACE, form, is_incoming=True)
    assert report.opt_out is OptOut.stop


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ([("MessageStatus", "sent")], "no_message_sid"),
        ([("MessageSid", "+447700900123"), ("MessageStatus", "sent")], "bad_message_sid"),
        ([("MessageSid", SID)], "no_status"),
        ([("MessageSid", SID), ("MessageStatus", "huh")], "unknown_status"),
        ([("MessageSid", SID), ("From", "+1"), ("From", "+2")], "no_status"),
        (
            [("MessageSid", SID), ("SmsStatus", "sent"), ("From", "+1"), ("From", "+2")],
            "repeated_field",
        ),
    ],
)
def test_what_is_not_understood_says_why(fields: list[tuple[str, str]], code: str) -> None:
    """By a code that holds no value."""
    with pytest.raises(NotUnderstood) as refusal:
        read_message(WORKSPACE, Form(fields))
    assert refusal.value.code == code


@pytest.mark.parametrize("name", NAMES)
def test_every_sample_is_known_for_a_message(name: str) -> None:
    """Also where it was sent to the wrong address; none keeps a text."""
    form = sample(name.removesuffix(".form"))
    assert is_message(form)
    assert {field for field, _ in discreet(form).fields} <= KEPT


@given(forms_of_anything())
def test_any_form_is_answered(fields: list[tuple[str, str]]) -> None:
    """A report, or a code."""
    with suppress(NotUnderstood):
        _, report = read_message(WORKSPACE, Form(fields))
        assert report.provider_id


@given(st.permutations([*CONTENT, "MessageSid", "From"]), st.booleans())
def test_what_a_message_says_is_kept_by_nobody(names: list[str], is_told: bool) -> None:  # noqa: FBT001 - Hypothesis gives it
    """Not in what is understood later, nor in a dead letter, under whatever name it came."""
    fields = [(name, SID if name == "MessageSid" else SECRET) for name in names]
    fields = [(name, "+447700900123" if name == "From" else text) for name, text in fields]
    webhook = Webhook(repr(fields).encode(), Form(fields)).discreet(is_message=is_told)
    assert SECRET not in str(webhook.kept(None).value)
    assert SECRET.encode() not in webhook.text
    again, _ = reopened(webhook.kept(None).value)
    assert again.is_message


def test_a_body_that_is_no_form_is_not_kept_where_messages_come_in() -> None:
    """Nobody can tell what of it is a text; elsewhere it is kept whole, sealed."""
    webhook = Webhook(SECRET.encode(), None, "content_type")
    kept = webhook.discreet(is_message=True).kept(None).value
    assert kept == {"body_base64": "", "flaw": "content_type"}
    assert webhook.discreet(is_message=False) is webhook
