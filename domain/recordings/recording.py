"""The rules of a recording: what is said of it once more adds nothing; its audio is kept once.

An attempt to keep it is known by the names that it was to write. Of two attempts at the same
time the one that began later holds, and the other one is told so when it wants to be kept.
"""

from collections.abc import Sequence
from typing import assert_never

from domain.decider import Decider
from domain.errors import Refused
from domain.recordings.commands import (
    AskDeletion,
    BeginFetch,
    ConfirmDeletion,
    DeleteTrack,
    FailDeletion,
    FailFetch,
    Forbid,
    Play,
    RecordingCommand,
    ReportRecording,
    StoreAudio,
)
from domain.recordings.events import (
    RecordingAbsent,
    RecordingAnnounced,
    RecordingCampaignNamed,
    RecordingCompleted,
    RecordingDeletedAtProvider,
    RecordingDeletionAsked,
    RecordingDeletionFailed,
    RecordingEvent,
    RecordingFailed,
    RecordingFetchBegun,
    RecordingFetchFailed,
    RecordingForbidden,
    RecordingPlayed,
    RecordingStarted,
    RecordingStored,
    RecordingTrackDeleted,
)
from domain.recordings.state import Recording, evolve, report_of
from domain.recordings.words import ProviderCopy, RecordingStatus

REPORTS: dict[RecordingStatus, type[RecordingStarted | RecordingAbsent | RecordingFailed]] = {
    RecordingStatus.started: RecordingStarted,
    RecordingStatus.absent: RecordingAbsent,
    RecordingStatus.failed: RecordingFailed,
}


def decide(recording: Recording, command: RecordingCommand) -> Sequence[RecordingEvent]:
    """What the request leads to; nothing where it says nothing new."""
    match command:
        case ReportRecording():
            return _report(recording, command)
        case BeginFetch() | FailFetch() | StoreAudio():
            return _fetch(recording, command)
        case DeleteTrack():
            return _delete_track(recording, command)
        case AskDeletion() | FailDeletion() | ConfirmDeletion():
            return _delete_at_provider(recording, command)
        case Play():
            return _play(recording, command)
        case Forbid():
            is_new = recording.forbidden is None
            return (RecordingForbidden(ground=command.ground),) if is_new else ()
        case _:
            assert_never(command)


def _report(recording: Recording, command: ReportRecording) -> Sequence[RecordingEvent]:
    if command.second_hand and recording.is_over:
        return ()
    event = _reported(command)
    news: Sequence[RecordingEvent] = () if report_of(event) in recording.reports else (event,)
    return news if recording.provider_id else (_announced(command), *news)


def _announced(command: ReportRecording) -> RecordingAnnounced:
    return RecordingAnnounced(
        provider_id=command.provider_id,
        account_id=command.account_id,
        call_id=command.call_id,
        leg_id=command.leg_id,
    )


def _reported(
    command: ReportRecording,
) -> RecordingStarted | RecordingCompleted | RecordingAbsent | RecordingFailed:
    if command.status is RecordingStatus.completed:
        return RecordingCompleted(
            source=command.source,
            channels=command.channels,
            heard=command.heard,
            started_at=command.started_at,
            duration_seconds=command.duration_seconds,
            error_code=command.error_code,
            unknown_fields=command.unknown_fields,
            media_url=command.media_url,
            encryption=command.encryption,
        )
    is_start = command.status is RecordingStatus.started
    return REPORTS[command.status](
        occurred_at=command.started_at if is_start else None,
        source=command.source,
        channels=command.channels,
        heard=command.heard,
        started_at=command.started_at,
        duration_seconds=command.duration_seconds,
        error_code=command.error_code,
        unknown_fields=command.unknown_fields,
    )


def _fetch(
    recording: Recording, command: BeginFetch | FailFetch | StoreAudio
) -> Sequence[RecordingEvent]:
    match command:
        case BeginFetch():
            return _begin(recording, command)
        case FailFetch():
            return _fail(recording, command)
        case StoreAudio():
            return _store(recording, command)
        case _:
            assert_never(command)


def _begin(recording: Recording, command: BeginFetch) -> Sequence[RecordingEvent]:
    if command.objects == recording.objects:
        return ()
    if not recording.is_due:
        raise Refused("nothing_to_fetch")
    return (RecordingFetchBegun(objects=command.objects),)


def _fail(recording: Recording, command: FailFetch) -> Sequence[RecordingEvent]:
    is_over = recording.stored is not None or recording.failure is not None
    if is_over or command.objects != recording.objects:
        return ()
    return (
        RecordingFetchFailed(
            objects=command.objects, reason=command.reason, is_final=command.is_final
        ),
    )


def _store(recording: Recording, command: StoreAudio) -> Sequence[RecordingEvent]:
    if recording.stored is not None and recording.objects == command.objects:
        return ()
    if not recording.is_due or recording.objects != command.objects:
        # Deleted at the provider, kept by somebody else, or begun anew: this audio is nobody's.
        raise Refused("attempt_superseded")
    stored = RecordingStored(
        media_type=command.media_type,
        tracks=command.tracks,
        samples=command.samples,
        first_key=command.first_key,
        first_share=command.first_share,
        second_key=command.second_key,
        second_share=command.second_share,
    )
    # The campaign first: the keys go by its period. The deletion in one decision: there is no
    # moment in between in which somebody could be killed.
    named = (RecordingCampaignNamed(campaign=command.campaign),) if command.campaign else ()
    asked = (RecordingDeletionAsked(),) if command.asks_deletion else ()
    return (*named, stored, *asked)


def _delete_track(recording: Recording, command: DeleteTrack) -> Sequence[RecordingEvent]:
    if recording.stored is None or command.track >= len(recording.stored.tracks):
        raise Refused("no_such_track")
    if command.track in recording.deleted_tracks:
        return ()
    return (RecordingTrackDeleted(track=command.track, reason=command.reason),)


def _delete_at_provider(
    recording: Recording, command: AskDeletion | FailDeletion | ConfirmDeletion
) -> Sequence[RecordingEvent]:
    is_asked = recording.copy is ProviderCopy.asked
    match command:
        case AskDeletion():
            if recording.status is not RecordingStatus.completed:
                # The provider deletes what is complete, and nothing else.
                raise Refused("recording_not_completed")
            is_new = recording.copy is ProviderCopy.kept
            return (RecordingDeletionAsked(),) if is_new else ()
        case FailDeletion():
            if not is_asked or command.attempt <= recording.deletion_attempts:
                return ()
            return (
                RecordingDeletionFailed(
                    occurred_at=command.occurred_at,
                    attempt=command.attempt,
                    status=command.status,
                    error_code=command.error_code,
                ),
            )
        case ConfirmDeletion():
            if recording.copy is ProviderCopy.kept:
                raise Refused("deletion_not_asked")
            confirmed = RecordingDeletedAtProvider(
                occurred_at=command.occurred_at, residual_until=command.residual_until
            )
            return (confirmed,) if is_asked else ()
        case _:
            assert_never(command)


def _play(recording: Recording, command: Play) -> Sequence[RecordingEvent]:
    if not recording.can_be_heard or recording.forbidden is not None:
        raise Refused("nothing_to_play")
    if command.request_id == recording.last_played:
        return ()
    return (RecordingPlayed(purpose=command.purpose, request_id=command.request_id),)


RECORDING = Decider(initial=Recording(), decide=decide, evolve=evolve)
