"""Where the first leg of a call waits or meets others: queues and conferences, as sets.

Whoever it meets there is on a call of their own. A conference is told of at one address only, that
of the call which opened it: so that call knows of everybody who came and went, by their legs, and
the calls of the others of their own coming and going.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.calls.commands import LeaveQueue, ReportConference
from domain.calls.events import ConferenceReported, QueueLeft
from domain.calls.words import InConference, QueueResult

GatheringEvent = QueueLeft | ConferenceReported


class Wait(NamedTuple):
    """A leg has waited, and how that ended."""

    leg_id: UUID
    result: QueueResult
    seconds: int | None
    at: datetime | None


class Meeting(NamedTuple):
    """One thing that was told of a conference; of nobody where it began or ended."""

    conference_id: str
    what: InConference
    leg_id: UUID
    participant_id: str | None
    sequence: int | None
    at: datetime | None
    opened_by: UUID | None


class Gatherings(msgspec.Struct, frozen=True, gc=False):
    """What was told of a call's waiting and meeting."""

    waits: frozenset[Wait] = frozenset()
    meetings: frozenset[Meeting] = frozenset()

    @property
    def results(self) -> frozenset[QueueResult]:
        """How its waiting ended, each time that it waited."""
        return frozenset(wait.result for wait in self.waits)

    @property
    def conferences(self) -> frozenset[str]:
        """The provider's ids of the conferences that the call was in."""
        return frozenset(meeting.conference_id for meeting in self.meetings)


def decide(known: Gatherings, command: LeaveQueue | ReportConference) -> Sequence[GatheringEvent]:
    """What the report adds; nothing where it is told again."""
    if isinstance(command, LeaveQueue):
        return _leave(known, command)
    event = ConferenceReported(
        occurred_at=command.occurred_at,
        leg_id=command.leg_id,
        conference_id=command.conference_id,
        what=command.what,
        participant_id=command.participant_id,
        sequence=command.sequence,
        opened_by=command.opened_by,
    )
    return () if _meeting(event) in known.meetings else (event,)


def evolve(known: Gatherings, event: GatheringEvent) -> Gatherings:
    """What was told, and this."""
    if isinstance(event, QueueLeft):
        wait = Wait(event.leg_id, event.result, event.waited_seconds, event.occurred_at)
        return replace(known, waits=known.waits | {wait})
    return replace(known, meetings=known.meetings | {_meeting(event)})


def _leave(known: Gatherings, command: LeaveQueue) -> Sequence[QueueLeft]:
    """Its time is when we heard it, so a repeat has another one, and is none the less one."""
    said = command.leg_id, command.result, command.waited_seconds
    if said in {wait[:3] for wait in known.waits}:
        return ()
    return (
        QueueLeft(
            occurred_at=command.occurred_at,
            leg_id=command.leg_id,
            result=command.result,
            waited_seconds=command.waited_seconds,
        ),
    )


def _meeting(event: ConferenceReported) -> Meeting:
    return Meeting(
        event.conference_id,
        event.what,
        event.leg_id,
        event.participant_id,
        event.sequence,
        event.occurred_at,
        event.opened_by,
    )
