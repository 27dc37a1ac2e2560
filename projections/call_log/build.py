"""How a call's entries become its row in the call log. Pure."""

from typing import Any

import msgspec

from domain.calls.events import LegDescribed, LegRegistered
from domain.calls.outcome import summary
from domain.calls.state import Call, Leg, evolve
from domain.messages import Entry
from domain.personal_data import Sealed


class CallSoFar(msgspec.Struct, frozen=True, gc=False):
    """A call as far as its entries were read."""

    first: Entry
    last: Entry
    call: Call
    naming: tuple[Entry, ...]
    """Those that said who the parties of a leg are: where one was named it lies in the vault."""


class Named(msgspec.Struct, frozen=True, gc=False):
    """A party of the call: the reference to it, and the version of the entry that holds it."""

    version: int
    sealed: Sealed


def fold(so_far: CallSoFar | None, entry: Entry) -> CallSoFar:
    """One more entry of the call."""
    event: Any = entry.event
    if so_far is None:
        so_far = CallSoFar(entry, entry, Call(), ())
    naming = so_far.naming
    if isinstance(event, (LegRegistered, LegDescribed)):
        naming = (*naming, entry)
    return CallSoFar(so_far.first, entry, evolve(so_far.call, event), naming)


def row(so_far: CallSoFar) -> tuple[Any, ...]:
    """The call's row, in the order of the view's columns."""
    first, last, call = so_far.first, so_far.last, so_far.call
    found = summary(call)
    when = found.times
    leg = main_leg(call)
    caller = _named(so_far, leg, "caller")
    callee = _named(so_far, leg, "callee")
    return (
        first.workspace_id,
        first.stream_id,
        last.version,
        last.position,
        first.recorded_at,
        last.recorded_at,
        when.started_at or first.recorded_at,
        when.started_at,
        when.answered_at,
        when.ended_at,
        when.ring_seconds,
        when.talk_seconds,
        when.duration_seconds,
        found.direction,
        found.outcome,
        len(call.legs),
        ",".join(sorted(found.statuses)),
        caller and caller.sealed.subjects[0],
        callee and callee.sealed.subjects[0],
        caller,
        callee,
    )


def main_leg(call: Call) -> Leg | None:
    """The leg whose parties are the call's: the first, or a child while it is unheard of."""
    registered = [leg for leg in call.legs.values() if leg.is_registered]
    return min(registered, key=lambda leg: (leg.parent_id is not None, leg.leg_id), default=None)


def _named(so_far: CallSoFar, leg: Leg | None, role: str) -> Named | None:
    """A party of the leg, and at which version it was named."""
    sealed = getattr(leg, role, None)
    if not isinstance(sealed, Sealed):
        return None
    version = next(e.version for e in so_far.naming if getattr(e.event, role) is sealed)
    return Named(version, sealed)
