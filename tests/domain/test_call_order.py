"""A call is what was reported of it, in whatever order and however often it was reported."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from reports import START, at
from sealing import tell
from strategies import Callback, calls, disorders

from domain.calls.call import CALL
from domain.calls.commands import ReportLeg
from domain.calls.outcome import is_over, outcome, steps, times
from domain.calls.state import Call
from domain.calls.words import LegStatus

LIVE = tuple(status for status in LegStatus if not status.is_terminal)


def commands(callbacks: list[Callback]) -> list[ReportLeg]:
    """What the callbacks report, each read anew as a new request is."""
    return [callback.command for callback in callbacks]


def reading(call: Call) -> tuple[Any, ...]:
    """Everything that a call log says of the call."""
    return is_over(call), outcome(call), times(call), steps(call)


@given(st.data(), calls())
def test_any_disorder_makes_the_same_call(data: st.DataObject, told: list[Callback]) -> None:
    """Any permutation and duplication of a call's callbacks folds to the same state."""
    assert len({callback.call_id for callback in told}) == 1
    expected, _ = tell(CALL, commands(told))
    call, _ = tell(CALL, commands(data.draw(disorders(told))))
    assert call == expected
    assert reading(call) == reading(expected)


@given(calls())
def test_a_repeat_says_nothing_new(told: list[Callback]) -> None:
    """Once everything is known, every callback can come again without a trace."""
    call, _ = tell(CALL, commands(told))
    assert tell(CALL, commands(told), call) == (call, [])


@given(calls())
def test_a_replay_makes_the_same_call(told: list[Callback]) -> None:
    """The state is nothing but the fold of the history."""
    call, events = tell(CALL, commands(told))
    assert CALL.fold(events) == call


@given(st.data(), calls(), st.sampled_from(LIVE), st.integers(-9, 99), st.integers(0, 9))
def test_terminal_wins(
    data: st.DataObject, told: list[Callback], status: LegStatus, after: int, sequence: int
) -> None:
    """However late a report of an ended leg comes, its status, its end and the outcome stay."""
    call, _ = tell(CALL, commands(told))
    ended = [command for command in commands(told) if call.legs[command.leg_id].course.end]
    if not ended:
        return
    one = data.draw(st.sampled_from(ended))
    late = ReportLeg(
        leg_id=one.leg_id,
        provider_id=one.provider_id,
        parent_id=one.parent_id,
        status=status,
        sequence=sequence,
        occurred_at=at(after),
    )
    later, _ = tell(CALL, [late], call)
    before, leg = call.legs[one.leg_id].course, later.legs[one.leg_id].course
    assert (leg.status, leg.end) == (before.status, before.end)
    assert (is_over(later), outcome(later)) == (is_over(call), outcome(call))
    assert times(later).ended_at == times(call).ended_at


@given(calls())
def test_times_run_forward(told: list[Callback]) -> None:
    """Nothing lasts less than no time, and nothing is told of an end that has not come."""
    call, _ = tell(CALL, commands(told))
    found = times(call)
    lengths = (found.ring_seconds, found.talk_seconds, found.duration_seconds)
    assert all(length is None or length >= 0 for length in lengths)
    assert is_over(call) or (found.ended_at, outcome(call)) == (None, None)
    assert not found.answered_at or found.answered_at >= START
