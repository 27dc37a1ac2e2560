"""What a call log says of a call, read off its legs: outcome, times, durations, steps."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from domain.calls.state import Call, Leg, Report, earliest
from domain.calls.words import Answerer, Direction, LegStatus, Outcome, Step

UNWANTED = frozenset({607, 608})
"""SIP: the callee (RFC 8197) or an analytics engine (RFC 8688) refused the call as unwanted."""

UNANSWERED = {
    LegStatus.busy: Outcome.busy,
    LegStatus.failed: Outcome.failed,
    LegStatus.no_answer: Outcome.no_answer,
    LegStatus.canceled: Outcome.canceled,
}


def is_over(call: Call) -> bool:
    """Whether the call was reported and no leg that was reported is live."""
    legs = [leg for leg in call.legs.values() if leg.reports]
    return bool(legs) and not any(leg.is_live for leg in legs)


def direction(call: Call) -> Direction | None:
    """Which way the call went: that of its first leg."""
    return call.root.direction if call.root else None


def outcome(call: Call) -> Outcome | None:
    """How the call ended; ``None`` while it goes on."""
    if not is_over(call):
        return None
    picked_up = [leg for leg in far_legs(call) if leg.was_answered]
    if picked_up:
        machines = all(leg.answered_by is Answerer.machine for leg in picked_up)
        return Outcome.voicemail if machines else Outcome.answered
    if _was_blocked(call):
        return Outcome.blocked
    if _took_step(call, Step.voicemail):
        return Outcome.voicemail
    if direction(call) is Direction.outbound:
        return _unanswered(call)
    return _unanswered_inbound(call)


def far_legs(call: Call) -> tuple[Leg, ...]:
    """The legs whose answer makes the call answered.

    Where the first leg dialled others, or was to dial, those: an inbound first leg is
    "answered" by our own routing, an outbound one by the agent who asked for the call.
    An inbound call that never dialled anybody was answered by nobody.
    """
    inbound = direction(call) is Direction.inbound
    if call.children or inbound or _took_step(call, Step.dial):
        return call.children
    return (call.root,) if call.root else ()


def _took_step(call: Call, step: Step) -> bool:
    return any(taken is step for _, taken in call.routed)


def _was_blocked(call: Call) -> bool:
    """Whether we turned the call away, or every end of it that was reached did.

    One member of a group who refuses the caller does not speak for the others.
    """
    codes = [leg.end.sip_code for leg in call.children or call.legs.values() if leg.end]
    unwanted = bool(codes) and all(code in UNWANTED for code in codes)
    return unwanted or _took_step(call, Step.reject)


def _unanswered(call: Call) -> Outcome:
    """The end of the leg that came closest to an answer; canceled if nobody was dialled."""
    ends = [leg.end.status for leg in call.children or call.legs.values() if leg.end]
    best = max(ends, key=lambda status: status.rank, default=LegStatus.canceled)
    # The agent was there, and hung up before the other party was dialled.
    return UNANSWERED.get(best, Outcome.canceled)


def _unanswered_inbound(call: Call) -> Outcome:
    root_end = call.root.end if call.root else None
    if not call.children and root_end and root_end.status in (LegStatus.busy, LegStatus.failed):
        return UNANSWERED[root_end.status]
    ends = [leg.end.status for leg in call.children if leg.end]
    # A leg that rings out ends as no_answer. The provider cancels one only when the caller hangs
    # up while it still rings (or somebody else picks up, but then the call was answered).
    gave_up = not ends or LegStatus.canceled in ends
    return Outcome.abandoned if gave_up else Outcome.missed


@dataclass(frozen=True, slots=True)
class Times:
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


def times(call: Call) -> Times:
    """The call's times; a time that nobody reported is ``None``."""
    far = far_legs(call)
    legs = call.legs.values()
    started = earliest(_began_by(report) for leg in legs for report in leg.reports)
    rang = earliest(leg.first(LegStatus.ringing) for leg in legs)
    answered = earliest(leg.first(LegStatus.answered) for leg in far if leg.was_answered)
    ended = _ended_at(call) if is_over(call) else None
    talks = [leg.end.duration_seconds for leg in far if leg.end and leg.was_answered]
    return Times(
        started_at=started,
        answered_at=answered,
        ended_at=ended,
        ring_seconds=_seconds(rang, answered),
        talk_seconds=max((t for t in talks if t is not None), default=None),
        duration_seconds=_duration(call, started, ended),
    )


def _began_by(report: Report) -> datetime | None:
    """A time by which the leg had begun; for an end, its duration earlier."""
    if report.occurred_at is None:
        return None
    return report.occurred_at - timedelta(seconds=report.duration_seconds or 0)


def _ended_at(call: Call) -> datetime | None:
    ends = (leg.end.occurred_at for leg in call.legs.values() if leg.end)
    return max((at for at in ends if at is not None), default=None)


def _duration(call: Call, started: datetime | None, ended: datetime | None) -> int | None:
    end = call.root.end if call.root else None
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


@dataclass(frozen=True, slots=True)
class CallStep:
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


def steps(call: Call) -> tuple[CallStep, ...]:
    """The call's way in the order of its times; untimed steps come first.

    The order depends only on what is known, never on the order of its arrival.
    """
    found = [step for leg in call.legs.values() for step in _leg_steps(leg)]
    found += [CallStep(StepKind.routed, leg, None, step) for leg, step in call.routed]
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


def _leg_steps(leg: Leg) -> list[CallStep]:
    found = []
    for status, kind in _KINDS.items():
        if any(r.status is status for r in leg.reports):
            received = kind is StepKind.rang and leg.parent_id is None and _is_inbound(leg)
            found.append(
                CallStep(StepKind.received if received else kind, leg.leg_id, leg.first(status))
            )
    if leg.end:
        found.append(CallStep(StepKind.ended, leg.leg_id, leg.end.occurred_at, leg.end.status))
    return found


def _is_inbound(leg: Leg) -> bool:
    return leg.direction is Direction.inbound
