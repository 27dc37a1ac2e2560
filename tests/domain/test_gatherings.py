"""What is told of queues and conferences is a set: in any order, twice, less what is lost."""

from collections.abc import Sequence
from random import Random

import pytest
from call_shapes import SHAPES
from hypothesis import given
from hypothesis import strategies as st
from reports import at, leg, leg_of
from sealing import tell

from domain.calls.call import CALL
from domain.calls.commands import CallCommand, LeaveQueue, ReportConference
from domain.calls.outcome import outcome, steps, times
from domain.calls.words import Direction, InConference, Outcome, QueueResult, Step
from domain.identifiers import room_id

LINE, GUEST = leg_of("line"), leg_of("guest")
CONFERENCE = f"CF{5:032x}"


def left(result: QueueResult, seconds: float = 40) -> LeaveQueue:
    """The caller waits no longer."""
    return LeaveQueue(leg_id=LINE, result=result, waited_seconds=30, occurred_at=at(seconds))


def told(what: InConference, number: int) -> ReportConference:
    """Something happened in a conference that the call opened."""
    came = what in (InConference.joined, InConference.left)
    return ReportConference(
        leg_id=GUEST if came else LINE,
        conference_id=CONFERENCE,
        what=what,
        participant_id="guest" if came else None,
        sequence=number,
        occurred_at=at(number),
    )


WORDS = st.lists(
    st.sampled_from(
        [
            *(left(result) for result in QueueResult),
            *(told(what, number) for what in InConference for number in (1, 2)),
        ]
    ),
    max_size=8,
    unique=True,
)


def portrait(commands: Sequence[CallCommand]) -> tuple[object, ...]:
    """What a call comes to after these."""
    call, _ = tell(CALL, commands)
    return call.gathered, outcome(call), steps(call), times(call)


@given(WORDS, st.sampled_from(sorted(SHAPES)), st.randoms(use_true_random=False))
def test_any_disorder_says_the_same(
    words: list[CallCommand], shape: str, disorder: Random
) -> None:
    """Between a call's callbacks, before and after them, and twice."""
    whole = [*SHAPES[shape].told, *words]
    mixed = [*whole, *disorder.sample(whole, len(whole) // 2)]
    disorder.shuffle(mixed)
    assert portrait(mixed)[0] == portrait(whole)[0]
    # Of a leg's reports the first that comes brings its parties and its step: those in order.
    mixed = [*SHAPES[shape].told]
    for word in disorder.sample(words, len(words)):
        mixed.insert(disorder.randrange(len(mixed) + 1), word)
    assert portrait(mixed) == portrait(whole)


@given(WORDS.filter(bool), st.data())
def test_what_is_lost_is_missing_and_nothing_else(
    words: list[CallCommand], data: st.DataObject
) -> None:
    """One that never comes takes its own step with it; everything else stays as it was."""
    lost = data.draw(st.sampled_from(words))
    shape = SHAPES["inbound, answered: by whom it met in a conference"].told
    whole, _ = tell(CALL, [*shape, *words])
    less, _ = tell(CALL, [*shape, *(word for word in words if word != lost)])
    assert len(set(steps(whole)) - set(steps(less))) == 1
    assert set(steps(less)) < set(steps(whole))
    assert (outcome(less), times(less)) == (outcome(whole), times(whole))


def test_a_repeat_that_is_heard_later_says_nothing_new() -> None:
    """Its time is when we heard it: another one makes it no other end of the waiting."""
    _, events = tell(CALL, [left(QueueResult.full, 3), left(QueueResult.full, 9)])
    assert [event.name for event in events] == ["call.queue_left"]


@pytest.mark.parametrize(
    ("result", "ended", "talked"),
    [
        (QueueResult.bridged, Outcome.answered, 50),
        (QueueResult.redirected, Outcome.abandoned, None),
        (QueueResult.hung_up, Outcome.abandoned, None),
        (QueueResult.left, Outcome.missed, None),
        (QueueResult.full, Outcome.missed, None),
        (QueueResult.failed, Outcome.missed, None),
    ],
)
def test_how_the_waiting_ended_is_how_the_call_did(
    result: QueueResult, ended: Outcome, talked: int | None
) -> None:
    """Unless the caller is put through to somebody, whose leg tells."""
    waits: list[CallCommand] = [*SHAPES["inbound, abandoned: it waited"].told]
    call, _ = tell(CALL, [*waits, left(result)])
    assert (outcome(call), times(call).talk_seconds) == (ended, talked)
    desk = leg("desk", "dialing@41 answered@45 completed@51", parent="line", seconds=6)
    through: list[CallCommand] = [*waits, left(QueueResult.redirected), *desk]
    call, _ = tell(CALL, through)
    assert outcome(call) is Outcome.answered


def test_a_conference_that_nobody_else_is_in_yet_is_no_leg() -> None:
    """Whoever comes is on a call of their own: this one is over when its own legs are."""
    ring = leg("line", "ringing", direction=Direction.inbound, step=Step.conference)
    words: list[CallCommand] = [*ring, told(InConference.joined, 1)]
    call, _ = tell(CALL, words)
    assert set(call.legs) == {LINE}
    assert call.gathered.conferences == {CONFERENCE}


def test_a_room_is_known_to_the_provider_by_an_id() -> None:
    """The same for as long as the workspace calls it so; another one for each kind and name."""
    workspace = LINE
    found = {
        room_id(workspace, kind, name)
        for kind in ("queue", "conference")
        for name in (None, "support")
    }
    assert len(found) == 4
    assert room_id(workspace, "queue", "support") in found
