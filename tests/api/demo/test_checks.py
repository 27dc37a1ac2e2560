"""The demo's checks: silent about a day that went right, and each of them can fail."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from api.demo.checks import (
    Found,
    call_id_of,
    check_answers,
    check_calls,
    check_dead_letters,
    check_erased,
    check_held,
    check_receipt,
)
from api.demo.day import Day, make_day
from api.demo.delivery import Kind
from api.demo.play import Tally

END = datetime(2026, 3, 2, 18, 30, tzinfo=UTC)
WORKSPACE = UUID(int=7)
Row = dict[str, Any]


@pytest.fixture(scope="module")
def day() -> Day:
    """A small day."""
    return make_day(END, calls=60, seed=5)


def right(day: Day) -> list[Row]:
    """The call log of a day that went right."""
    return [
        {
            "id": call_id_of(WORKSPACE, call.sid),
            "direction": call.expected.direction,
            "outcome": call.expected.outcome,
            "talk_seconds": call.expected.talk_seconds,
            "leg_count": call.expected.leg_count,
            "version": call.expected.entries,
            "caller": party(call.expected.caller),
            "callee": party(call.expected.callee),
        }
        for call in day.calls
    ]


def party(address: str | None) -> Row | None:
    """A party as the API answers it."""
    return {"state": "value", "value": {"address": address}} if address else None


def wrong(day: Day, rows: list[Row]) -> list[str]:
    """What the checks say of a call log."""
    return list(check_calls(Found(WORKSPACE, rows, []), day.calls))


def test_a_day_that_went_right(day: Day) -> None:
    """Nothing is said of it."""
    assert wrong(day, right(day)) == []


@pytest.mark.parametrize(
    "name", ["direction", "outcome", "talk_seconds", "leg_count", "version", "caller", "callee"]
)
def test_a_call_that_is_told_wrongly(day: Day, name: str) -> None:
    """Whatever is not as it happened is named, and no number with it."""
    rows = right(day)
    rows[3][name] = party("+12025550199") if name in {"caller", "callee"} else "something else"
    (said,) = wrong(day, rows)
    assert rows[3]["id"] in said
    assert "202555" not in said


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda rows: rows[1:], "is missing"),
        (lambda rows: [*rows, rows[0]], "2 times"),
        (lambda rows: [*rows, {**rows[0], "id": str(UUID(int=1))}], "never played"),
    ],
)
def test_a_call_that_is_not_there_exactly_once(
    day: Day, spoil: Callable[[list[Row]], list[Row]], said: str
) -> None:
    """Missing, doubled or never played."""
    (line,) = wrong(day, spoil(right(day)))
    assert said in line


def test_an_answer_that_should_have_been_another(day: Day) -> None:
    """A forgery that is accepted, and a callback that is not, are told."""
    tally = Tally()
    for delivery in day.deliveries:
        tally.note(delivery, delivery.expected_status)
    assert list(check_answers(tally, day.deliveries)) == []
    forged = next(d for d in day.deliveries if d.kind is Kind.forged)
    tally.note(forged, 204)
    assert len(list(check_answers(tally, day.deliveries))) == 2


def test_dead_letters_that_are_too_few(day: Day) -> None:
    """Each odd callback of the workspace must have become one."""
    for office in day.offices:
        odd = [d for d in day.deliveries if d.kind is Kind.odd and d.office is office]
        kept: list[Row] = [{} for _ in odd]
        found = Found(WORKSPACE, [], kept)
        assert list(check_dead_letters(found, day.deliveries, office.account_sid)) == []
        kept.append({})
        assert list(check_dead_letters(found, day.deliveries, office.account_sid))


def test_an_erased_number_that_is_still_shown() -> None:
    """In whatever corner of a page and with or without its plus."""
    page = {"data": [{"caller": party(None), "note": ["tel:447700900123"]}]}
    assert list(check_erased([page], "+447700900123"))
    assert list(check_erased([page], "+447700900124")) == []


def test_a_receipt_that_is_not_as_it_should_be_is_noticed() -> None:
    """One that is not genuine, or not done: then it says which store is not."""
    done = {"state": "done", "answers": [{"store": "keys", "state": "done"}]}
    waits = {"state": "partial", "answers": [{"store": "keys", "state": "waiting"}]}
    assert check_receipt(done, "genuine: done") == []
    assert check_receipt(done, "not a genuine receipt: signature")
    assert len(check_receipt(waits, "genuine: partial")) == 2


def test_a_hold_that_keeps_too_little_or_too_much_is_noticed() -> None:
    """A call that is gone, one that is open to anybody, a receipt that does not say so."""
    receipt = {"answers": [{"store": "holds", "state": "waiting"}]}
    erased, kept = (
        {"legs": [{"caller": {"subject_id": "anne", "state": state}, "callee": None}]}
        for state in ("erased", "value")
    )
    assert check_held(receipt, erased, kept, "anne") == []
    assert check_held(receipt, kept, kept, "anne")
    assert check_held(receipt, erased, erased, "anne")
    nothing = {"answers": [{"store": "holds", "state": "none"}]}
    assert check_held(nothing, erased, kept, "anne")
