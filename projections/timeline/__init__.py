"""A call as it was: at any version, as known at one time, as true at another. Pure.

Two clocks: ``known_at`` asks what had been recorded by then; ``as_of`` asks what had happened
by then, as far as is known. The history only grows, and the time of recording never
decreases along it: so the same ``known_at`` gives the same answer for ever.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from domain.calls.events import LegDescribed, LegRegistered
from domain.messages import Entry


def at(
    entries: Sequence[Entry],
    *,
    known_at: datetime | None = None,
    as_of: datetime | None = None,
) -> list[Entry]:
    """The entries of a call's stream that count at these times, in their order."""
    known = [entry for entry in entries if known_at is None or entry.recorded_at <= known_at]
    if as_of is None:
        return known
    began = _beginnings(known)
    return [entry for entry in known if _happened_at(entry, began) <= as_of]


def _beginnings(entries: Sequence[Entry]) -> dict[UUID, datetime]:
    """When each leg began: the earliest that was reported of it."""
    began: dict[UUID, datetime] = {}
    for entry in entries:
        leg_id = getattr(entry.event, "leg_id", None)
        if leg_id is not None:
            when = entry.occurred_at or entry.recorded_at
            began[leg_id] = min(when, began.get(leg_id, when))
    return began


def _happened_at(entry: Entry, began: dict[UUID, datetime]) -> datetime:
    """When it happened, or else when we learnt of it.

    That we were first told of a leg by its last report does not make it begin there.
    """
    if isinstance(entry.event, LegRegistered | LegDescribed):
        return began[entry.event.leg_id]
    return entry.occurred_at or entry.recorded_at
