"""What is known of a call: its legs, and of each leg the set of its reports.

A provider's reports come late, twice and in any order. So a leg keeps them as a
*set*, and everything else (its status, when it rang, how long it lasted) is
read off the set: whatever the order, the same reports make the same call.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from operator import attrgetter
from types import MappingProxyType
from typing import NamedTuple, assert_never
from uuid import UUID

from domain.calls.events import (
    CallEvent,
    CallRouted,
    LegAnswered,
    LegDescribed,
    LegDialed,
    LegEnded,
    LegQueued,
    LegRang,
    LegRegistered,
    LegReported,
)
from domain.calls.words import Answerer, Direction, LegStatus, Step
from domain.personal_data import Personal


class Report(NamedTuple):
    """One thing the provider said of a leg. Equal reports are the same report."""

    status: LegStatus
    sequence: int | None
    occurred_at: datetime | None
    answered_by: Answerer | None = None
    duration_seconds: int | None = None
    billed_minutes: int | None = None
    sip_code: int | None = None


@dataclass(frozen=True, slots=True)
class Leg:
    """One party's connection."""

    leg_id: UUID
    provider_id: str | None = None
    """``None`` for a leg that only its child has told us of."""

    parent_id: UUID | None = None
    direction: Direction | None = None
    caller: Personal | None = None
    callee: Personal | None = None
    reports: frozenset[Report] = frozenset()

    @property
    def is_registered(self) -> bool:
        """Whether the provider itself reported it, not only a child of it."""
        return self.provider_id is not None

    @property
    def status(self) -> LegStatus | None:
        """The furthest status reported; ``None`` for a leg not yet reported."""
        return max((r.status for r in self.reports), key=_rank, default=None)

    @property
    def end(self) -> Report | None:
        """The report of its end. Of contradictory ones always the same, see ``LegStatus``."""
        ends = [r for r in self.reports if r.status.is_terminal]
        return max(ends, key=_weight) if len(ends) > 1 else next(iter(ends), None)

    @property
    def answered_by(self) -> Answerer | None:
        """Who or what picked up."""
        found = (r.answered_by for r in self.reports if r.answered_by is not None)
        return max(found, key=lambda a: a.rank, default=None)

    @property
    def was_answered(self) -> bool:
        """Whether a party picked up. Once the leg has ended, its end alone decides that."""
        return self.status in (LegStatus.answered, LegStatus.completed)

    @property
    def is_live(self) -> bool:
        """Whether it was reported and has not ended."""
        return bool(self.reports) and self.end is None

    def first(self, status: LegStatus) -> datetime | None:
        """When the leg first had this status, by the provider's clock."""
        return earliest(r.occurred_at for r in self.reports if r.status is status)


NO_LEGS: Mapping[UUID, Leg] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Call:
    """A conversation: its legs by id, and the steps our routing took."""

    legs: Mapping[UUID, Leg] = field(default_factory=lambda: NO_LEGS)
    routed: frozenset[tuple[UUID, Step]] = frozenset()

    @property
    def root(self) -> Leg | None:
        """The first leg, which no other leg dialled."""
        return next((leg for leg in self.legs.values() if leg.parent_id is None), None)

    @property
    def children(self) -> tuple[Leg, ...]:
        """The legs that the first leg dialled."""
        return tuple(leg for leg in self.legs.values() if leg.parent_id is not None)


def evolve(call: Call, event: CallEvent) -> Call:
    """The call after one more event; order and repetition of reports leave no trace."""
    match event:
        case LegRegistered():
            return _register(call, event)
        case LegDescribed():
            return _describe(call, event)
        case LegQueued() | LegDialed() | LegRang() | LegAnswered() | LegEnded():
            return _with(call, _reported(call.legs[event.leg_id], report_of(event)))
        case CallRouted():
            return replace(call, routed=call.routed | {(event.leg_id, event.step)})
        case _:
            assert_never(event)


REPORTED = {
    LegQueued: LegStatus.queued,
    LegDialed: LegStatus.dialing,
    LegRang: LegStatus.ringing,
    LegAnswered: LegStatus.answered,
}


def report_of(event: LegReported) -> Report:
    """What an event says of a leg."""
    if isinstance(event, LegEnded):
        return Report(
            event.status,
            event.sequence,
            event.occurred_at,
            event.answered_by,
            event.duration_seconds,
            event.billed_minutes,
            event.sip_code,
        )
    status = REPORTED[type(event)]
    return Report(status, event.sequence, event.occurred_at, event.answered_by)


def earliest(times: Iterable[datetime | None]) -> datetime | None:
    """The first of the times that are known."""
    return min((t for t in times if t is not None), default=None)


def _register(call: Call, event: LegRegistered) -> Call:
    leg = replace(
        call.legs.get(event.leg_id, Leg(event.leg_id)),
        provider_id=event.provider_id,
        parent_id=event.parent_id,
        direction=event.direction,
        caller=event.caller,
        callee=event.callee,
    )
    if event.parent_id is not None and event.parent_id not in call.legs:
        # A child's callback often comes before its parent's: the parent gets its place now.
        call = _with(call, Leg(event.parent_id))
    return _with(call, leg)


def _describe(call: Call, event: LegDescribed) -> Call:
    leg = call.legs[event.leg_id]
    return _with(
        call,
        replace(
            leg,
            direction=leg.direction or event.direction,
            caller=leg.caller or event.caller,
            callee=leg.callee or event.callee,
        ),
    )


def _reported(leg: Leg, report: Report) -> Leg:
    """The leg with one more report.

    Written out: ``replace`` takes four times as long, and folding a history is mostly this.
    """
    return Leg(
        leg.leg_id,
        leg.provider_id,
        leg.parent_id,
        leg.direction,
        leg.caller,
        leg.callee,
        leg.reports | {report},
    )


def _with(call: Call, leg: Leg) -> Call:
    return Call({**call.legs, leg.leg_id: leg}, call.routed)


_rank = attrgetter("rank")


def _weight(report: Report) -> tuple[int, ...]:
    """A total order of ends, so that the choice never depends on which came first."""
    at, answerer = report.occurred_at, report.answered_by
    known = (
        report.sequence,
        int(at.timestamp() * 1_000_000) if at else None,
        answerer.rank if answerer else None,
        report.duration_seconds,
        report.billed_minutes,
        report.sip_code,
    )
    return (report.status.rank, *(-1 if number is None else number for number in known))
