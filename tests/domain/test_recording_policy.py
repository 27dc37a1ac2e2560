"""Whether a recording may be kept: by the workspace's setting and by what its parties said."""

from collections.abc import Sequence
from itertools import permutations
from uuid import UUID

import pytest
from asking import ASKED
from reports import at, leg, leg_of, party
from sealing import seal, tell

from domain.calls.call import CALL
from domain.calls.commands import (
    AnswerAboutRecording,
    CallCommand,
    ObjectToRecording,
    RuleRecording,
)
from domain.calls.state import Call
from domain.calls.words import Answer, Direction, PlanReason, RecordingPlan
from domain.consents.words import Form
from domain.policies.recording import KEPT, Verdict, far_parties, verdict
from domain.recordings.state import Report
from domain.recordings.words import Ground, RecordingStatus, Source
from domain.workspaces.state import Settings
from domain.workspaces.words import Consenting, RecordingMode, RecordingPolicy

OFF = Settings(recording=RecordingPolicy(mode=RecordingMode.off))
ON = Settings(recording=ASKED)
NO_CONSENT = Verdict(is_kept=False, ground=Ground.no_consent)
OBJECTION = Verdict(is_kept=False, ground=Ground.objection)
CALLER, CALLEE = party("+32470000001"), party("+442079460100")
DESK = party("client:front_desk")
TALK = [
    *leg(
        "line", "ringing completed@60", direction=Direction.inbound, caller=CALLER, callee=CALLEE
    ),
    *leg("desk", "answered@9 completed@60", parent="line", caller=CALLER, callee=DESK),
]


def made_by(source: Source | None) -> Report:
    """A recording that is complete."""
    return Report(RecordingStatus.completed, source, 2, None, None, 42, None, None, None)


def ruled(plan: RecordingPlan) -> RuleRecording:
    """How the test's call is to be recorded."""
    return RuleRecording(
        leg_id=leg_of("line"),
        occurred_at=at(1),
        plan=plan,
        reason=PlanReason.workspace,
        settings_version=3,
    )


def says(who: str, answer: Answer) -> AnswerAboutRecording:
    """Somebody answers."""
    return AnswerAboutRecording(leg_id=leg_of(who), occurred_at=at(5), answer=answer)


def call_of(*commands: CallCommand) -> Call:
    """The call to which these belong."""
    return tell(CALL, [*TALK, *commands])[0]


@pytest.mark.parametrize("source", [*Source, None])
def test_only_where_calls_are_recorded(source: Source | None) -> None:
    """Off, or never set, nothing is kept of a call; what a caller leaves as a message is."""
    agreed = call_of(ruled(RecordingPlan.ask_caller), says("line", Answer.agreed))
    report = made_by(source)
    assert verdict(ON, report, agreed) == KEPT
    expected = KEPT if source is Source.message else Verdict(is_kept=False)
    assert verdict(OFF, report, agreed) == expected
    assert verdict(Settings(), report, agreed) == expected


def test_what_was_never_reported_is_no_message() -> None:
    """A recording of which nothing is known is one of a call."""
    assert not verdict(Settings(), None, Call()).is_kept


ASK, ASK_ALL = RecordingPlan.ask_caller, RecordingPlan.ask_everybody
TELL, TELL_ALL = RecordingPlan.announce_to_caller, RecordingPlan.announce_to_everybody
YES, STAYED, NO = Answer.agreed, Answer.stayed, Answer.refused
NONE, SILENT, LEFT = RecordingPlan.none, Answer.silent, Answer.left


@pytest.mark.parametrize(
    ("plan", "line", "desk", "is_kept"),
    [
        (ASK, [YES], [], True),
        (ASK, [STAYED], [], False),  # going on is no yes to a question
        (ASK, [SILENT], [], False),
        (ASK, [LEFT], [], False),
        (ASK, [NO], [], False),
        (ASK, [YES, NO], [], False),  # of two answers the stricter
        (ASK, [], [], False),
        (ASK_ALL, [YES], [], False),
        (ASK_ALL, [YES], [YES], True),
        (ASK_ALL, [YES], [SILENT], False),
        (ASK_ALL, [YES], [NO], False),
        (ASK_ALL, [NO], [YES], False),
        (TELL, [STAYED], [], True),
        (TELL, [LEFT], [], False),
        (TELL_ALL, [STAYED], [], False),
        (TELL_ALL, [STAYED], [STAYED], True),
        (TELL_ALL, [STAYED], [LEFT], False),
        (NONE, [YES], [YES], False),
    ],
)
def test_by_consent_strictly(
    plan: RecordingPlan, line: Sequence[Answer], desk: Sequence[Answer], *, is_kept: bool
) -> None:
    """Whoever had to agree did, in the way the plan asks for; in whatever order we heard it."""
    said = [*(says("line", one) for one in line), *(says("desk", one) for one in desk)]
    expected = KEPT if is_kept else NO_CONSENT
    told: list[CallCommand] = [ruled(plan), *said]
    for order in permutations(told):
        assert verdict(ON, made_by(None), call_of(*order, *order)) == expected


def test_an_objection_outweighs_every_yes() -> None:
    """Also of a message, and whoever of the parties objects."""
    agreed = (ruled(ASK), says("line", YES))
    for who in ("line", "desk"):
        objects = ObjectToRecording(leg_id=leg_of(who), occurred_at=at(30))
        for source in (None, Source.message):
            assert verdict(ON, made_by(source), call_of(*agreed, objects)) == OBJECTION


def test_a_call_that_we_did_not_route_needs_consents_given_before() -> None:
    """Of everybody who is heard but the workspace's own line, unless the caller's is enough."""
    (caller,), (desk,) = seal(CALLER).subjects, seal(DESK).subjects
    assert set(far_parties(call_of())) == {caller, desk}
    assert set(far_parties(call_of(), is_everybody=False)) == {caller}
    only = Settings(
        recording=RecordingPolicy(mode=RecordingMode.asked, consenting=Consenting.caller)
    )
    report, call = made_by(None), call_of()
    express: dict[UUID, Form] = {caller: Form.express}
    assert verdict(ON, report, call) == NO_CONSENT
    assert verdict(ON, report, call, express) == NO_CONSENT
    assert verdict(ON, report, call, {**express, desk: Form.express}) == KEPT
    assert verdict(ON, report, call, {**express, desk: Form.implied}) == NO_CONSENT
    assert verdict(only, report, call, express) == KEPT


def test_of_an_outbound_call_it_is_whom_we_called() -> None:
    """With the agent for whom it was dialled, where everybody's consent is needed."""
    told = [
        *leg("line", "answered@4", direction=Direction.outbound, caller=CALLEE, callee=DESK),
        *leg("cell", "answered@9", parent="line", caller=CALLEE, callee=CALLER),
    ]
    call = tell(CALL, told)[0]
    (caller,), (desk,) = seal(CALLER).subjects, seal(DESK).subjects
    assert set(far_parties(call)) == {caller, desk}
    assert set(far_parties(call, is_everybody=False)) == {caller}
    alone = tell(CALL, told[:1])[0]
    assert set(far_parties(alone, is_everybody=False)) == {desk}
    assert far_parties(Call()) == set()
