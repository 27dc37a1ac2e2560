"""A call's recordings: what is known of each, and its audio.

Whoever is given audio, or a part of it, stands in the history before the first byte leaves.
"""

import asyncio
from collections.abc import AsyncIterator, Collection
from typing import Annotated, Final, NamedTuple
from uuid import UUID

import structlog
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from adapters.accesses.access import Inward
from adapters.event_store import requests
from adapters.event_store.history import read_stream
from adapters.recordings.keeping import folded
from adapters.recordings.owners import TrackKey, track_keys
from adapters.recordings.playing import Playable, play
from api.contract import WITH_KEY, answers, audio_answers
from api.etag import answer
from api.parameters import NeedParameter
from api.problems import Problem
from api.ranges import ByteRange, Unsatisfiable, asked_for, is_named
from api.routes.history import entries_of
from api.schemas_recordings import RecordingDetail, RecordingList, TrackState
from api.security import Caller, CallReader, Listener, Session
from domain.accesses import AccessPurpose
from domain.errors import IntegrityAlarm, NotFound
from domain.messages import Entry
from domain.personal_data import Need
from domain.recordings.commands import Play
from domain.recordings.recording import RECORDING
from domain.recordings.state import Report
from domain.recordings.words import Purpose, RecordingStatus
from projections.recordings.read import streams_of_call

ROUTER: Final = APIRouter(prefix="/v1/workspaces/{workspace_id}/calls", tags=["recordings"])
STILL_SECONDS = 15.0
"""A playback that goes on looks so often whether it still may: an erasure ends it by then."""

log = structlog.get_logger()


@ROUTER.get(
    "/{call_id}/recordings",
    operation_id="listRecordings",
    summary="List a call's recordings",
    responses=answers(RecordingList, "The recordings.", *WITH_KEY),
)
async def list_recordings(request: Request, session: CallReader, call_id: UUID) -> Response:
    """The recordings of a call, the oldest first: how far each is, and what can be heard of it."""
    await entries_of(session, call_id)
    found = await streams_of_call(session.connection, session.workspace_id, call_id)
    body = RecordingList(data=[await _detail(session, *one) for one in found.items()])
    return answer(request, session.key, body)


@ROUTER.get(
    "/{call_id}/recordings/{recording_id}/audio",
    operation_id="playRecording",
    summary="Play a recording",
    response_class=Response,
    responses=audio_answers(
        *("no-audio", "audio-restricted", "audio-gone", "range-not-satisfiable"), *WITH_KEY
    ),
)
async def play_recording(
    request: Request,
    session: Listener,
    call_id: UUID,
    recording_id: UUID,
    purpose: Annotated[Purpose, Query(description="What you listen for. It is written down.")],
    need: NeedParameter = None,
) -> Response:
    """The audio, or the part that `Range` names. Needs the scope `recordings:play`.

    Each request that is given audio is an entry of the recording's history: who, and what for. A
    channel whose speaker was erased or restricted, or whose time has come, is silent; where none
    is left, it is 410 or, restricted, 403. Nothing may keep the answer.
    """
    needs = session.caller.needs(need)
    playable = await _playable(session, call_id, recording_id, needs)
    tag = f'"{session.key.tag(playable.says)}"'
    headers = {"ETag": tag, "Accept-Ranges": "bytes", "Cache-Control": "no-store"}
    if is_named(request.headers, "if-none-match", tag):
        return Response(status_code=304, headers=headers)
    media_type, length = playable.stored.media_type, playable.length
    if getattr(request.state, "is_head", False):
        return Response(headers={**headers, "Content-Length": str(length)}, media_type=media_type)
    try:
        part = asked_for(request.headers, length, tag)
    except Unsatisfiable:
        raise Problem(
            "range-not-satisfiable", headers={"Content-Range": f"bytes */{length}"}
        ) from None
    await _write_down(session, recording_id, purpose, playable)
    start, end = part or ByteRange(0, length)
    headers["Content-Length"] = str(end - start)
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{length}"
    place = session.workspace_id, recording_id
    parts = play(session.caller.deployment.ledger.objects, *place, playable, start, end)
    # What cannot be opened is a problem rather than an answer that breaks off.
    first = await anext(parts, b"")
    content = _watched(first, parts, _Still(session.caller, recording_id, playable.says, needs))
    return StreamingResponse(content, 206 if part else 200, headers, media_type)


async def _detail(session: Session, recording_id: UUID, entries: list[Entry]) -> RecordingDetail:
    recording = folded(entries)
    said = recording.report or Report(RecordingStatus.started)
    keys = await track_keys(session.connection, session.key, entries, Inward.what_can_be_heard)
    return RecordingDetail(
        id=recording_id,
        leg_id=recording.leg_id,
        provider_id=recording.provider_id,
        status=recording.status,
        source=said.source,
        channels=said.channels,
        heard=said.heard,
        started_at=said.started_at,
        duration_seconds=said.duration_seconds,
        error_code=said.error_code,
        media_type=recording.stored.media_type if recording.stored else None,
        tracks=[_state(key) for key in keys],
        fetch_failure=recording.failure,
        is_given_up=recording.is_given_up,
        forbidden=recording.forbidden,
        provider_copy=recording.copy,
        residual_until=recording.residual_until,
        recorded_at=entries[-1].recorded_at,
    )


def _state(key: TrackKey) -> TrackState:
    return TrackState.restricted if key.is_restricted else TrackState(key.loss or "audible")


async def _playable(
    session: Session, call_id: UUID, recording_id: UUID, needs: Collection[Need]
) -> Playable:
    """What can be heard of a recording of this call."""
    entries = await read_stream(session.connection, recording_id)
    recording = folded(entries)
    if not entries or recording.call_id != call_id:
        raise NotFound("recording")
    if recording.stored is None:
        raise Problem("no-audio", recording_status=recording.status)
    keys = await track_keys(
        session.connection, session.key, entries, Inward.what_can_be_heard, needs
    )
    if all(key.loss for key in keys):
        raise Problem("audio-gone", state=keys[0].loss)
    if all(key.secret is None for key in keys):
        raise Problem("audio-restricted")
    return Playable(recording.stored, keys)


async def _write_down(
    session: Session, recording_id: UUID, purpose: Purpose, playable: Playable
) -> None:
    """Make it durable that they are given it: in the history, and for whoever is heard."""
    caller = session.caller
    access = caller.access(AccessPurpose(purpose))
    noted = access.begin(session.key, playable.heard, [recording_id])
    command = Play(purpose=purpose, request_id=caller.request_id)
    place = caller.workspace_id, recording_id
    await caller.deployment.ledger.handle(
        requests.Request(*place, RECORDING, command, caller.context)
    )
    await noted


class _Still(NamedTuple):
    """Whether a playback that has begun may go on."""

    caller: Caller
    recording_id: UUID
    says: bytes
    needs: Collection[Need]

    async def holds(self) -> bool:
        """Whether all that was heard when it began can be heard now."""
        workspace_id, cell = self.caller.workspace_id, self.caller.cell
        async with cell.scoped(workspace_id) as connection:
            entries = await read_stream(connection, self.recording_id)
            key = await cell.workspace_key(connection, workspace_id)
            keys = await track_keys(connection, key, entries, Inward.playback_goes_on, self.needs)
        stored = folded(entries).stored
        return stored is not None and Playable(stored, keys).says == self.says


class BrokenOff(Exception):  # noqa: N818 - it says what becomes of the answer
    """What was begun cannot go on; all that is left to say is to end the connection."""


async def _watched(
    first: bytes, parts: AsyncIterator[bytes], still: _Still
) -> AsyncIterator[bytes]:
    """The parts, for as long as nobody who is heard is erased; then it breaks off."""
    clock = asyncio.get_running_loop().time
    looked_at = clock()
    yield first
    try:
        async for part in parts:
            if clock() - looked_at > STILL_SECONDS:
                if not await still.holds():
                    raise BrokenOff("erased, expired or restricted")
                looked_at = clock()
            yield part
    except IntegrityAlarm as alarm:
        log.critical("integrity.alarm", exc_info=alarm)
        raise BrokenOff("integrity alarm") from None
