"""The kept samples of Twilio's voice requests, and what becomes of each."""

from datetime import UTC, datetime

import pytest
from command_facts import facts, unknown, value
from reports import WORKSPACE
from twilio_forms import Form, sample_form, sample_names

from adapters.twilio.callbacks import read_callback
from adapters.twilio.forms import NotUnderstood
from domain.calls.words import Answerer, Direction, LegStatus
from domain.identifiers import call_id, leg_id

WITHHELD = sample_names("constructed_voice_inbound_withheld_*.form")


@pytest.mark.parametrize("name", WITHHELD)
def test_a_withheld_caller_is_a_party_that_nobody_finds(name: str) -> None:
    """The spelling is kept and has no lookup: two withheld callers are two people."""
    form = sample_form(name)
    command = read_callback(WORKSPACE, form)[1]
    assert (command.status, command.direction) == (LegStatus.ringing, Direction.inbound)
    assert value(command.callee) == {"address": "+12025550100", "kind": "e164"}
    assert unknown(command) == []
    spelling = dict(form)["From"]
    if spelling:
        assert value(command.caller) == {"address": spelling, "kind": "withheld"}
        assert command.caller is not None
        assert command.caller.lookup is None
    else:  # Nothing at all is nobody at all.
        assert command.caller is None


def test_a_captured_outbound_end() -> None:
    """CallDuration is in seconds, Duration in billed minutes; a lone end counts from 0."""
    found, command = read_callback(WORKSPACE, sample_form("status_completed_outbound_api.form"))
    assert found == call_id(WORKSPACE, "twilio", "CA11111111111111111111111111111111")
    assert value(command.caller) == {
        "address": "+12025550100",
        "kind": "e164",
        "state": "District Of Columbia",
        "country": "US",
    }
    assert value(command.callee) == {
        "address": "+18035550101",
        "kind": "e164",
        "city": "COLUMBIA",
        "state": "SC",
        "zip": "29169",
        "country": "US",
    }
    assert facts(command) == {
        "leg_id": leg_id(WORKSPACE, "twilio", "CA11111111111111111111111111111111"),
        "provider_id": "CA11111111111111111111111111111111",
        "direction": Direction.outbound,
        "status": LegStatus.completed,
        "sequence": 0,
        "occurred_at": datetime(2016, 1, 8, 17, 18, 38, tzinfo=UTC),
        "duration_seconds": 10,
        "billed_minutes": 1,
    }


def test_a_captured_end_with_detection_and_an_accent() -> None:
    """AnsweredBy is understood; a city in UTF-8 comes through whole."""
    command = read_callback(WORKSPACE, sample_form("status_completed_unicode_city_amd.form"))[1]
    assert facts(command)["answered_by"] is Answerer.human
    assert value(command.callee)["city"] == "São Paulo"
    assert (command.duration_seconds, command.billed_minutes, command.sequence) == (49, 1, 3)


def test_a_captured_busy_end() -> None:
    """Busy comes with the SIP code that says so, and lasted no time."""
    command = read_callback(WORKSPACE, sample_form("status_busy_sip486_get.form"))[1]
    assert (command.status, command.sip_code) == (LegStatus.busy, 486)
    assert (command.duration_seconds, command.billed_minutes) == (0, 0)


def test_an_agents_call_goes_out() -> None:
    """Twilio calls a call from our agent's client "inbound"; the workspace makes it. No callee."""
    name = "status_completed_client_identity_empty_to.form"
    command = read_callback(WORKSPACE, sample_form(name))[1]
    assert command.direction is Direction.outbound
    assert value(command.caller) == {"address": "client:GoldenQuincyPortland", "kind": "client"}
    assert command.callee is None
    assert unknown(command) == [["ApplicationSid", "AP11111111111111111111111111111111"]]


@pytest.mark.parametrize(
    ("name", "sid", "status"),
    [
        ("status_completed_minimal.form", "Call1", LegStatus.completed),
        ("status_completed_after_machine.form", "Call3", LegStatus.completed),
        # Failed, yet 50 seconds long: both are what the provider said, so both are kept.
        ("status_failed_with_duration.form", "Call5", LegStatus.failed),
    ],
)
def test_three_fields_are_enough_for_an_end(name: str, sid: str, status: LegStatus) -> None:
    """A poor sender's end, whose SID is no SID of Twilio's length, is an end."""
    command = read_callback(WORKSPACE, sample_form(name))[1]
    assert facts(command) == {
        "leg_id": leg_id(WORKSPACE, "twilio", sid),
        "provider_id": sid,
        "status": status,
        "duration_seconds": 50,
    }
    assert (command.caller, command.callee, unknown(command)) == (None, None, [])


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("voice_inbound_ringing_stirA_calltoken.form", ["StirVerstat", "CallToken"]),
        ("voice_inbound_ringing_stirB_nonus.form", ["StirVerstat", "CallToken"]),
        # Called and To disagree here: To is the callee, and Called is kept as it came.
        (
            "voice_inbound_addons_json_in_form.form",
            ["Called", "StirVerstat", "CallToken", "AddOns"],
        ),
        (
            "constructed_voice_inbound_sip.form",
            [
                *("Called", "SipDomain", "SipDomainSid", "SipUsername"),
                *("SipCallId", "SipSourceIp", "SipHeader_X-Customer"),
            ],
        ),
    ],
)
def test_what_a_captured_call_brings_beyond_what_we_know(name: str, left: list[str]) -> None:
    """Attestation, tokens and add-ons are not understood, and not lost: whole and in order."""
    form = sample_form(name)
    command = read_callback(WORKSPACE, form)[1]
    assert (command.status, command.direction) == (LegStatus.ringing, Direction.inbound)
    assert value(command.caller)["address"] == dict(form)["From"]
    assert unknown(command) == [[field, dict(form)[field]] for field in left]


def test_a_caller_without_from() -> None:
    """Where From is missing, Caller is who calls."""
    command = read_callback(WORKSPACE, sample_form("voice_inbound_caller_without_from.form"))[1]
    assert command.status is LegStatus.queued
    assert value(command.caller)["address"] == "+12064871234"


def test_a_call_from_nobody() -> None:
    """Without From and Caller the call has no caller; the rest of it stands."""
    name = "voice_inbound_neither_from_nor_caller.form"
    command = read_callback(WORKSPACE, sample_form(name))[1]
    assert command.caller is None
    assert value(command.callee)["address"] == "+12029795079"


def test_a_call_to_nobody() -> None:
    """Three fields start a call as well; its direction is not guessed."""
    command = read_callback(WORKSPACE, sample_form("voice_inbound_minimal.form"))[1]
    assert (command.status, command.direction, command.callee) == (LegStatus.ringing, None, None)
    assert value(command.caller)["address"] == "+16055741111"


NAMELESS = [
    "dial_action_answered.form",
    "gather_action_after_hangup.form",
    "gather_action_digits.form",
    "gather_action_timeout.form",
    "record_action_no_recording.form",
    "twiml_answeredby_machine.form",
]


@pytest.mark.parametrize("name", NAMELESS)
def test_a_form_that_names_no_leg_is_not_understood(name: str) -> None:
    """These requests, as their authors kept them, do not say of which call they speak."""
    with pytest.raises(NotUnderstood, match=r"^no_call_sid$"):
        read_callback(WORKSPACE, sample_form(name))


def test_no_sample_is_forgotten() -> None:
    """Every kept form is either understood or named above as one that cannot be."""
    names = {name for name in sample_names() if not name.startswith("recording_")}
    understood = {name for name in names if _is_understood(sample_form(name))}
    assert understood == names - set(NAMELESS)


def _is_understood(form: Form) -> bool:
    try:
        read_callback(WORKSPACE, form)
    except NotUnderstood:
        return False
    return True
