"""What a call log says of a call: one shape of call for each thing that can be said."""

import pytest
from call_shapes import SHAPES, Shape
from reports import at, leg, leg_of, report
from sealing import tell

from domain.calls.call import CALL
from domain.calls.outcome import direction, is_over, outcome, steps, times
from domain.calls.state import Call
from domain.calls.words import Direction, Outcome, Step

IN, OUT = Direction.inbound, Direction.outbound


@pytest.fixture(params=list(SHAPES), name="shape")
def _shape(request: pytest.FixtureRequest) -> Shape:
    return SHAPES[request.param]


def test_the_outcome(shape: Shape) -> None:
    """Each shape has the outcome that a person at the switchboard would give it."""
    call, _ = tell(CALL, shape.told)
    assert is_over(call)
    assert outcome(call) is shape.outcome


def test_the_times(shape: Shape) -> None:
    """Times are the provider's own; what nobody told is not made up."""
    call, _ = tell(CALL, shape.told)
    found = times(call)
    moments = (found.started_at, found.answered_at, found.ended_at)
    expected = (shape.started, shape.answered, shape.ended)
    assert moments == tuple(None if s is None else at(s) for s in expected)
    assert (found.ring_seconds, found.talk_seconds, found.duration_seconds) == shape.lengths


def test_the_steps(shape: Shape) -> None:
    """The way of a call reads in the order of its times; what has no time comes first."""
    call, _ = tell(CALL, shape.told)
    assert sorted(_told(call)) == sorted(shape.steps)
    timed = [step.at for step in steps(call)]
    assert timed == sorted(timed, key=lambda moment: (moment is not None, moment or at(0)))


def test_every_outcome_has_a_shape() -> None:
    """An outcome that nobody can show does not exist."""
    assert {shape.outcome for shape in SHAPES.values()} == set(Outcome)


def test_no_outcome_before_the_end() -> None:
    """A call that goes on has no outcome and no end, whatever already ended in it."""
    told = leg("line", "ringing@0 answered@1", direction=IN, step=Step.dial)
    told += leg("desk", "dialing@1 busy@2", parent="line")
    call, _ = tell(CALL, told)
    assert not is_over(call)
    assert outcome(call) is None
    assert times(call).ended_at is None


def test_nothing_is_said_of_nothing() -> None:
    """Before the first report there is neither direction, outcome nor time."""
    assert (direction(Call()), outcome(Call()), steps(Call())) == (None, None, ())
    assert times(Call()).duration_seconds is None


def test_a_child_alone_tells_the_outcome() -> None:
    """Where the first leg was never reported, the legs it dialled say how the call ended."""
    call, _ = tell(CALL, [report("desk", "no_answer@9", parent="line")])
    assert outcome(call) is Outcome.missed
    assert direction(call) is None


def test_clocks_that_disagree() -> None:
    """An answer that another machine's clock puts before the ring is an answer at once."""
    told = leg("line", "ringing@9 answered@8 completed@20", direction=OUT)
    call, _ = tell(CALL, told)
    assert times(call).ring_seconds == 0


@pytest.mark.parametrize(("first", "second"), [("desk", "home"), ("home", "desk")])
def test_steps_of_one_second_read_in_lifes_order(first: str, second: str) -> None:
    """Twilio's clock has seconds; within one, whichever leg it was, a ring precedes an end."""
    told = leg(first, "canceled@1 ringing@1 dialing@1", parent="line")
    told += leg(second, "busy@1 dialing@1", parent="line")
    kinds = [step.kind for step in steps(tell(CALL, told)[0])]
    assert kinds == ["dialed", "dialed", "rang", "ended", "ended"]


def test_steps_of_one_moment_keep_their_order() -> None:
    """Two steps that our routing took with one leg are told in one order, however they came."""
    dial = leg("line", "ringing", direction=IN, step=Step.dial)
    mail = leg("line", "ringing", direction=IN, step=Step.voicemail)
    orders = [_told(tell(CALL, told)[0]) for told in (dial + mail, mail + dial)]
    assert orders == [["received line", "routed line dial", "routed line voicemail"]] * 2


def _told(call: Call) -> list[str]:
    names = {leg_of(name): name for name in ("line", "desk", "home", "cell")}
    return [
        " ".join(
            [
                step.kind,
                names[step.leg_id],
                *([step.detail] if step.detail else []),
                *([f"@{(step.at - at(0)).seconds}"] if step.at else []),
            ]
        )
        for step in steps(call)
    ]
