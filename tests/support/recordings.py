"""Recordings for tests: what is said of one, and the attempts to keep it."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from reports import START, WORKSPACE, leg_of

from domain.identifiers import call_id
from domain.personal_data import Category, Clear
from domain.recordings.commands import BeginFetch, FailFetch, ReportRecording, StoreAudio
from domain.recordings.events import Samples, Track
from domain.recordings.words import FetchFailure, RecordingStatus, Source

CALL: Final = call_id(WORKSPACE, "test", "line")
FIRST: Final = ("w/1a", "w/1b")
SECOND: Final = ("w/2a", "w/2b")
"""What two attempts were to write."""


def report(status: RecordingStatus = RecordingStatus.completed, **said: Any) -> ReportRecording:  # noqa: ANN401 - any field
    """The provider's word on the test's recording."""
    usual: dict[str, Any] = {
        "source": Source.dialed_call,
        "channels": 2,
        "started_at": START + timedelta(seconds=9),
    }
    if status is RecordingStatus.completed:
        usual["duration_seconds"] = 42
    return ReportRecording(
        provider_id="RE1",
        account_id="AC1",
        call_id=CALL,
        leg_id=leg_of("line"),
        status=status,
        **(usual | said),
    )


def begin(objects: tuple[str, ...] = FIRST) -> BeginFetch:
    """An attempt."""
    return BeginFetch(objects=objects)


def fail(
    objects: tuple[str, ...] = FIRST,
    reason: FetchFailure = FetchFailure.not_there,
    *,
    is_final: bool = False,
) -> FailFetch:
    """It comes to nothing."""
    return FailFetch(objects=objects, reason=reason, is_final=is_final)


def key(*subjects: UUID) -> Clear:
    """A track's key, somebody's."""
    about = tuple(Clear({}, Category.call_metadata, lookup=str(one)) for one in subjects)
    return Clear({"key": "AAAA"}, Category.recording, about=about)


def store(objects: tuple[str, ...] = FIRST, *, asks_deletion: bool = False) -> StoreAudio:
    """It is kept, with each channel a track of its own."""
    tracks = tuple(
        Track(name=name, sealed_bytes=72, sha256="ab" * 32, audio_bytes=0, chunks=1)
        for name in objects
    )
    return StoreAudio(
        objects=objects,
        media_type="audio/wav",
        tracks=tracks,
        samples=Samples(format_code=1, rate=8000, width=2),
        first_key=key(),
        second_key=key(),
        asks_deletion=asks_deletion,
    )
