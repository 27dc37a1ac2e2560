"""What Twilio tells of queues and conferences, in our own words.

A conference is told of at the address of the call that opened it, which therefore stands in the
address itself: what is posted names whoever comes or goes, and nobody where it begins or ends.
How it is set up (muted, on hold, its name, which is an id of ours) is left.
"""

import re
from datetime import datetime
from typing import Final
from uuid import UUID

from adapters.twilio.callbacks import PROVIDER
from adapters.twilio.forms import Form, NotUnderstood
from adapters.twilio.moments import read_moment
from adapters.twilio.questions import read_reply
from domain.calls.commands import LeaveQueue, ReportConference
from domain.calls.words import InConference, QueueResult
from domain.identifiers import call_id, leg_id

_CALL: Final = re.compile(r"[A-Za-z0-9]{2,64}")
_CONFERENCE: Final = re.compile(r"CF[0-9a-f]{32}")
_NUMBER: Final = re.compile(r"[0-9]{1,6}")
_RESULTS: Final = {
    "bridged": QueueResult.bridged,
    "redirected-from-bridged": QueueResult.bridged,
    "redirected": QueueResult.redirected,
    "hangup": QueueResult.hung_up,
    "leave": QueueResult.left,
    "queue-full": QueueResult.full,
    "error": QueueResult.failed,
    "system-error": QueueResult.failed,
}
_TOLD: Final = {
    "conference-start": InConference.started,
    "participant-join": InConference.joined,
    "participant-leave": InConference.left,
    "conference-end": InConference.ended,
}
_OF_SOMEBODY: Final = frozenset({InConference.joined, InConference.left})


def waited_seconds(form: Form | None) -> int | None:
    """For how long a caller has waited by now."""
    return _number(form, "QueueTime") if form else None


def read_waited(workspace_id: UUID, form: Form, now: datetime) -> tuple[UUID, LeaveQueue]:
    """Answer the id of the call and how its waiting ended.

    Raises:
        NotUnderstood: With a code, and nothing else, whatever the form holds.
    """
    reply = read_reply(workspace_id, form)
    result = _RESULTS.get(form.values.get("QueueResult", ""))
    if result is None:
        raise NotUnderstood("unknown_queue_result")
    waited = LeaveQueue(
        leg_id=reply.leg_id,
        result=result,
        waited_seconds=waited_seconds(form),
        occurred_at=now,
    )
    return reply.call_id, waited


def read_conference(
    workspace_id: UUID, form: Form, opened_by: str | None
) -> tuple[UUID, ReportConference]:
    """Answer the id of the call that opened the conference and what happened there.

    Args:
        workspace_id: Whose conference it is.
        form: What Twilio posted.
        opened_by: The call's own id, as the address says.

    Raises:
        NotUnderstood: With a code, and nothing else, whatever the form holds.
    """
    said = form.values
    what = _TOLD.get(said.get("StatusCallbackEvent", ""))
    if what is None:
        raise NotUnderstood("unknown_conference_event")
    conference = said.get("ConferenceSid", "")
    if not _CONFERENCE.fullmatch(conference):
        raise NotUnderstood("bad_conference_sid")
    if not _CALL.fullmatch(opened_by or ""):
        raise NotUnderstood("unknown_conference")
    came = said.get("CallSid", "") if what in _OF_SOMEBODY else opened_by or ""
    if not _CALL.fullmatch(came):
        raise NotUnderstood("bad_call_sid" if came else "no_call_sid")
    report = ReportConference(
        leg_id=leg_id(workspace_id, PROVIDER, came),
        conference_id=conference,
        what=what,
        participant_id=came if what in _OF_SOMEBODY else None,
        sequence=_number(form, "SequenceNumber"),
        occurred_at=_moment(said.get("Timestamp", "")),
    )
    return call_id(workspace_id, PROVIDER, opened_by or ""), report


def own_call(workspace_id: UUID, report: ReportConference) -> UUID | None:
    """The call of whoever came or went, where theirs is the first leg of it."""
    came = report.participant_id
    return call_id(workspace_id, PROVIDER, came) if came else None


def _number(form: Form, name: str) -> int | None:
    text = form.values.get(name, "")
    return int(text) if _NUMBER.fullmatch(text) else None


def _moment(text: str) -> datetime | None:
    return read_moment(text) if text else None
