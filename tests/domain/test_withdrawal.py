"""Whenever a consent is withdrawn, what rested on it goes: which recordings, and which do not."""

from typing import Final

import pytest
from asking import ASKED
from consent_stories import said
from reports import at, leg, leg_of, party
from sealing import seal, tell
from transcripts import heard

from domain.calls.call import CALL
from domain.calls.commands import AnswerAboutRecording, CallCommand, RuleRecording
from domain.calls.state import Call
from domain.calls.words import Answer, Direction, PlanReason, RecordingPlan
from domain.consents.commands import ConsentRequest, GiveConsent, MeetWithdrawal, WithdrawConsent
from domain.consents.consent import CONSENT, Consent, is_taken_back
from domain.consents.events import ConsentWithdrawalMet
from domain.consents.words import Form
from domain.policies.recording import KEPT, Verdict, verdict
from domain.policies.withdrawal import prohibition, segments_taken_back
from domain.recordings.commands import Forbid
from domain.recordings.state import Report
from domain.recordings.words import Ground, RecordingStatus, Source
from domain.transcriptions.transcription import TRANSCRIPTION
from domain.workspaces.state import Settings
from domain.workspaces.words import Consenting, RecordingMode, RecordingPolicy

EVERYBODY: Final = Settings(recording=ASKED)
CALLER_ALONE: Final = Settings(
    recording=RecordingPolicy(mode=RecordingMode.asked, consenting=Consenting.caller)
)
LINE, DESK = party("+32470000001"), party("client:front_desk")
(CALLER,), (AGENT,) = seal(LINE).subjects, seal(DESK).subjects
TALK: Final = [
    *leg("line", "ringing completed@60", direction=Direction.inbound, caller=LINE),
    *leg("desk", "answered@9 completed@60", parent="line", caller=LINE, callee=DESK),
]
UNROUTED: Final = tell(CALL, TALK)[0]
GIVEN, WITHDRAWN, AGAIN = said(GiveConsent, 10), said(WithdrawConsent, 100), said(GiveConsent, 150)
GOES: Final = Forbid(ground=Ground.withdrawn)


def consent(*told: ConsentRequest) -> Consent:
    """A consent of which this was said."""
    return tell(CONSENT, told)[0]


def report(source: Source | None = None) -> Report:
    """A recording that is complete."""
    return Report(RecordingStatus.completed, source)


def routed(plan: RecordingPlan) -> Call:
    """The call, its recording ruled so, and everybody agreed."""
    ruled = RuleRecording(
        leg_id=leg_of("line"),
        occurred_at=at(1),
        plan=plan,
        reason=PlanReason.workspace,
        settings_version=3,
    )
    agreed = [
        AnswerAboutRecording(leg_id=leg_of(who), occurred_at=at(5), answer=Answer.agreed)
        for who in ("line", "desk")
    ]
    told: list[CallCommand] = [*TALK, ruled, *agreed]
    return tell(CALL, told)[0]


@pytest.mark.parametrize(
    ("told", "began", "is_taken"),
    [
        ([GIVEN], 50, False),
        ([GIVEN, WITHDRAWN], 50, True),
        ([GIVEN, WITHDRAWN], 100, True),
        ([GIVEN, WITHDRAWN], 120, True),  # on what was withdrawn by then nothing rests
        ([GIVEN, WITHDRAWN, AGAIN], 50, True),  # a new yes brings nothing back
        ([GIVEN, WITHDRAWN, AGAIN], 160, False),
        ([AGAIN, WITHDRAWN, GIVEN, WITHDRAWN], 160, False),
    ],
)
def test_a_withdrawal_takes_what_was_before_it(
    told: list[ConsentRequest], began: float, *, is_taken: bool
) -> None:
    """And nothing that a later consent carries, in whatever order we heard of them."""
    assert is_taken_back(consent(*told), at(began)) is is_taken
    expected = GOES if is_taken else None
    place = CALLER, EVERYBODY, report(), UNROUTED, at(began)
    assert prohibition(consent(*told), *place) == expected


def test_only_what_needed_their_consent() -> None:
    """Where the caller's is enough the agent's took nothing, and takes nothing with it."""
    taken = consent(GIVEN, WITHDRAWN)
    one, everybody = routed(RecordingPlan.ask_caller), routed(RecordingPlan.ask_everybody)
    for settings, call, whose in (
        (EVERYBODY, one, {CALLER}),
        (EVERYBODY, everybody, {CALLER, AGENT}),
        (CALLER_ALONE, UNROUTED, {CALLER}),
        (EVERYBODY, UNROUTED, {CALLER, AGENT}),
    ):
        for who in (CALLER, AGENT):
            expected = GOES if who in whose else None
            assert prohibition(taken, who, settings, report(), call, at(50)) == expected


def test_what_rests_on_no_consent_stays() -> None:
    """A message that a caller leaves; and where the workspace does not record, none is ours."""
    taken = consent(GIVEN, WITHDRAWN)
    place = UNROUTED, at(50)
    assert prohibition(taken, CALLER, EVERYBODY, report(Source.message), *place) is None
    off = Settings(recording=RecordingPolicy(mode=RecordingMode.off))
    for settings in (off, Settings()):
        assert prohibition(taken, CALLER, settings, report(), *place) is None


def test_what_was_taken_back_is_not_kept_when_it_comes() -> None:
    """A recording of which we hear late: it was lawful, and has no ground any more."""
    call, granted = UNROUTED, {CALLER: Form.express, AGENT: Form.express}
    assert verdict(EVERYBODY, report(), call, granted) == KEPT
    late = verdict(EVERYBODY, report(), call, granted, [AGENT])
    assert late == Verdict(is_kept=False, ground=Ground.withdrawn)
    assert verdict(CALLER_ALONE, report(), call, granted, [AGENT]) == KEPT
    asked = routed(RecordingPlan.ask_caller)
    assert verdict(EVERYBODY, report(), asked, taken_back=[CALLER]) == late


def test_it_is_met_once() -> None:
    """Each withdrawal for itself; it says nothing of where the consent stands."""
    met = MeetWithdrawal(occurred_at=at(200), withdrawn_at=at(100), recordings=2)
    told: list[ConsentRequest] = [met, GIVEN, WITHDRAWN, met, met]
    state, events = tell(CONSENT, told)
    assert (state.owed, state.withdrawals) == (frozenset(), frozenset({at(100)}))
    assert [type(one) for one in events[2:]] == [ConsentWithdrawalMet]
    before = consent(GIVEN, WITHDRAWN)
    assert before.owed == {at(100)}
    assert before.said == state.said
    again: list[ConsentRequest] = [said(WithdrawConsent, 300)]
    assert tell(CONSENT, again, state)[0].owed == {at(300)}


def test_only_the_texts_in_which_they_are_heard() -> None:
    """Said before the withdrawal, or while it stood; by its own time, else by the call's."""
    spoken = [heard(20), heard(120), heard(160), heard(170, occurred_at=None)]
    transcription = tell(TRANSCRIPTION, spoken)[0]
    taken = consent(GIVEN, WITHDRAWN, AGAIN)
    for began, numbers in ((at(50), [20, 120, 170]), (at(160), [20, 120])):
        found = segments_taken_back(taken, CALLER, transcription, began)
        assert [one.key.number for one in found] == numbers
    assert segments_taken_back(taken, AGENT, transcription, at(50)) == []
    assert segments_taken_back(consent(GIVEN), CALLER, transcription, at(50)) == []
