"""A call's transcriptions: what a machine heard, segment by segment, and corrections of it."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from adapters.event_store import requests
from adapters.event_store.history import read_stream
from adapters.event_store.values import WITHHELD, references
from adapters.transcriptions.hearing import folded
from adapters.transcriptions.texts import locked_again, read_texts
from api.asking import IfMatch
from api.contract import WITH_BODY, WITH_KEY, answers
from api.etag import answer, expected_version
from api.parties import open_all
from api.problems import Problem
from api.routes.history import entries_of, entry_detail
from api.schemas_history import History
from api.schemas_transcriptions import (
    Correction,
    SegmentDetail,
    TranscriptionDetail,
    TranscriptionList,
)
from api.security import (
    Caller,
    Session,
    TranscriptionReader,
    TranscriptionWriter,
)
from domain.errors import NotFound, Refused
from domain.messages import Entry
from domain.personal_data import Reading
from domain.transcriptions.commands import CorrectSegment
from domain.transcriptions.redaction import redacted
from domain.transcriptions.state import Segment, SegmentKey, Transcription, in_order
from domain.transcriptions.transcription import TRANSCRIPTION
from domain.transcriptions.words import Channel
from projections.transcriptions.read import streams_of_call

ROUTER: Final = APIRouter(
    prefix="/v1/workspaces/{workspace_id}/calls/{call_id}/transcriptions", tags=["transcriptions"]
)
Number = Annotated[int, Path(ge=0, le=2**31 - 1, description="The segment's own.")]


@ROUTER.get(
    "",
    operation_id="listTranscriptions",
    summary="List a call's transcriptions",
    responses=answers(TranscriptionList, "The transcriptions.", *WITH_KEY),
)
async def list_transcriptions(
    request: Request, session: TranscriptionReader, call_id: UUID
) -> Response:
    """What machines heard of a call, the oldest first. Needs the scope `transcriptions:read`.

    The texts need the scope `values:open`, too. What a machine wrote says so, for it may be wrong.
    """
    await entries_of(session, call_id)
    found = await streams_of_call(session.connection, session.workspace_id, call_id)
    body = TranscriptionList(data=[await _detail(session, *one) for one in found.items()])
    return answer(request, session.key, body)


@ROUTER.get(
    "/{transcription_id}",
    operation_id="getTranscription",
    summary="Read a transcription",
    responses=answers(TranscriptionDetail, "The transcription.", *WITH_KEY),
)
async def get_transcription(
    request: Request, session: TranscriptionReader, call_id: UUID, transcription_id: UUID
) -> Response:
    """One transcription as it reads now. Its `ETag` is for a correction's `If-Match`."""
    entries = await _entries(session, call_id, transcription_id)
    body = await _detail(session, transcription_id, entries)
    return answer(request, session.key, body, version=body.version)


@ROUTER.get(
    "/{transcription_id}/history",
    operation_id="getTranscriptionHistory",
    summary="Read every entry of a transcription",
    responses=answers(History, "The entries, in order.", *WITH_KEY),
)
async def get_transcription_history(
    request: Request, session: TranscriptionReader, call_id: UUID, transcription_id: UUID
) -> Response:
    """Every version of every segment: what was heard, and who corrected it, when and why."""
    entries = await _entries(session, call_id, transcription_id)
    readings = await open_all(session, (one for entry in entries for one in references(entry)))
    body = History(data=[entry_detail(entry, readings) for entry in entries])
    return answer(request, session.key, body)


@ROUTER.put(
    "/{transcription_id}/segments/{channel}/{number}",
    operation_id="correctSegment",
    summary="Correct a segment of a transcription",
    responses=answers(
        TranscriptionDetail,
        "The transcription after it.",
        *("version-needed", "changed-meanwhile", "refused", "value-gone"),
        *WITH_KEY,
        *WITH_BODY,
        tagged=False,
    ),
)
async def correct_segment(
    request: Request,
    caller: TranscriptionWriter,
    call_id: UUID,
    transcription_id: UUID,
    channel: Channel,
    number: Number,
    correction: Correction,
    if_match: IfMatch = None,
) -> Response:
    """Say what was really said: a new version; the earlier ones stay in the history.

    Needs the scope `transcriptions:write`. `If-Match` is the `ETag` of the transcription that you
    have read. What was erased, or has expired, cannot be corrected.
    """
    seen = expected_version(if_match, is_needed=True)
    async with caller.session() as session:
        entries = await _entries(session, call_id, transcription_id)
        transcription = folded(entries)
        segment = transcription.segments.get(SegmentKey(channel, number))
        if segment is None:
            raise NotFound("segment")
        access, place = session.caller.access(), (session.connection, session.key)
        (reading,) = await read_texts(*place, transcription_id, [segment.latest], access)
    if reading.value is None:
        raise Problem("value-gone", state=reading.state)
    await _correct(caller, transcription_id, segment, correction, seen)
    async with caller.session() as session:
        return await get_transcription(request, session, call_id, transcription_id)


async def _correct(
    caller: Caller,
    transcription_id: UUID,
    segment: Segment,
    correction: Correction,
    seen: int | None,
) -> None:
    clean = redacted(correction.text, segment.language)
    text, share = locked_again(clean.text, segment.latest)
    command = CorrectSegment(
        channel=segment.key.channel,
        number=segment.key.number,
        text=text,
        share=share,
        reason=correction.reason,
        cards_redacted=clean.cards or None,
        occurred_at=caller.deployment.ledger.clock(),
        expected_version=seen,
    )
    place = caller.workspace_id, transcription_id
    try:
        await caller.deployment.ledger.handle(
            requests.Request(*place, TRANSCRIPTION, command, caller.context)
        )
    except Refused as refusal:
        if str(refusal) == "changed_meanwhile":
            raise Problem("changed-meanwhile") from None
        raise


async def _entries(session: Session, call_id: UUID, transcription_id: UUID) -> list[Entry]:
    """The entries of a transcription of this call of this workspace."""
    entries = [
        entry
        for entry in await read_stream(session.connection, transcription_id)
        if entry.workspace_id == session.workspace_id
    ]
    provenance = folded(entries).provenance
    if provenance is None or provenance.call_id != call_id:
        raise NotFound("transcription")
    return entries


async def _detail(
    session: Session, transcription_id: UUID, entries: list[Entry]
) -> TranscriptionDetail:
    transcription = folded(entries)
    segments = in_order(transcription.segments.values())
    readings = [WITHHELD] * len(segments)
    if session.opens_values:
        latest = [segment.latest for segment in segments]
        access, place = session.caller.access(), (session.connection, session.key)
        readings = await read_texts(*place, transcription_id, latest, access)
    provenance, start, report = transcription.provenance, transcription.start, transcription.report
    if provenance is None:
        raise NotFound("transcription")
    return TranscriptionDetail(
        id=transcription_id,
        kind=provenance.kind,
        status=transcription.status,
        provider_id=provenance.provider_id,
        leg_id=provenance.leg_id,
        recording_id=provenance.recording_id,
        engine=_engine(transcription),
        language=start and start.language,
        ai_generated=True,
        error_code=report and report.error_code,
        not_kept=transcription.not_kept,
        fetch_failure=transcription.failure,
        is_given_up=transcription.is_given_up,
        segments=[
            _segment(segment, reading, _engine(transcription))
            for segment, reading in zip(segments, readings, strict=True)
        ],
        version=transcription.version,
        recorded_at=entries[-1].recorded_at,
    )


def _engine(transcription: Transcription) -> str | None:
    """Whose machine listened: as the provider said when it began, or with what it heard."""
    start = transcription.start
    told = (segment.engine for segment in transcription.segments.values() if segment.engine)
    return (start.engine if start else None) or next(told, None)


def _segment(segment: Segment, reading: Reading, engine: str | None) -> SegmentDetail:
    latest = segment.latest
    return SegmentDetail(
        channel=segment.key.channel,
        number=segment.key.number,
        occurred_at=segment.occurred_at,
        started_ms=segment.started_ms,
        ended_ms=segment.ended_ms,
        confidence=None if segment.confidence is None else f"{segment.confidence:f}",
        language=segment.language,
        engine=segment.engine or engine,
        ai_generated=segment.ai_generated and latest.reason is None,
        versions=len(segment.versions),
        corrected_because=latest.reason,
        cards_redacted=latest.cards_redacted,
        state=reading.state,
        text=reading.value["text"] if reading.value else None,
    )
