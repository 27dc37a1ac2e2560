"""What is known of a call: its legs, and of each leg the set of its reports.

Whatever the order in which they came, the same reports make the same call.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.calls import gatherings, recording
from domain.calls.course import Course, Report, course_of
from domain.calls.events import (
    CallCampaignNamed,
    CallEvent,
    CallRouted,
    LegAnswered,
    LegAnswererFound,
    LegDescribed,
    LegDialed,
    LegEnded,
    LegPriced,
    LegQueued,
    LegRang,
    LegRegistered,
    LegReported,
)
from domain.calls.gatherings import GatheringEvent, Gatherings
from domain.calls.recording import OnRecording, RecordingEvent
from domain.calls.words import Answerer, Direction, LegStatus, Step
from domain.personal_data import Personal


class Price(NamedTuple):
    """What the provider charges for a leg."""

    amount: Decimal
    currency: str


class Leg(msgspec.Struct, frozen=True, gc=False):
    """One party's connection."""

    leg_id: UUID
    provider_id: str | None = None
    """``None`` for a leg that only its child has told us of."""

    parent_id: UUID | None = None
    direction: Direction | None = None
    caller: Personal | None = None
    callee: Personal | None = None
    reports: frozenset[Report] = frozenset()
    price: Price | None = None
    """``None`` until the provider's books say, which may be never."""

    findings: frozenset[Answerer] = frozenset()
    """Who or what picked up, as far as that was told apart from the reports."""

    @property
    def is_registered(self) -> bool:
        """Whether the provider itself reported it, not only a child of it."""
        return self.provider_id is not None

    @property
    def course(self) -> Course:
        """How it went. Ask once for several questions: it is read off the reports each time."""
        return course_of(self.reports, self.findings)


class Call(msgspec.Struct, frozen=True, gc=False):
    """A conversation: its legs by id, the steps our routing took, who agreed to what."""

    legs: Mapping[UUID, Leg] = {}
    routed: frozenset[tuple[UUID, Step]] = frozenset()
    recording: OnRecording = OnRecording()
    """What was said about recording it."""

    campaign: str | None = None
    """As it was named first."""

    gathered: Gatherings = Gatherings()
    """Where it waited, and whom it met there."""

    @property
    def root(self) -> Leg | None:
        """The first leg, which no other leg dialled."""
        return next((leg for leg in self.legs.values() if leg.parent_id is None), None)

    @property
    def children(self) -> tuple[Leg, ...]:
        """The legs that the first leg dialled."""
        return tuple(leg for leg in self.legs.values() if leg.parent_id is not None)


def evolve(call: Call, event: CallEvent) -> Call:  # noqa: PLR0911 - one line per kind of event
    """The call after one more event; order and repetition of reports leave no trace."""
    match event:
        case LegReported():
            leg = call.legs[event.leg_id]
            return _with(call, replace(leg, reports=leg.reports | {report_of(event)}))
        case LegRegistered():
            return _register(call, event)
        case LegDescribed():
            return _describe(call, event)
        case LegPriced() | LegAnswererFound():
            return _with(call, _known_better(call, event))
        case CallCampaignNamed():
            return replace(call, campaign=call.campaign or event.campaign)
        case CallRouted():
            return replace(call, routed=call.routed | {(event.leg_id, event.step)})
        case _:
            return _around(call, event)


def _around(call: Call, event: GatheringEvent | RecordingEvent) -> Call:
    """The call after something that is of no leg's own course."""
    if isinstance(event, GatheringEvent):
        return replace(call, gathered=gatherings.evolve(call.gathered, event))
    return replace(call, recording=recording.evolve(call.recording, event))


def _known_better(call: Call, event: LegPriced | LegAnswererFound) -> Leg:
    """The leg with its price, or with who picked up; it may be the first that is heard of it."""
    leg = call.legs.get(event.leg_id, Leg(event.leg_id))
    if isinstance(event, LegPriced):
        return replace(leg, price=Price(event.amount, event.currency))
    return replace(leg, findings=leg.findings | {event.answered_by})


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


def _with(call: Call, leg: Leg) -> Call:
    legs = {**call.legs, leg.leg_id: leg}
    return Call(legs, call.routed, call.recording, call.campaign, call.gathered)
