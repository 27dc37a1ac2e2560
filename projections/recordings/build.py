"""How a recording's entries become its row. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from domain.messages import Entry
from domain.personal_data import Sealed
from domain.recordings.events import (
    RecordingDeletionAsked,
    RecordingDeletionFailed,
    RecordingFetchBegun,
    RecordingFetchFailed,
    RecordingForbidden,
)
from domain.recordings.recording import RECORDING
from domain.recordings.state import Recording, evolve
from domain.recordings.words import ProviderCopy

TRIES = (
    RecordingFetchBegun,
    RecordingFetchFailed,
    RecordingDeletionAsked,
    RecordingDeletionFailed,
)
"""After each of these one waits a while before the next attempt."""


class Work(StrEnum):
    """What is to be done for a recording."""

    fetch = "fetch"
    """Its audio is to be fetched and kept."""

    delete_copy = "delete_copy"
    """The provider's copy is to be deleted."""

    undo = "undo"
    """It may not be kept: ours is deleted, and the provider's copy asked to be."""


@dataclass(frozen=True, slots=True)
class RecordingSoFar:
    """A recording as far as its entries were read."""

    workspace_id: UUID
    recording_id: UUID
    first_recorded_at: datetime
    version: int = 0
    position: int = 0
    recording: Recording = RECORDING.initial
    tried_at: datetime | None = None


def fold(so_far: RecordingSoFar | None, entry: Entry) -> RecordingSoFar:
    """One more entry of the recording."""
    event: Any = entry.event
    told = so_far or RecordingSoFar(entry.workspace_id, entry.stream_id, entry.recorded_at)
    return replace(
        told,
        version=entry.version,
        position=entry.position,
        recording=evolve(told.recording, event),
        tried_at=_tried_at(told, entry),
    )


def _tried_at(told: RecordingSoFar, entry: Entry) -> datetime | None:
    """The last attempt; none of what begins by a prohibition, which waits for nothing."""
    if isinstance(entry.event, RecordingForbidden):
        return None
    return entry.recorded_at if isinstance(entry.event, TRIES) else told.tried_at


def row(so_far: RecordingSoFar) -> tuple[Any, ...]:
    """The recording's row, in the order of the view's columns."""
    recording = so_far.recording
    work = _work(recording)
    locks = list(_locks(recording))
    return (
        so_far.workspace_id,
        so_far.recording_id,
        so_far.version,
        so_far.position,
        recording.call_id,
        so_far.first_recorded_at,
        work,
        recording.deletion_attempts if work is Work.delete_copy else recording.attempts,
        so_far.tried_at,
        _listed(str(subject) for lock in locks for subject in lock.subjects),
        next((lock.bucket for lock in locks), None),
        _listed(_objects(recording)),
    )


def _work(recording: Recording) -> Work | None:
    if recording.is_to_be_undone:
        return Work.undo
    if recording.copy is ProviderCopy.asked:
        return Work.delete_copy
    return Work.fetch if recording.is_due else None


def _locks(recording: Recording) -> Iterator[Sealed]:
    """What locks the tracks that are still there."""
    stored = recording.stored
    if stored is None:
        return
    locks = ((stored.first_key, stored.first_share), (stored.second_key, stored.second_share))
    for number, keys in enumerate(locks):
        if number not in recording.deleted_tracks:
            yield from (key for key in keys if isinstance(key, Sealed))


def _objects(recording: Recording) -> Iterator[str]:
    """What lies in the object store, or what the attempt under way may write there."""
    if recording.stored is None:
        yield from recording.objects if recording.failure is None else ()
        return
    for number, track in enumerate(recording.stored.tracks):
        if number not in recording.deleted_tracks:
            yield track.name


def _listed(texts: Iterator[str]) -> str:
    """As one text, which the view's column takes apart; none of them has a comma in it."""
    return ",".join(sorted(set(texts)))
