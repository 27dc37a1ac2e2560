"""Whether a call may be recorded is what was said of it, in any order and however often."""

from collections.abc import Sequence
from random import Random

import pytest
from call_shapes import SHAPES
from hypothesis import given
from hypothesis import strategies as st
from reports import at, leg_of
from sealing import tell

from domain.calls.call import CALL
from domain.calls.commands import (
    AnswerAboutRecording,
    AskAboutRecording,
    AskRecordingStart,
    CallCommand,
    FindAnswerer,
    MeetObjection,
    ObjectToRecording,
    RouteCall,
    RuleRecording,
)
from domain.calls.events import RecordingStartAsked
from domain.calls.outcome import outcome, steps, times
from domain.calls.words import Answer, Answerer, PlanReason, RecordingPlan, Step
from domain.errors import Refused

LINE, DESK = leg_of("line"), leg_of("desk")
YES = AnswerAboutRecording(leg_id=LINE, occurred_at=at(5), answer=Answer.agreed, digit="1")
ALSO = AnswerAboutRecording(leg_id=DESK, occurred_at=at(9), answer=Answer.agreed, digit="1")
OBJECTS = ObjectToRecording(leg_id=LINE, occurred_at=at(30))
START = AskRecordingStart(leg_id=LINE, occurred_at=at(10))
MET = MeetObjection(leg_id=LINE, occurred_at=at(90))
VOICEMAIL = RouteCall(leg_id=LINE, step=Step.voicemail, occurred_at=at(20))


def ruled(plan: RecordingPlan = RecordingPlan.ask_everybody) -> RuleRecording:
    """The plan."""
    reason = PlanReason.jurisdiction
    return RuleRecording(
        leg_id=LINE, occurred_at=at(1), plan=plan, reason=reason, settings_version=4
    )


def asks(seconds: float = 2) -> AskAboutRecording:
    """The caller is asked."""
    return AskAboutRecording(
        leg_id=LINE,
        occurred_at=at(seconds),
        prompt_id="recorded_call",
        prompt_version=3,
        language="nl-BE",
        text_sha256="5a" * 32,
        is_question=True,
    )


def said(commands: Sequence[CallCommand]) -> tuple[object, ...]:
    """What a call comes to after these, as far as anybody asks."""
    call, _ = tell(CALL, commands)
    known = call.recording
    return (known, known.plan, known.is_allowed, dict(known.answers), outcome(call), steps(call))


WORDS = st.lists(
    st.sampled_from(
        [
            *(ruled(plan) for plan in RecordingPlan),
            asks(),
            *(
                AnswerAboutRecording(leg_id=leg, occurred_at=at(5), answer=answer)
                for leg in (LINE, DESK)
                for answer in Answer
            ),
            OBJECTS,
            VOICEMAIL,
            *(FindAnswerer(leg_id=DESK, answered_by=found) for found in Answerer),
        ]
    ),
    max_size=8,
)


@given(WORDS, st.sampled_from(sorted(SHAPES)), st.randoms(use_true_random=False))
def test_any_disorder_says_the_same(
    words: list[CallCommand], shape: str, disorder: Random
) -> None:
    """Between a call's callbacks, before and after them, and twice."""
    told = [*SHAPES[shape].told, *words]
    mixed = [*told, *disorder.sample(told, len(told) // 2)]
    disorder.shuffle(mixed)
    known, plan, allowed, answers, *_ = said(told)
    assert said(mixed)[:4] == (known, plan, allowed, answers)


@given(WORDS)
def test_a_repeat_says_nothing_new(words: list[CallCommand]) -> None:
    """A webhook that Twilio sends again leads to no entry."""
    call, _ = tell(CALL, words)
    assert tell(CALL, words, call) == (call, [])


def test_what_is_said_of_recording_changes_nothing_else() -> None:
    """Times, outcome and steps of the call are those of its legs and its routing."""
    for shape in SHAPES.values():
        without, _ = tell(CALL, shape.told)
        words: list[CallCommand] = [ruled(), asks(), *shape.told, YES, ALSO, OBJECTS, MET]
        call, _ = tell(CALL, words)
        assert (outcome(call), times(call), steps(call)) == (
            *(outcome(without), times(without), steps(without)),
        )


def test_it_is_remembered_when_it_was_asked_first() -> None:
    """By our own clock: the same question that is asked again is no other one."""
    call, events = tell(CALL, [asks(2), asks(3)])
    assert (call.recording.asked_at[LINE], len(events)) == (at(2), 1)


def test_the_recording_of_two_begins_once() -> None:
    """After both agreed, and not again; never where somebody did not, or objects."""
    agreed: list[CallCommand] = [ruled(), YES, ALSO]
    call, events = tell(CALL, [*agreed, START, START])
    assert [type(event) for event in events].count(RecordingStartAsked) == 1
    assert call.recording.is_start_asked
    unlawful: list[list[CallCommand]] = [
        [ruled(), YES],
        [*agreed, OBJECTS],
        [ruled(RecordingPlan.none), YES, ALSO],
    ]
    for words in unlawful:
        with pytest.raises(Refused, match="recording_without_consent"):
            tell(CALL, [*words, START])


def test_an_objection_is_met_once_it_was_raised() -> None:
    """Not before, and not twice."""
    told: list[CallCommand] = [MET, OBJECTS, MET, MET]
    call, events = tell(CALL, told)
    assert [event.name for event in events] == [
        *("call.recording_objected", "call.recording_objection_met"),
    ]
    assert call.recording.met == call.recording.objections == {LINE}


def test_a_further_step_is_one_of_the_call() -> None:
    """Whoever is not reached may leave a message; said twice it is one step."""
    told: list[CallCommand] = [*SHAPES["inbound, missed: it rang out"].told]
    call, events = tell(CALL, [*told, VOICEMAIL, VOICEMAIL])
    assert {step for _, step in call.routed} == {Step.dial, Step.voicemail}
    assert [event.name for event in events].count("call.routed") == 2
    assert outcome(call) == "voicemail"


def test_what_was_heard_of_who_picked_up_counts_whenever_it_comes() -> None:
    """Apart from the reports, and before the leg is known; the more certain finding holds."""
    found = FindAnswerer(leg_id=DESK, answered_by=Answerer.machine)
    doubt = FindAnswerer(leg_id=DESK, answered_by=Answerer.unknown)
    told = SHAPES["inbound, answered"].told
    first: list[CallCommand] = [found, doubt, *told]
    last: list[CallCommand] = [*told, doubt, found, found]
    for commands in (first, last):
        call, events = tell(CALL, commands)
        assert call.legs[DESK].course.answered_by is Answerer.machine
        assert outcome(call) == "voicemail"
        assert [event.name for event in events].count("call.leg_answerer_found") == 2
