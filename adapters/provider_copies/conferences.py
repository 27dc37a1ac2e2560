"""The conferences that a call's parties met in, and everybody whose hold is on what was said.

A conference's recording has the voices of all, so whoever of them is erased has it deleted; and a
hold on any of them, or on a call of theirs, goes before that.
"""

from typing import NamedTuple
from uuid import UUID

from adapters.event_store.history import read_stream
from adapters.postgres.pool import Connection
from adapters.twilio.callbacks import PROVIDER
from domain.calls.call import CALL
from domain.calls.events import CallEvent
from domain.calls.state import Call
from domain.identifiers import call_id
from domain.personal_data import Sealed


class Met(NamedTuple):
    """Where, by the provider's ids, and who: their calls, and those calls' parties."""

    conferences: tuple[str, ...] = ()
    others: frozenset[UUID] = frozenset()


async def met(connection: Connection, workspace_id: UUID, of: UUID | None) -> Met:
    """Of this call; a message's parties have met nowhere."""
    if of is None:
        return Met()
    call = await _call(connection, of)
    if not call.gathered.conferences:
        return Met()
    openers = {meeting.opened_by or of for meeting in call.gathered.meetings}
    calls = set(openers)
    for opener in openers:
        meetings = (await _call(connection, opener)).gathered.meetings
        calls |= {
            call_id(workspace_id, PROVIDER, meeting.participant_id)
            for meeting in meetings
            if meeting.participant_id
        }
    others = set(calls)
    for other in calls:
        others |= _parties(await _call(connection, other))
    return Met(tuple(sorted(call.gathered.conferences)), frozenset(others))


def _parties(call: Call) -> set[UUID]:
    parties = (party for leg in call.legs.values() for party in (leg.caller, leg.callee))
    return {one for party in parties if isinstance(party, Sealed) for one in party.subjects}


async def _call(connection: Connection, of: UUID) -> Call:
    entries = await read_stream(connection, of)
    return CALL.fold(e.event for e in entries if isinstance(e.event, CallEvent))
