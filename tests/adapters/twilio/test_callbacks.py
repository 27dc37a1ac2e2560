"""What becomes of Twilio's forms: which command, or why they cannot be understood."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from command_facts import facts, unknown, value
from hypothesis import example, given
from hypothesis import strategies as st
from reports import WORKSPACE
from strategies import calls, disorders, forms_of_anything
from twilio_forms import (
    ACCOUNT_SID,
    CALLEE,
    CALLER,
    Form,
    call_sid,
    incoming_form,
    leg_callbacks,
)

from adapters.twilio import forms
from adapters.twilio.callbacks import account_sid, read_callback
from adapters.twilio.forms import NotUnderstood
from domain.calls.commands import ReportLeg
from domain.calls.words import Answerer, Direction, LegStatus, Step
from domain.identifiers import call_id, leg_id

LEG = call_sid(1)
MINIMAL: Form = [("CallSid", LEG), ("CallStatus", "ringing")]
CODES = {
    *("no_call_sid", "bad_call_sid", "bad_parent_call_sid"),
    *("no_status", "unknown_status", "repeated_field"),
}


def read(*fields: tuple[str, str]) -> ReportLeg:
    """The command of a minimal form with these fields added."""
    return read_callback(WORKSPACE, [*MINIMAL, *fields])[1]


def code(fields: Form) -> str:
    """Why a form is not understood."""
    with pytest.raises(NotUnderstood) as refusal:
        read_callback(WORKSPACE, fields)
    return refusal.value.code


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("queued", LegStatus.queued),
        ("initiated", LegStatus.dialing),
        ("ringing", LegStatus.ringing),
        ("in-progress", LegStatus.answered),
        ("completed", LegStatus.completed),
        ("busy", LegStatus.busy),
        ("failed", LegStatus.failed),
        ("no-answer", LegStatus.no_answer),
        ("canceled", LegStatus.canceled),
    ],
)
def test_each_status_has_our_word(word: str, status: LegStatus) -> None:
    """All nine of Twilio's statuses are understood."""
    assert read_callback(WORKSPACE, [("CallSid", LEG), ("CallStatus", word)])[1].status is status


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ([("CallStatus", "ringing")], "no_call_sid"),
        ([("CallSid", ""), ("CallStatus", "ringing")], "no_call_sid"),
        ([("CallSid", "CA 1"), ("CallStatus", "ringing")], "bad_call_sid"),
        ([("CallSid", "C" * 65), ("CallStatus", "ringing")], "bad_call_sid"),
        ([("CallSid", LEG + "\n"), ("CallStatus", "ringing")], "bad_call_sid"),
        ([*MINIMAL, ("ParentCallSid", "../1")], "bad_parent_call_sid"),
        ([*MINIMAL, ("ParentCallSid", LEG)], "bad_parent_call_sid"),  # its own parent
        ([("CallSid", LEG)], "no_status"),
        ([("CallSid", LEG), ("CallStatus", "")], "no_status"),
        ([("CallSid", LEG), ("CallStatus", "Ringing")], "unknown_status"),
        ([("CallSid", LEG), ("CallStatus", "answered")], "unknown_status"),
        ([*MINIMAL, ("CallSid", call_sid(2))], "repeated_field"),
        ([*MINIMAL, ("CallStatus", "completed")], "repeated_field"),
        ([*MINIMAL, ("From", CALLER), ("From", CALLEE)], "repeated_field"),
        ([*MINIMAL, ("From", CALLER), ("Caller", CALLER), ("Caller", "")], "repeated_field"),
    ],
)
def test_what_cannot_be_understood(fields: Form, expected: str) -> None:
    """A form without a leg, a status, or one meaning is refused by a code."""
    assert code(fields) == expected


def test_the_same_value_twice_is_one_value() -> None:
    """A repeat that does not contradict itself is harmless, and is kept nowhere."""
    command = read(*MINIMAL, ("From", CALLER), ("From", CALLER))
    assert value(command.caller)["address"] == CALLER
    assert unknown(command) == []


def test_a_child_belongs_to_its_parents_call() -> None:
    """The first leg names the call; what it dialled goes out, whatever Twilio calls it."""
    parent = call_sid(9)
    (form,) = leg_callbacks(LEG, parent=parent, direction="inbound", statuses=("ringing",))
    found, command = read_callback(WORKSPACE, form)
    assert found == call_id(WORKSPACE, "twilio", parent)
    assert command.parent_id == leg_id(WORKSPACE, "twilio", parent)
    assert command.parent_provider_id == parent
    assert command.direction is Direction.outbound


def test_a_first_leg_has_no_parent() -> None:
    """A blank ParentCallSid is none."""
    command = read(("ParentCallSid", ""))
    assert (command.parent_id, command.parent_provider_id, unknown(command)) == (None, None, [])


@pytest.mark.parametrize(
    ("word", "caller", "direction"),
    [
        ("inbound", CALLER, Direction.inbound),
        ("inbound", "anonymous", Direction.inbound),
        ("inbound", "sip:alice@example.sip.twilio.com", Direction.inbound),
        ("inbound", "client:alice", Direction.outbound),
        ("inbound", "", Direction.inbound),
        ("outbound-api", CALLER, Direction.outbound),
        ("outbound-dial", CALLER, Direction.outbound),
        ("trunking-terminating", CALLER, Direction.outbound),
        ("trunking-originating", CALLER, Direction.inbound),
    ],
)
def test_the_direction_is_the_workspaces(word: str, caller: str, direction: Direction) -> None:
    """Which way a call goes is seen from the workspace, not from Twilio."""
    command = read(("Direction", word), ("From", caller))
    assert command.direction is direction
    assert unknown(command) == []


@pytest.mark.parametrize(
    "text",
    [
        "Mon, 02 Mar 2026 13:58:07 +0000",
        "Mon, 02 Mar 2026 14:58:07 +0100",
        "Mon, 02 Mar 2026 13:58:07 -0000",
        "2026-03-02T13:58:07Z",
        "2026-03-02T13:58:07",
        "2026-03-02T15:58:07.000+02:00",
    ],
)
def test_a_moment_is_in_utc(text: str) -> None:
    """Both spellings of a time are read; one without a zone is Twilio's own, UTC."""
    moment = read(("Timestamp", text)).occurred_at
    assert moment == datetime(2026, 3, 2, 13, 58, 7, tzinfo=UTC)
    assert moment.tzinfo is UTC


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Timestamp", "yesterday"),
        ("Timestamp", "Fri, 31 Dec 9999 23:59:59 -2359"),
        ("Timestamp", "1970-01-01T00:00:00Z"),
        ("Timestamp", "2026-13-45"),
        ("SequenceNumber", "-1"),
        ("SequenceNumber", "first"),
        ("SequenceNumber", "100001"),
        ("CallDuration", "604801"),
        ("CallDuration", "12.5"),
        ("CallDuration", "٣"),
        ("Duration", "9" * 5000),
        ("SipResponseCode", "700"),
        ("AnsweredBy", "a_new_word"),
        ("Direction", "sideways"),
        ("ApiVersion", "2031-01-01"),
        ("ApiVersion", ""),
        ("CallbackSource", "somebody-else"),
        ("FromCity", "GHENT"),  # of a caller who is not named
        ("StirVerstat", ""),
    ],
)
def test_what_is_absurd_is_kept_as_it_came(name: str, text: str) -> None:
    """A value that we cannot take is not lost, does not spoil the rest, and has no other place."""
    command = read((name, text))
    assert unknown(command) == [[name, text]]
    assert facts(command) == facts(read())


def test_what_every_request_says_is_not_kept() -> None:
    """The expected version, source and account say nothing; nor does a blank known field."""
    versions = [read(("ApiVersion", version)) for version in ("2010-04-01", "2008-08-01")]
    rest = read(
        ("CallbackSource", "call-progress-events"),
        ("AccountSid", ACCOUNT_SID),
        ("ToCity", ""),
        ("Timestamp", ""),
    )
    assert [unknown(command) for command in (*versions, rest)] == [[], [], []]


def test_unknown_fields_keep_their_order_and_repeats() -> None:
    """Nothing is sorted, merged or dropped among what we do not know."""
    command = read(("B", "2"), ("A", "1"), ("B", "2"), ("B", ""), ("", "x"))
    assert unknown(command) == [["B", "2"], ["A", "1"], ["B", "2"], ["B", ""], ["", "x"]]


@pytest.mark.parametrize(
    ("word", "answerer"),
    [
        ("human", Answerer.human),
        ("fax", Answerer.fax),
        ("unknown", Answerer.unknown),
        ("machine", Answerer.machine),
        ("machine_start", Answerer.machine),
        ("machine_end_beep", Answerer.machine),
        ("machine_end_silence", Answerer.machine),
        ("machine_end_other", Answerer.machine),
    ],
)
def test_who_picked_up(word: str, answerer: Answerer) -> None:
    """Whatever the machine was doing when it was noticed, it was a machine."""
    assert read(("AnsweredBy", word)).answered_by is answerer


def test_all_that_is_said_of_the_parties() -> None:
    """A name and a place belong to the caller, a forwarding to the callee who forwards."""
    command = read(
        ("From", CALLER),
        ("CallerName", "A. Jansen"),
        ("CallerCity", "GHENT"),
        ("FromState", ""),
        ("CallerZip", "9000"),
        ("FromCountry", "BE"),
        ("CallerCountry", "BE"),
        ("Called", CALLEE),
        ("ForwardedFrom", "+32470000009"),
        ("ToCity", "COLUMBIA"),
    )
    assert value(command.caller) == {
        "address": CALLER,
        "kind": "e164",
        "name": "A. Jansen",
        "city": "GHENT",
        "zip": "9000",
        "country": "BE",
    }
    assert value(command.callee) == {
        "address": CALLEE,
        "kind": "e164",
        "forwarded_from": "+32470000009",
        "city": "COLUMBIA",
    }
    assert unknown(command) == []


def test_a_party_is_found_by_its_lookup() -> None:
    """The same number is the same person, whether it calls or is called."""
    command = read(("From", CALLER), ("To", CALLER))
    assert command.caller is not None
    assert command.callee is not None
    assert command.caller.lookup == command.callee.lookup == f"tel:{CALLER}"


def test_two_fields_that_disagree_are_both_kept() -> None:
    """From is the caller; a Caller who is somebody else is not lost."""
    command = read(("Caller", "+32470000002"), ("From", "+32470000001"))
    assert value(command.caller)["address"] == "+32470000001"
    assert unknown(command) == [["Caller", "+32470000002"]]


def test_a_blank_from_is_no_caller() -> None:
    """Where From holds nothing but space, Caller is who calls."""
    command = read(("From", " "), ("Caller", CALLER))
    assert value(command.caller)["address"] == CALLER


def test_an_incoming_call_brings_our_step() -> None:
    """What our answer does with the call is part of what is reported."""
    command = read_callback(WORKSPACE, incoming_form(LEG), step=Step.dial)[1]
    assert (command.step, command.status) == (Step.dial, LegStatus.ringing)
    assert read_callback(WORKSPACE, incoming_form(LEG))[1].step is None


def test_the_account() -> None:
    """The account is there for its workspace to check; missing or blank, it is none."""
    assert account_sid(forms.Form(incoming_form(LEG))) == ACCOUNT_SID
    assert account_sid(forms.Form(MINIMAL)) is None
    assert account_sid(forms.Form([("AccountSid", "")])) is None
    with pytest.raises(NotUnderstood, match=r"^repeated_field$"):
        account_sid(forms.Form([("AccountSid", ACCOUNT_SID), ("AccountSid", "AC1")]))


@given(
    forms_of_anything() | forms_of_anything().map(MINIMAL.__add__), st.sampled_from([None, *Step])
)
@example([*MINIMAL, ("Timestamp", "0" * 400)], None)
def test_any_form_is_understood_or_refused_by_a_code(fields: Form, step: Step | None) -> None:
    """Nothing but ``NotUnderstood`` is ever raised, and no value shows in what is raised."""
    try:
        command = read_callback(WORKSPACE, fields, step=step)[1]
        account_sid(forms.Form(fields))
    except NotUnderstood as found:
        refusal = found
    else:
        assert command.occurred_at is None or command.occurred_at.tzinfo is UTC
        return
    assert refusal.code in CODES
    assert str(refusal) == refusal.code
    assert (refusal.__cause__, refusal.__context__) == (None, None)


@given(forms_of_anything())
def test_no_value_is_lost(fields: Form) -> None:
    """Every value that is not blank stands in the command or among its unknown fields."""
    form = [(n, v) for n, v in fields if n not in {"CallSid", "CallStatus", "ParentCallSid"}]
    try:
        command = read(*form)
    except NotUnderstood:
        return
    parties = [party.value for party in (command.caller, command.callee) if party]
    known = {str(text) for party in parties for text in party.values()}
    kept = {(name, text) for name, text in unknown(command)}
    scalars = {"Timestamp", "SequenceNumber", "CallDuration", "Duration", "SipResponseCode"}
    scalars |= {"AnsweredBy", "Direction", "AccountSid", "ApiVersion", "CallbackSource"}
    for name, text in form:
        assert not text or name in scalars or text in known or (name, text) in kept


@given(st.data(), calls())
def test_the_order_of_fields_is_nothing(data: st.DataObject, told: Sequence[Any]) -> None:
    """A form says the same in any order of its fields, repeats of the same value included."""
    form = data.draw(st.sampled_from(told)).form
    first, second = (read_callback(WORKSPACE, f) for f in (form, data.draw(disorders(form))))
    assert first[0] == second[0]
    assert facts(first[1]) == facts(second[1])
    for one, other in zip(parties(first[1]), parties(second[1]), strict=True):
        assert one == other


def parties(command: ReportLeg) -> list[dict[str, Any] | None]:
    """The values of both parties."""
    return [value(party) if party else None for party in (command.caller, command.callee)]


@given(calls())
def test_no_personal_value_is_printed(told: Sequence[Any]) -> None:
    """A command shows which leg and which status, and nobody's number."""
    for callback in told:
        shown = repr(callback.command)
        assert CALLER not in shown
        assert CALLEE not in shown
        assert "front_desk" not in shown
