"""A call as it was: at any version, as known at one time, as true at another. Pure.

Two clocks: ``known_at`` asks what had been recorded by then; ``as_of`` asks what had happened
by then, as far as is known. The history only grows, and the time of recording never
decreases along it: so the same ``known_at`` in the past gives the same answer for ever.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from domain.calls.events import (
    CallRouted,
    LegDescribed,
    LegDialed,
    LegEnded,
    LegQueued,
    LegRang,
    LegRegistered,
)
from domain.messages import Entry

_OPENING = (LegQueued, LegDialed, LegRang, CallRouted)
"""What can only have happened as a leg began, before anybody answered it."""


def at(
    entries: Sequence[Entry],
    *,
    version: int | None = None,
    known_at: datetime | None = None,
    as_of: datetime | None = None,
) -> list[Entry]:
    """The entries of a call's stream that count then, in their order; all, if nothing is asked."""
    known = [
        entry
        for entry in entries
        if (version is None or entry.version <= version)
        and (known_at is None or entry.recorded_at <= known_at)
    ]
    if as_of is None:
        return known
    began = _beginnings(known)
    return [entry for entry in known if _happened_at(entry, began) <= as_of]


def _beginnings(entries: Sequence[Entry]) -> dict[UUID, datetime]:
    """By when each leg had begun: the earliest that anything known of it tells."""
    began: dict[UUID, datetime] = {}
    for entry in entries:
        leg_id: UUID | None = getattr(entry.event, "leg_id", None)
        if leg_id is not None:
            by = _began_by(entry)
            began[leg_id] = min(by, began.get(leg_id, by))
    for entry in entries:
        if isinstance(entry.event, LegRegistered) and entry.event.parent_id is not None:
            # Who dials is there before who is dialled.
            parent, by = entry.event.parent_id, began[entry.event.leg_id]
            began[parent] = min(by, began.get(parent, by))
    return began


def _began_by(entry: Entry) -> datetime:
    """A time by which the entry's leg had begun; for an end, its duration earlier."""
    ended_after = entry.event.duration_seconds if isinstance(entry.event, LegEnded) else None
    return _told_at(entry) - timedelta(seconds=ended_after or 0)


def _happened_at(entry: Entry, began: dict[UUID, datetime]) -> datetime:
    """When it happened. That a leg's last report told us of it first does not begin it there.

    Twilio's request for instructions, the first that is heard of an incoming call, has no time: it
    came when the leg began.
    """
    event = entry.event
    if isinstance(event, LegRegistered | LegDescribed):
        return began[event.leg_id]
    if event.occurred_at is None and isinstance(event, _OPENING):
        return began[event.leg_id]
    return _told_at(entry)


def _told_at(entry: Entry) -> datetime:
    """When the provider says that it happened, or else when we learnt of it."""
    return entry.occurred_at or entry.recorded_at
