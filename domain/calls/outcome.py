"""What a call log says of a call, read off its legs: outcome, times, durations, steps.

Each leg's reports are walked over once, and every question is answered from that: ``summary``
answers all of them, and the other functions one each.
"""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

import msgspec

from domain.calls.course import Course, earlier, later
from domain.calls.state import Call, Leg
from domain.calls.words import (
    Answerer,
    Direction,
    InConference,
    LegStatus,
    Outcome,
    QueueResult,
    Step,
)

UNWANTED = frozenset({607, 608})
"""SIP: the callee (RFC 8197) or an analytics engine (RFC 8688) refused the call as unwanted."""

UNANSWERED = {
    LegStatus.busy: Outcome.busy,
    LegStatus.failed: Outcome.failed,
    LegStatus.no_answer: Outcome.no_answer,
    LegStatus.canceled: Outcome.canceled,
}


class Times(msgspec.Struct, frozen=True, gc=False):
    """When a call began, was answered and ended, by the provider's clock, and how long."""

    started_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    ring_seconds: int | None
    """From the first ring of anybody to the answer; an unanswered call has none."""

    talk_seconds: int | None
    """The longest answered leg."""

    duration_seconds: int | None
    """The whole call, as its first leg's bill has it, or else by the clock."""


class Summary(NamedTuple):
    """All that a call log says of a call."""

    direction: Direction | None
    outcome: Outcome | None
    times: Times
    statuses: Collection[LegStatus]
    """Those of its legs, each once."""


class _Way(NamedTuple):
    """A call with its legs' reports read off."""

    direction: Direction | None
    is_over: bool
    courses: list[Course]
    """Of all legs."""

    root: Course | None
    children: list[Course]
    picked_up: list[Course]
    """Those of the far legs that were answered."""

    steps: set[Step]
    results: Collection[QueueResult]
    """How its waiting ended, each time that it waited."""


def summary(call: Call) -> Summary:
    """All of it at once."""
    way = _way(call)
    statuses = {course.status for course in way.courses if course.status is not None}
    return Summary(way.direction, _outcome(way), _times(way), statuses)


def is_over(call: Call) -> bool:
    """Whether the call was reported and no leg that was reported is live."""
    return _way(call).is_over


def direction(call: Call) -> Direction | None:
    """Which way the call went: that of its first leg."""
    return call.root.direction if call.root else None


def outcome(call: Call) -> Outcome | None:
    """How the call ended; ``None`` while it goes on."""
    return _outcome(_way(call))


def times(call: Call) -> Times:
    """The call's times; a time that nobody reported is ``None``."""
    return _times(_way(call))


def _way(call: Call) -> _Way:
    first, root = None, None
    courses, children = [], []
    for leg in call.legs.values():
        course = leg.course
        courses.append(course)
        if leg.parent_id is not None:
            children.append(course)
        elif root is None:
            first, root = leg, course
    direction = first.direction if first else None
    steps = {step for _, step in call.routed}
    # The legs whose answer makes the call answered. Where the first leg dialled others, or was to
    # dial, those: an inbound first leg is "answered" by our own routing, an outbound one by the
    # agent who asked for the call. An inbound call that never dialled was answered by nobody.
    is_near = bool(children) or direction is Direction.inbound or Step.dial in steps
    far = children if is_near or root is None else [root]
    results = call.gathered.results
    if root is not None and (Step.conference in steps or QueueResult.bridged in results):
        far = [root, *children]  # It talks itself, to the legs of other calls.
    picked_up = [course for course in far if course.was_answered]
    return _Way(direction, _is_over(courses), courses, root, children, picked_up, steps, results)


def _is_over(courses: list[Course]) -> bool:
    reported = [course for course in courses if course.status is not None]
    return bool(reported) and all([course.end for course in reported])  # noqa: C419 - a list is faster


def _outcome(way: _Way) -> Outcome | None:
    if not way.is_over:
        return None
    if way.picked_up:
        machines = all(leg.answered_by is Answerer.machine for leg in way.picked_up)
        return Outcome.voicemail if machines else Outcome.answered
    if _was_blocked(way):
        return Outcome.blocked
    if Step.voicemail in way.steps:
        return Outcome.voicemail
    if way.direction is Direction.outbound:
        return _unanswered(way)
    return _unanswered_inbound(way)


def _was_blocked(way: _Way) -> bool:
    """Whether we turned the call away, or every end of it that was reached did.

    One member of a group who refuses the caller does not speak for the others.
    """
    codes = [leg.end.sip_code for leg in way.children or way.courses if leg.end]
    unwanted = bool(codes) and all(code in UNWANTED for code in codes)
    return unwanted or Step.reject in way.steps


def _unanswered(way: _Way) -> Outcome:
    """The end of the leg that came closest to an answer; canceled if nobody was dialled."""
    ends = [leg.end.status for leg in way.children or way.courses if leg.end]
    best = max(ends, key=lambda status: status.rank, default=LegStatus.canceled)
    # The agent was there, and hung up before the other party was dialled.
    return UNANSWERED.get(best, Outcome.canceled)


def _unanswered_inbound(way: _Way) -> Outcome:
    root_end = way.root.end if way.root else None
    if not way.children and root_end and root_end.status in (LegStatus.busy, LegStatus.failed):
        return UNANSWERED[root_end.status]
    ends = [leg.end.status for leg in way.children if leg.end]
    # A leg that rings out ends as no_answer. The provider cancels one only when the caller hangs
    # up while it still rings (or somebody else picks up, but then the call was answered).
    gave_up = LegStatus.canceled in ends if ends else not _waited_in_vain(way)
    return Outcome.abandoned if gave_up else Outcome.missed


def _waited_in_vain(way: _Way) -> bool:
    return any(result.reached_nobody for result in way.results)


def _times(way: _Way) -> Times:
    started, rang, answered, ended, talk = None, None, None, None, None
    for leg in way.courses:
        started = earlier(started, leg.began_by)
        rang = earlier(rang, leg.firsts.get(LegStatus.ringing))
        if leg.end and way.is_over:
            ended = later(ended, leg.end.occurred_at)
    for leg in way.picked_up:
        answered = earlier(answered, leg.firsts.get(LegStatus.answered))
        talked = leg.end.duration_seconds if leg.end else None
        talk = talked if talk is None or (talked or 0) > talk else talk
    return Times(
        started_at=started,
        answered_at=answered,
        ended_at=ended,
        ring_seconds=_seconds(rang, answered),
        talk_seconds=talk,
        duration_seconds=_duration(way, started, ended),
    )


def _duration(way: _Way, started: datetime | None, ended: datetime | None) -> int | None:
    end = way.root.end if way.root else None
    if end is not None and end.duration_seconds is not None:
        return end.duration_seconds
    return _seconds(started, ended)


def _seconds(since: datetime | None, until: datetime | None) -> int | None:
    if since is None or until is None:
        return None
    # Clocks of different machines: an answer "before" the ring is an answer at once.
    return max(0, round((until - since).total_seconds()))


class StepKind(StrEnum):
    """What happened on the way of a call."""

    received = "received"
    routed = "routed"
    dialed = "dialed"
    rang = "rang"
    answered = "answered"
    ended = "ended"
    left_queue = "left_queue"
    conference_started = "conference_started"
    conference_joined = "conference_joined"
    conference_left = "conference_left"
    conference_ended = "conference_ended"


class CallStep(msgspec.Struct, frozen=True, gc=False):
    """One step of a call's way, with the leg that took it."""

    kind: StepKind
    leg_id: UUID
    at: datetime | None
    detail: str | None = None


_KINDS = {
    LegStatus.dialing: StepKind.dialed,
    LegStatus.ringing: StepKind.rang,
    LegStatus.answered: StepKind.answered,
}


_MEETING = {
    InConference.started: StepKind.conference_started,
    InConference.joined: StepKind.conference_joined,
    InConference.left: StepKind.conference_left,
    InConference.ended: StepKind.conference_ended,
}


def steps(call: Call) -> tuple[CallStep, ...]:
    """The call's way in the order of its times; untimed steps come first.

    The order depends only on what is known, never on the order of its arrival.
    """
    found = [step for leg in call.legs.values() for step in _leg_steps(leg)]
    found += [CallStep(StepKind.routed, leg, None, step) for leg, step in call.routed]
    found += _gathering_steps(call)
    order = tuple(StepKind)
    return tuple(
        sorted(
            found,
            key=lambda s: (
                s.at is not None,
                s.at.timestamp() if s.at else 0.0,
                order.index(s.kind),
                s.leg_id,
                s.detail or "",
            ),
        )
    )


def _gathering_steps(call: Call) -> list[CallStep]:
    waits, meetings = call.gathered.waits, call.gathered.meetings
    return [
        *(CallStep(StepKind.left_queue, w.leg_id, w.at, w.result) for w in waits),
        *(CallStep(_MEETING[m.what], m.leg_id, m.at, m.conference_id) for m in meetings),
    ]


def _leg_steps(leg: Leg) -> list[CallStep]:
    course, reported = leg.course, {report.status for report in leg.reports}
    found = []
    for status in reported & _KINDS.keys():
        kind = _KINDS[status]
        received = kind is StepKind.rang and leg.parent_id is None and _is_inbound(leg)
        found.append(
            CallStep(
                StepKind.received if received else kind, leg.leg_id, course.firsts.get(status)
            )
        )
    if course.end:
        ended = course.end
        found.append(CallStep(StepKind.ended, leg.leg_id, ended.occurred_at, ended.status))
    return found


def _is_inbound(leg: Leg) -> bool:
    return leg.direction is Direction.inbound
