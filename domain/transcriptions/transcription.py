"""The rules of a transcription: what is heard once more adds nothing; a correction adds a version.

A segment is known by its channel and its number. What came first under a number stands: a text is
sealed, and no rule can compare two of them.
"""

from collections.abc import Sequence
from typing import assert_never

from domain.decider import Decider
from domain.errors import Refused
from domain.transcriptions.commands import (
    AddSegment,
    CorrectSegment,
    FailTranscriptFetch,
    ForgetSegment,
    KeepNothing,
    Provenance,
    ReportTranscription,
    TranscriptionCommand,
)
from domain.transcriptions.events import (
    TranscriptionAnnounced,
    TranscriptionAvailable,
    TranscriptionCompleted,
    TranscriptionEvent,
    TranscriptionFailed,
    TranscriptionFetchFailed,
    TranscriptionLocated,
    TranscriptionNotKept,
    TranscriptionReported,
    TranscriptionSegmentAdded,
    TranscriptionSegmentCorrected,
    TranscriptionSegmentForgotten,
    TranscriptionStarted,
)
from domain.transcriptions.state import SegmentKey, Transcription, evolve, report_of
from domain.transcriptions.words import TranscriptionStatus


def decide(
    transcription: Transcription, command: TranscriptionCommand
) -> Sequence[TranscriptionEvent]:
    """What the request leads to; nothing where it says nothing new."""
    match command:
        case CorrectSegment():
            return _correct(transcription, command)
        case FailTranscriptFetch():
            return _fail(transcription, command)
        case ForgetSegment():
            return _forget(transcription, command)
        case ReportTranscription():
            news: Sequence[TranscriptionEvent] = _report(transcription, command)
        case AddSegment():
            news = _add(transcription, command)
        case KeepNothing():
            is_told = transcription.not_kept is not None
            news = () if is_told else (TranscriptionNotKept(reason=command.reason),)
        case _:
            assert_never(command)
    return (*_introduce(transcription.provenance, command.provenance), *news)


def _introduce(known: Provenance | None, told: Provenance) -> Sequence[TranscriptionEvent]:
    if known is None:
        announced = TranscriptionAnnounced(
            provider_id=told.provider_id,
            account_id=told.account_id,
            kind=told.kind,
            call_id=told.call_id,
            leg_id=told.leg_id,
            recording_id=told.recording_id,
        )
        return (announced,)
    if known.call_id is not None or told.call_id is None:
        return ()
    located = TranscriptionLocated(
        call_id=told.call_id, leg_id=told.leg_id, recording_id=told.recording_id
    )
    return (located,)


def _report(
    transcription: Transcription, command: ReportTranscription
) -> Sequence[TranscriptionReported]:
    event = _reported(command)
    return () if report_of(event) in transcription.reports else (event,)


def _reported(command: ReportTranscription) -> TranscriptionReported:
    at = command.occurred_at
    match command.status:
        case TranscriptionStatus.available:
            return TranscriptionAvailable(occurred_at=at)
        case TranscriptionStatus.started:
            engine, language = command.engine, command.language
            return TranscriptionStarted(occurred_at=at, engine=engine, language=language)
        case TranscriptionStatus.completed:
            return TranscriptionCompleted(occurred_at=at)
        case TranscriptionStatus.failed:
            return TranscriptionFailed(occurred_at=at, error_code=command.error_code)
        case _:
            assert_never(command.status)


def _add(transcription: Transcription, command: AddSegment) -> Sequence[TranscriptionSegmentAdded]:
    if SegmentKey(command.channel, command.number) in transcription.segments:
        return ()
    added = TranscriptionSegmentAdded(
        occurred_at=command.occurred_at,
        channel=command.channel,
        number=command.number,
        text=command.text,
        share=command.share,
        started_ms=command.started_ms,
        ended_ms=command.ended_ms,
        confidence=command.confidence,
        language=command.language,
        engine=command.engine,
        ai_generated=True,
        cards_redacted=command.cards_redacted,
    )
    return (added,)


def _correct(
    transcription: Transcription, command: CorrectSegment
) -> Sequence[TranscriptionSegmentCorrected]:
    if SegmentKey(command.channel, command.number) not in transcription.segments:
        raise Refused("no_such_segment")
    if SegmentKey(command.channel, command.number) in transcription.forgotten:
        raise Refused("segment_forgotten")
    if command.expected_version not in (None, transcription.version):
        raise Refused("changed_meanwhile")
    corrected = TranscriptionSegmentCorrected(
        occurred_at=command.occurred_at,
        channel=command.channel,
        number=command.number,
        text=command.text,
        share=command.share,
        reason=command.reason,
        cards_redacted=command.cards_redacted,
    )
    return (corrected,)


def _forget(
    transcription: Transcription, command: ForgetSegment
) -> Sequence[TranscriptionSegmentForgotten]:
    key = SegmentKey(command.channel, command.number)
    if key not in transcription.segments or key in transcription.forgotten:
        return ()
    return (TranscriptionSegmentForgotten(channel=command.channel, number=command.number),)


def _fail(
    transcription: Transcription, command: FailTranscriptFetch
) -> Sequence[TranscriptionFetchFailed]:
    if not transcription.is_due or command.attempt <= transcription.attempts:
        return ()
    failed = TranscriptionFetchFailed(
        attempt=command.attempt, reason=command.reason, is_final=command.is_final
    )
    return (failed,)


TRANSCRIPTION = Decider(initial=Transcription(), decide=decide, evolve=evolve)
