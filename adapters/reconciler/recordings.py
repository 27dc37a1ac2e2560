"""What the books know of recordings and we do not: that one was made, and how it ended.

One that goes on is left to itself. Whoever reads the list of a day has read its legs before, so
that a recording's call is known by then.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import structlog

from adapters.cell import Cell
from adapters.event_store.history import LAST_POSITION, read_streams
from adapters.twilio.books import BookedRecording, read_booked_recording
from adapters.twilio.client import Resource, RestClient
from adapters.twilio.forms import NotUnderstood
from domain.recordings.commands import ReportRecording
from domain.recordings.recording import RECORDING
from domain.recordings.state import Recording
from domain.recordings.words import RecordingStatus

log = structlog.get_logger()


def read_recordings(
    workspace_id: UUID, resources: Iterable[Resource]
) -> Iterator[BookedRecording]:
    """Those of a page that can be understood."""
    for resource in resources:
        try:
            yield read_booked_recording(workspace_id, resource)
        except NotUnderstood as refusal:
            log.warning("book.not_understood", reason=refusal.code)


async def missing_recordings(
    cell: Cell, workspace_id: UUID, rest: RestClient, told: Sequence[BookedRecording]
) -> list[tuple[UUID, ReportRecording]]:
    """Of which of these the end is not known here, and what the books say of it.

    Raises:
        RestFailed: Twilio did not tell whose leg one was made on.
    """
    known = await _known(cell, workspace_id, [one.recording_id for one in told])
    missing = [
        one
        for one in told
        if one.report.status is not RecordingStatus.started and not known[one.recording_id].is_over
    ]
    # One after the other: an account is limited by how much it asks at once. What was announced
    # has its call already.
    return [
        (one.recording_id, one.report)
        if known[one.recording_id].provider_id is not None
        else (one.recording_id, one.of_call(workspace_id, await rest.call(one.leg)))
        for one in missing
    ]


async def _known(
    cell: Cell, workspace_id: UUID, recording_ids: Iterable[UUID]
) -> Mapping[UUID, Recording]:
    """The recordings as the history has them, also those that it does not have."""
    found = dict.fromkeys(recording_ids, RECORDING.initial)
    async with cell.scoped(workspace_id) as connection:
        entries = await read_streams(connection, tuple(found), LAST_POSITION)
    for entry in entries:
        event: Any = entry.event
        found[entry.stream_id] = RECORDING.evolve(found[entry.stream_id], event)
    return found
