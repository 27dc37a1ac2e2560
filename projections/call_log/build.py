"""How a call's entries become its row in the call log. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from domain.calls.events import LegDescribed, LegRegistered
from domain.calls.outcome import direction, outcome, times
from domain.calls.state import Call, Leg, evolve
from domain.messages import Entry
from domain.personal_data import Sealed


@dataclass(frozen=True, slots=True)
class CallSoFar:
    """A call as far as its entries were read."""

    call_id: UUID
    workspace_id: UUID
    first_recorded_at: datetime
    recorded_at: datetime
    version: int
    position: int
    call: Call
    named_at: Mapping[tuple[UUID, str], int]
    """At which version a leg's ``caller`` or ``callee`` was named: there it lies in the vault."""


class Named(msgspec.Struct, frozen=True):
    """A party of the call: the reference to it, and the version of the entry that holds it."""

    version: int
    sealed: Sealed


def fold(so_far: CallSoFar | None, entry: Entry) -> CallSoFar:
    """One more entry of the call."""
    event: Any = entry.event
    return CallSoFar(
        call_id=entry.stream_id,
        workspace_id=entry.workspace_id,
        first_recorded_at=so_far.first_recorded_at if so_far else entry.recorded_at,
        recorded_at=entry.recorded_at,
        version=entry.version,
        position=entry.position,
        call=evolve(so_far.call if so_far else Call(), event),
        named_at=_named(so_far.named_at if so_far else {}, entry),
    )


def _named(before: Mapping[tuple[UUID, str], int], entry: Entry) -> Mapping[tuple[UUID, str], int]:
    event = entry.event
    if not isinstance(event, LegRegistered | LegDescribed):
        return before
    parties = {"caller": event.caller, "callee": event.callee}
    named = {(event.leg_id, role): entry.version for role, party in parties.items() if party}
    return {**before, **named}


def row(so_far: CallSoFar) -> tuple[Any, ...]:
    """The call's row, in the order of ``COLUMNS``."""
    call = so_far.call
    when = times(call)
    caller, callee = _party(so_far, "caller"), _party(so_far, "callee")
    return (
        so_far.workspace_id,
        so_far.call_id,
        so_far.version,
        so_far.position,
        so_far.first_recorded_at,
        so_far.recorded_at,
        when.started_at or so_far.first_recorded_at,
        when.started_at,
        when.answered_at,
        when.ended_at,
        when.ring_seconds,
        when.talk_seconds,
        when.duration_seconds,
        direction(call),
        outcome(call),
        len(call.legs),
        ",".join(sorted({leg.status for leg in call.legs.values() if leg.status})),
        caller[0],
        callee[0],
        caller[1],
        callee[1],
    )


def main_leg(call: Call) -> Leg | None:
    """The leg whose parties are the call's: the first, or a child while it is unheard of."""
    registered = [leg for leg in call.legs.values() if leg.is_registered]
    return min(registered, key=lambda leg: (leg.parent_id is not None, leg.leg_id), default=None)


def _party(so_far: CallSoFar, role: str) -> tuple[UUID | None, Named | None]:
    """Whose number it is, and where it lies."""
    leg = main_leg(so_far.call)
    sealed = getattr(leg, role) if leg else None
    if leg is None or not isinstance(sealed, Sealed):
        return None, None
    return sealed.subjects[0], Named(so_far.named_at[leg.leg_id, role], sealed)
