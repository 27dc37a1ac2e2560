"""The generated day: the same for a seed, whole, in bounds, and expecting the right things.

What the scripts expect is written by hand; here the rules are asked, as the second opinion.
"""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from adapters.twilio.addresses import read_address
from adapters.twilio.callbacks import read_callback
from adapters.twilio.forms import NotUnderstood
from api.demo.calls import PlayedCall
from api.demo.day import Day, make_day
from api.demo.delivery import Kind
from domain.calls.call import CALL
from domain.calls.outcome import direction, outcome, times
from domain.calls.state import Call
from domain.calls.words import Outcome, Step

END = datetime(2026, 3, 2, 18, 30, tzinfo=UTC)
WORKSPACE = UUID(int=7)


@pytest.fixture(scope="module")
def day() -> Day:
    """A day big enough that every script is in it."""
    return make_day(END, calls=1_000, seed=3)


def fold(call: PlayedCall) -> tuple[Call, int]:
    """The call by the rules, and how many events it took."""
    state, count = CALL.initial, 0
    for callback in call.callbacks:
        step = Step.dial if callback.channel == "incoming" else None
        _, command = read_callback(WORKSPACE, callback.form, step=step)
        events = CALL.decide(state, command)
        state, count = CALL.fold(events, state), count + len(events)
    return state, count


def told(day: Day) -> list[object]:
    """Everything of a day that could differ, but for the tokens, which are never the same."""
    return [
        (d.at, d.office.account_sid, d.channel, d.form, d.kind, d.method, d.signature, d.body)
        for d in day.deliveries
    ]


def test_the_same_seed_is_the_same_day() -> None:
    """A day follows from its end and its seed alone; another seed is another day."""
    first, again, other = (make_day(END, calls=60, seed=seed) for seed in (1, 1, 2))
    assert told(first) == told(again) != told(other)


def test_the_rules_agree_with_what_the_scripts_expect(day: Day) -> None:
    """For every call the rules find the outcome, direction, talk, legs and entries expected."""
    for call in day.calls:
        state, entries = fold(call)
        expected = call.expected
        assert (outcome(state), direction(state)) == (expected.outcome, expected.direction)
        assert times(state).talk_seconds == expected.talk_seconds
        assert (len(state.legs), entries) == (expected.leg_count, expected.entries)


def test_every_outcome_and_both_directions_happen(day: Day) -> None:
    """The day shows all that a call log can say."""
    assert {call.expected.outcome for call in day.calls} == set(Outcome)
    assert {call.expected.direction for call in day.calls} == {"inbound", "outbound", None}


def test_parties_of_every_kind_call(day: Day) -> None:
    """Withheld, SIP, browser and missing callers are among them, and fields nobody knows."""
    forms = [dict(delivery.form) for delivery in day.deliveries if delivery.kind is Kind.first]
    kinds = {
        address.kind if (address := read_address(form.get("From"))) else None for form in forms
    }
    assert {"e164", "withheld", "sip", "client", None} <= kinds
    assert any("SentimentPreview" in form for form in forms)
    assert any(set(form) == {"CallSid", "AccountSid", "CallStatus"} for form in forms)


def test_every_callback_is_delivered_and_some_twice(day: Day) -> None:
    """Nothing of a call gets lost on the way; what is repeated is what came first."""
    first = Counter(d.form for d in day.deliveries if d.kind is Kind.first)
    assert first == Counter(c.form for call in day.calls for c in call.callbacks)
    repeats = [d for d in day.deliveries if d.kind is Kind.repeat]
    assert repeats
    assert all(first[repeat.form] for repeat in repeats)


def test_it_arrives_within_the_day_and_never_before_it_happened(day: Day) -> None:
    """Deliveries are in the order of their times, all of them in the 24 hours before the end."""
    arrived = [d.at for d in day.deliveries]
    assert arrived == sorted(arrived)
    assert END - timedelta(hours=24) <= arrived[0] <= arrived[-1] <= END
    happened = {c.form: c.at for call in day.calls for c in call.callbacks}
    assert all(d.at >= happened[d.form] for d in day.deliveries if d.kind is Kind.first)


def test_it_is_disordered(day: Day) -> None:
    """Some calls' callbacks arrive in another order than they were fired, some hours late."""
    happened = {c.form: c.at for call in day.calls for c in call.callbacks}
    arrived = defaultdict(list)
    for delivery in (d for d in day.deliveries if d.kind is Kind.first):
        fields = dict(delivery.form)
        arrived[fields.get("ParentCallSid", fields["CallSid"])].append(happened[delivery.form])
    assert any(times != sorted(times) for times in arrived.values())
    lateness = [d.at - happened[d.form] for d in day.deliveries if d.form in happened]
    assert max(lateness) > timedelta(hours=1)
    assert {d.method for d in day.deliveries} == {"GET", "POST"}


def test_odd_ones_cannot_be_understood_and_no_other_is(day: Day) -> None:
    """What is meant to become a dead letter does, and nothing else does."""
    for delivery in day.deliveries:
        if delivery.kind is Kind.odd and delivery.body is None:
            with pytest.raises(NotUnderstood):
                read_callback(WORKSPACE, delivery.form)
        elif delivery.kind is not Kind.odd:
            read_callback(WORKSPACE, delivery.form)


@pytest.mark.parametrize("hour", range(24))
def test_the_question_can_be_asked_at_any_hour(hour: int) -> None:
    """Whenever the demo runs: at the moment asked about the call is known, and not its end."""
    end = END.replace(hour=hour, minute=5)
    day = make_day(end, calls=20, seed=hour)
    asked_at, call = day.question.asked_at, day.question.call
    last = {c.form for c in call.callbacks if c.is_last}
    ours = [d for d in day.deliveries if d.form in {c.form for c in call.callbacks}]
    before = {d.form for d in ours if d.at < asked_at - timedelta(minutes=1)}
    assert before == {c.form for c in call.callbacks} - last
    assert all(d.at > asked_at + timedelta(hours=1) for d in ours if d.form in last)
    assert asked_at.minute == 2
