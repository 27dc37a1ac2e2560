"""The rules of a call: what a report of a leg adds to what we know.

A report that says nothing new yields no event, so repeats and retries are free.
A late one is written down with its own time and takes nothing back: an ended
leg stays ended.
"""

from collections.abc import Sequence

from domain.calls import gatherings, recording
from domain.calls.commands import (
    CallCommand,
    FindAnswerer,
    LeaveQueue,
    PriceLeg,
    ReportConference,
    ReportLeg,
    RouteCall,
)
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
)
from domain.calls.state import Call, Leg, Price, evolve, report_of
from domain.calls.words import LegStatus
from domain.decider import Decider
from domain.errors import Refused
from domain.personal_data import Clear, Personal

REPORTS: dict[LegStatus, type[LegQueued | LegDialed | LegRang | LegAnswered]] = {
    LegStatus.queued: LegQueued,
    LegStatus.dialing: LegDialed,
    LegStatus.ringing: LegRang,
    LegStatus.answered: LegAnswered,
}


def decide(call: Call, command: CallCommand) -> Sequence[CallEvent]:
    """What it adds: to a leg its parties, its status, its price; to the call what we did."""
    match command:
        case ReportLeg():
            return _reported_leg(call, command)
        case PriceLeg():
            return _price(call, command)
        case RouteCall():
            step = _route(call, command)
            return () if step is None else (step,)
        case FindAnswerer():
            return _find(call, command)
        case LeaveQueue() | ReportConference():
            return gatherings.decide(call.gathered, command)
        case _:
            return recording.decide(call.recording, command)


def _reported_leg(call: Call, command: ReportLeg) -> Sequence[CallEvent]:
    leg = call.legs.get(command.leg_id)
    if leg is None or not leg.is_registered:
        introduction: CallEvent | None = _register(command)
    else:
        introduction = _describe(leg, command)
    # First: the values of what follows go by its period.
    found = (_name(call, command), introduction, _report(leg, command), _route(call, command))
    return tuple(event for event in found if event is not None)


def _name(call: Call, command: ReportLeg) -> CallCampaignNamed | None:
    if command.campaign is None or call.campaign is not None:
        return None
    return CallCampaignNamed(occurred_at=command.occurred_at, campaign=command.campaign)


def _register(command: ReportLeg) -> LegRegistered:
    return LegRegistered(
        occurred_at=command.occurred_at,
        leg_id=command.leg_id,
        provider_id=command.provider_id,
        parent_id=command.parent_id,
        parent_provider_id=command.parent_provider_id,
        direction=command.direction,
        caller=command.caller,
        callee=command.callee,
    )


def _describe(leg: Leg, command: ReportLeg) -> LegDescribed | None:
    direction = None if leg.direction else command.direction
    caller = None if leg.caller else command.caller
    callee = None if leg.callee else command.callee
    if direction is None and caller is None and callee is None:
        return None
    return LegDescribed(
        occurred_at=command.occurred_at,
        leg_id=command.leg_id,
        direction=direction,
        caller=caller,
        callee=callee,
    )


def _report(leg: Leg | None, command: ReportLeg) -> CallEvent | None:
    if leg is not None and command.second_hand and _was_told(leg, command.status):
        return None
    event = _reported(leg, command)
    if leg is not None and report_of(event) in leg.reports:
        return None
    return event


def _was_told(leg: Leg, status: LegStatus) -> bool:
    """Whether the leg was reported to have this status; of an end, that it has ended at all."""
    if status.is_terminal:
        return leg.course.end is not None
    return any(report.status is status for report in leg.reports)


def _reported(
    leg: Leg | None, command: ReportLeg
) -> LegQueued | LegDialed | LegRang | LegAnswered | LegEnded:
    unknown_fields = _owned(leg, command)
    if command.status.is_terminal:
        return LegEnded(
            occurred_at=command.occurred_at,
            leg_id=command.leg_id,
            sequence=command.sequence,
            answered_by=command.answered_by,
            unknown_fields=unknown_fields,
            status=command.status,
            duration_seconds=command.duration_seconds,
            billed_minutes=command.billed_minutes,
            sip_code=command.sip_code,
        )
    return REPORTS[command.status](
        occurred_at=command.occurred_at,
        leg_id=command.leg_id,
        sequence=command.sequence,
        answered_by=command.answered_by,
        unknown_fields=unknown_fields,
    )


def _owned(leg: Leg | None, command: ReportLeg) -> Clear | None:
    """The unknown fields, locked to both parties: they may speak of either."""
    fields = command.unknown_fields
    if fields is None:
        return None
    caller: Personal | None = (leg.caller if leg else None) or command.caller
    callee: Personal | None = (leg.callee if leg else None) or command.callee
    about = tuple(party for party in (caller, callee) if party is not None)
    return Clear(fields.value, fields.category, about=about)


def _route(call: Call, command: ReportLeg | RouteCall) -> CallRouted | None:
    if command.step is None or (command.leg_id, command.step) in call.routed:
        return None
    return CallRouted(occurred_at=command.occurred_at, leg_id=command.leg_id, step=command.step)


def _find(call: Call, command: FindAnswerer) -> Sequence[LegAnswererFound]:
    leg = call.legs.get(command.leg_id)
    if leg is not None and command.answered_by in leg.findings:
        return ()
    return (LegAnswererFound(leg_id=command.leg_id, answered_by=command.answered_by),)


def _price(call: Call, command: PriceLeg) -> Sequence[LegPriced]:
    leg = call.legs.get(command.leg_id)
    if leg is None or not leg.is_registered:
        raise Refused("price_of_unknown_leg")
    if leg.price == Price(command.amount, command.currency):
        return ()
    return (LegPriced(leg_id=leg.leg_id, amount=command.amount, currency=command.currency),)


CALL = Decider(initial=Call(), decide=decide, evolve=evolve)
