"""Whether a call may be recorded: what was ruled, asked, answered and objected to, as sets.

Like a leg's reports they may come late and twice, and of two that disagree the stricter holds: so
the verdict depends on what was said and never on the order in which we heard it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, assert_never
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.calls.commands import (
    AnswerAboutRecording,
    AskAboutRecording,
    AskRecordingStart,
    MeetObjection,
    ObjectToRecording,
    RecordingStatement,
    RecordingWord,
    RuleRecording,
)
from domain.calls.course import earlier
from domain.calls.events import (
    RecordingAnswered,
    RecordingAsked,
    RecordingObjected,
    RecordingObjectionMet,
    RecordingRuled,
    RecordingStartAsked,
)
from domain.calls.words import Answer, RecordingPlan
from domain.errors import Refused

RecordingEvent = (
    RecordingRuled
    | RecordingAsked
    | RecordingAnswered
    | RecordingObjected
    | RecordingObjectionMet
    | RecordingStartAsked
)
Said = tuple[str, int, str, str, bool]
"""A prompt as it was said: its id, version, language and hash, and whether it was a question."""

_STRICTEST_FIRST: Final = tuple(RecordingPlan)
_STRICTNESS: Final = {answer: rank for rank, answer in enumerate(Answer)}


class OnRecording(msgspec.Struct, frozen=True, gc=False):
    """What was said about recording a call."""

    rulings: frozenset[RecordingRuled] = frozenset()
    asked: frozenset[tuple[UUID, Said]] = frozenset()
    asked_at: Mapping[UUID, datetime] = {}
    """When each leg was told or asked first."""

    said: frozenset[tuple[UUID, Answer]] = frozenset()
    objections: frozenset[UUID] = frozenset()
    met: frozenset[UUID] = frozenset()
    """The objections of which nothing is left to be done."""

    is_start_asked: bool = False

    @property
    def plan(self) -> RecordingPlan | None:
        """What was ruled, the strictest; ``None`` for a call that we did not route."""
        plans = (ruling.plan for ruling in self.rulings)
        return min(plans, key=_STRICTEST_FIRST.index, default=None)

    @property
    def answers(self) -> Mapping[UUID, Answer]:
        """By leg; the strictest of each."""
        return dict(sorted(self.said, key=lambda one: _STRICTNESS[one[1]]))

    @property
    def is_objected(self) -> bool:
        """Whether somebody objected."""
        return bool(self.objections)

    def has_agreed(self, leg_id: UUID) -> bool:
        """Whether whoever is on this leg agreed, in the way that the plan asks for."""
        wanted = (
            {Answer.agreed} if self.plan and self.plan.asks else {Answer.agreed, Answer.stayed}
        )
        return self.answers.get(leg_id) in wanted

    @property
    def needs_everybody(self) -> bool:
        """Whether whoever picks up has to agree, too."""
        return self.plan is not None and self.plan.needs_everybody

    @property
    def first_leg(self) -> UUID | None:
        """The leg of whoever was asked first: that which came in."""
        return next((ruling.leg_id for ruling in self.rulings), None)

    @property
    def is_allowed(self) -> bool:
        """Whether the call may be recorded: as ruled, and nobody said no."""
        plan, answers, first = self.plan, self.answers, self.first_leg
        if plan is None or first is None or plan is RecordingPlan.none or self.is_objected:
            return False
        if not self.has_agreed(first):
            return False
        others = answers.keys() - {first}
        # Whoever was dialled and said nothing was not put through, or is not on the call.
        picked_up = [leg for leg in others if answers[leg] is not Answer.left]
        if not plan.needs_everybody:
            return True
        return bool(picked_up) and all(self.has_agreed(leg) for leg in picked_up)


def decide(known: OnRecording, command: RecordingWord) -> Sequence[RecordingEvent]:
    """What the request adds; nothing where it says nothing new."""
    match command:
        case MeetObjection() | AskRecordingStart():
            return _do(known, command)
        case _:
            return _say(known, command)


def _say(known: OnRecording, command: RecordingStatement) -> Sequence[RecordingEvent]:
    match command:
        case RuleRecording():
            return _rule(known, command)
        case AskAboutRecording():
            return _ask(known, command)
        case AnswerAboutRecording():
            if (command.leg_id, command.answer) in known.said:
                return ()
            return (
                RecordingAnswered(
                    occurred_at=command.occurred_at,
                    leg_id=command.leg_id,
                    answer=command.answer,
                    digit=command.digit,
                ),
            )
        case ObjectToRecording():
            if command.leg_id in known.objections:
                return ()
            return (RecordingObjected(occurred_at=command.occurred_at, leg_id=command.leg_id),)
        case _:
            assert_never(command)


def evolve(known: OnRecording, event: RecordingEvent) -> OnRecording:
    """What was said, and this."""
    match event:
        case RecordingRuled():
            return replace(known, rulings=known.rulings | {_timeless(event)})
        case RecordingAsked():
            return replace(
                known,
                asked=known.asked | {(event.leg_id, _said(event))},
                asked_at=_earliest(known.asked_at, event),
            )
        case RecordingAnswered():
            return replace(known, said=known.said | {(event.leg_id, event.answer)})
        case RecordingObjected():
            return replace(known, objections=known.objections | {event.leg_id})
        case RecordingObjectionMet():
            return replace(known, met=known.met | {event.leg_id})
        case RecordingStartAsked():
            return replace(known, is_start_asked=True)
        case _:
            assert_never(event)


def _do(
    known: OnRecording, command: MeetObjection | AskRecordingStart
) -> Sequence[RecordingObjectionMet | RecordingStartAsked]:
    at, leg_id = command.occurred_at, command.leg_id
    if isinstance(command, MeetObjection):
        is_open = leg_id in known.objections - known.met
        return (RecordingObjectionMet(occurred_at=at, leg_id=leg_id),) if is_open else ()
    if known.is_start_asked:
        return ()
    if not known.is_allowed:
        raise Refused("recording_without_consent")
    return (RecordingStartAsked(occurred_at=at, leg_id=leg_id),)


def _rule(known: OnRecording, command: RuleRecording) -> Sequence[RecordingRuled]:
    event = RecordingRuled(
        occurred_at=command.occurred_at,
        leg_id=command.leg_id,
        plan=command.plan,
        reason=command.reason,
        settings_version=command.settings_version,
        places=command.places,
        rule=command.rule,
        table_version=command.table_version,
    )
    return () if _timeless(event) in known.rulings else (event,)


def _ask(known: OnRecording, command: AskAboutRecording) -> Sequence[RecordingAsked]:
    event = RecordingAsked(
        occurred_at=command.occurred_at,
        leg_id=command.leg_id,
        prompt_id=command.prompt_id,
        prompt_version=command.prompt_version,
        language=command.language,
        text_sha256=command.text_sha256,
        is_question=command.is_question,
    )
    return () if (event.leg_id, _said(event)) in known.asked else (event,)


def _earliest(known: Mapping[UUID, datetime], event: RecordingAsked) -> Mapping[UUID, datetime]:
    at = earlier(known.get(event.leg_id), event.occurred_at)
    return known if at is None else {**known, event.leg_id: at}


def _said(event: RecordingAsked) -> Said:
    return (
        event.prompt_id,
        event.prompt_version,
        event.language,
        event.text_sha256,
        event.is_question,
    )


def _timeless(event: RecordingRuled) -> RecordingRuled:
    return replace(event, occurred_at=None)
