"""What is understood of Twilio's own books: samples, oddities, and anything at all."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reports import WORKSPACE
from twilio_forms import ACCOUNT_SID, SAMPLES, call_sid, incoming_form, leg_callbacks
from twilio_standin.books import Account

from adapters.twilio.books import Booked, read_call, read_requests
from adapters.twilio.callbacks import read_callback
from adapters.twilio.forms import NotUnderstood
from domain.calls.words import Answerer, Direction, LegStatus
from domain.identifiers import call_id, leg_id

LONG_AFTER: Final = datetime(2026, 3, 5, tzinfo=UTC)
OURS: Final = f"https://calls.example.com/twilio/{WORKSPACE}/voice/status"


def sample(name: str) -> Any:  # noqa: ANN401 - JSON
    """A sample of Twilio's JSON."""
    return json.loads((SAMPLES / f"rest_{name}.json").read_text())


def booked(fields: dict[str, object], now: datetime = LONG_AFTER) -> Booked:
    """A leg of the books, with these fields."""
    resource = Account(1).add_call(call_sid(1), datetime(2026, 3, 2, 13, 58, 7, tzinfo=UTC))
    return read_call(WORKSPACE, {**resource, **fields}, now)


def test_a_completed_leg() -> None:
    """A real resource: its leg, its end, its price, and when it was answered."""
    found = read_call(WORKSPACE, sample("call_fetch_2010"), LONG_AFTER)
    sid = "CAe1644a7eed5088b159577c5802d8be38"
    assert found.call_id == call_id(WORKSPACE, "twilio", sid)
    report = found.report
    assert report.leg_id == leg_id(WORKSPACE, "twilio", sid)
    assert (report.status, report.direction) == (LegStatus.completed, Direction.outbound)
    assert report.occurred_at == datetime(2010, 8, 10, 8, 2, 47, tzinfo=UTC)
    assert (report.duration_seconds, report.sequence, report.unknown_fields) == (16, None, None)
    assert found.is_settled
    assert found.price is None  # That old shape names no currency.
    assert found.answer is not None
    assert found.answer.status is LegStatus.answered
    assert found.answer.occurred_at == datetime(2010, 8, 10, 8, 2, 31, tzinfo=UTC)


def test_the_description_s_own_example() -> None:
    """Parent, answerer, parties with what is said of them, and a price without a float."""
    found = read_call(WORKSPACE, sample("call_fetch"), LONG_AFTER)
    report = found.report
    assert report.parent_provider_id == "CAdeadbeefdeadbeefdeadbeefdeadbeef"
    assert found.call_id == call_id(WORKSPACE, "twilio", report.parent_provider_id)
    assert report.answered_by is Answerer.machine
    assert report.caller is not None
    assert report.callee is not None
    assert report.caller.value["name"] == "callerid"
    assert report.callee.value["forwarded_from"] == "calledvia"
    assert found.price is not None
    assert (str(found.price.amount), found.price.currency) == ("0.200", "USD")


def test_a_leg_that_was_just_asked_for() -> None:
    """It waits, is not over, and has no price."""
    found = read_call(WORKSPACE, sample("call_created_queued"), LONG_AFTER)
    assert (found.report.status, found.is_settled, found.price) == (LegStatus.queued, False, None)


@pytest.mark.parametrize(
    ("price", "unit", "amount"),
    [
        ("-0.0170", "USD", "0.0170"),
        ("0.0500", "EUR", "-0.0500"),
        ("0", "USD", "0"),
        ("-12", "JPY", "12"),
        (None, "USD", None),
        ("", "USD", None),
        ("-0.01", None, None),
        ("-0.01", "usd", None),
        ("NaN", "USD", None),
        ("-1e400", "USD", None),
        (-0.01, "USD", None),
        ("-" + "9" * 30, "USD", None),
    ],
)
def test_prices(price: object, unit: object, amount: str | None) -> None:
    """A charge, a credit, nothing; what is no price yet, or no text, is none."""
    found = booked({"price": price, "price_unit": unit}).price
    assert (None if found is None else str(found.amount)) == amount
    assert found is None or isinstance(found.amount, Decimal)


def test_a_leg_is_settled_when_its_requests_can_be_read() -> None:
    """Fifteen minutes after its end; of one that nobody answered, after it changed last."""
    end = datetime(2026, 3, 2, 14, tzinfo=UTC)
    said = "Mon, 02 Mar 2026 14:00:00 +0000"
    answered: dict[str, object] = {"status": "completed", "end_time": said}
    missed: dict[str, object] = {"status": "no-answer", "date_updated": said}
    for fields in (answered, missed):
        assert not booked(fields, end + timedelta(minutes=14, seconds=59)).is_settled
        assert booked(fields, end + timedelta(minutes=15)).is_settled
    assert not booked({"status": "in-progress"}).is_settled


@pytest.mark.parametrize(
    "fields",
    [
        {"direction": "inbound"},
        {"status": "no-answer"},
        {"duration": None},
        {"duration": "0"},
        {"end_time": None},
    ],
)
def test_an_answer_that_the_books_do_not_tell(fields: dict[str, object]) -> None:
    """An inbound first leg is answered by us; without a length or an end nobody knows when."""
    end = "Mon, 02 Mar 2026 14:00:00 +0000"
    told: dict[str, object] = {"status": "completed", "duration": "5", "end_time": end}
    assert booked(told).answer is not None
    assert booked({**told, **fields}).answer is None


def requests_for(*forms: list[tuple[str, str]], url: str = OURS) -> list[dict[str, Any]]:
    """The books' entries for requests with these forms."""
    account = Account(1)
    for form in forms:
        account.note(form, url, response=None)
    return [event for events in account.events.values() for event in events]


def test_a_request_reports_what_its_callback_did() -> None:
    """Exactly: the same command, whichever way it came. So a repeat says nothing new."""
    forms = [incoming_form(call_sid(1)), *leg_callbacks(call_sid(1))]
    found = list(read_requests(WORKSPACE, requests_for(*forms)))
    expected = [read_callback(WORKSPACE, form) for form in forms]
    assert [repr(one) for one in found] == [repr(one) for one in expected]
    for (_, mine), (_, theirs) in zip(found, expected, strict=True):
        assert mine.caller is not None
        assert theirs.caller is not None
        assert mine.caller.value == theirs.caller.value


@pytest.mark.parametrize(
    "url",
    [
        "https://api.twilio.com/2010-04-01/Accounts/AC0/Calls.json",
        "https://others.example.com/voice/status",
        "https://calls.example.com/twilio/00000000-0000-4000-8000-000000000000/voice/status",
        f"{OURS}/more",
        f"https://calls.example.com/twilio/{WORKSPACE}/recordings",
    ],
)
def test_requests_of_others_are_left_alone(url: str) -> None:
    """What Twilio asked of another application, or somebody of Twilio, reports nothing to us."""
    forms = leg_callbacks(call_sid(1))
    assert list(read_requests(WORKSPACE, requests_for(*forms, url=url))) == []
    with_query = requests_for(*forms, url=f"{OURS}?a=b#rc=3")
    assert len(list(read_requests(WORKSPACE, with_query))) == len(forms)


def test_a_request_that_says_nothing_is_passed_over() -> None:
    """The vendor's own example, and one whose parameters are no callback."""
    assert list(read_requests(WORKSPACE, sample("call_events")["events"])) == []
    odd = requests_for([("CallSid", call_sid(1)), ("AccountSid", ACCOUNT_SID)])
    assert list(read_requests(WORKSPACE, odd)) == []


_ANYTHING: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
_NAMES: Final = ("sid", "status", "parent_call_sid", "from", "to", "end_time", "duration", "price")


@given(st.dictionaries(st.sampled_from(_NAMES) | st.text(max_size=9), _ANYTHING))
def test_no_resource_breaks_the_reader(resource: dict[str, Any]) -> None:
    """Any JSON is either understood or refused."""
    with suppress(NotUnderstood):
        read_call(WORKSPACE, resource, LONG_AFTER)


@given(st.lists(_ANYTHING, max_size=3), _ANYTHING)
def test_no_request_breaks_the_reader(others: list[Any], parameters: object) -> None:
    """Nor does anything that stands in the place of a request or of its parameters."""
    told = [{"request": {"url": OURS, "parameters": parameters}}]
    told += [{"request": one} for one in others]
    list(read_requests(WORKSPACE, told))
