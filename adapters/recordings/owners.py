"""Who locks the audio of a recording: whoever is heard on it, as its call tells."""

from base64 import b64decode, b64encode
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from adapters.accesses.access import Access
from adapters.event_store.history import read_stream
from adapters.event_store.requests import subjects_of
from adapters.event_store.standing import is_kept
from adapters.event_store.values import open_values, references
from adapters.keys.shares import shares_of, together
from adapters.keys.workspace_key import WorkspaceKey
from adapters.postgres.pool import Connection
from domain.calls.call import CALL
from domain.calls.events import CallEvent
from domain.calls.outcome import is_over
from domain.calls.speakers import Speakers, Voices, speakers
from domain.calls.state import Call
from domain.messages import Entry
from domain.personal_data import Category, Clear, Need, Reading, ReadingState, Sealed
from domain.recordings.events import RecordingCompleted, RecordingForbidden, RecordingStored
from domain.recordings.state import Recording
from domain.recordings.words import Loss

OWNERS: Final = 2
"""Of one sealed value; a key of more is in two shares."""

PATIENCE: Final = timedelta(hours=1)
"""How long a call may go on, by what we know of it, after its recording is complete."""

KEYS: Final = (("first_key", "first_share"), ("second_key", "second_share"))
"""What opens each track, by the fields of ``recording.stored``."""

_LOSSES: Final = {ReadingState.erased: Loss.erased, ReadingState.expired: Loss.expired}


Lock = tuple[tuple[UUID, ...], UUID]
"""The subjects and the bucket whose keys open something."""


class Locked(NamedTuple):
    """A track's key on its way into the vault."""

    key: Clear
    share: Clear | None


class TrackKey(NamedTuple):
    """What a track's key and its share can be read as."""

    key: Reading
    share: Reading | None
    is_forbidden: bool = False
    """Whether the recording may not be kept."""

    @property
    def loss(self) -> Loss | None:
        """Why the track cannot be heard any more; ``None`` for one that can."""
        if self.is_forbidden:
            return Loss.forbidden
        states = [one.state for one in (self.key, self.share) if one is not None]
        return next((_LOSSES[state] for state in states if state in _LOSSES), None)

    @property
    def is_restricted(self) -> bool:
        """Whether it is kept and cannot be heard without a need."""
        parts = (self.key, self.share)
        return any(one is not None and one.state is ReadingState.restricted for one in parts)

    @property
    def secret(self) -> bytes | None:
        """The track's key; ``None`` for one that cannot be heard."""
        if (
            self.is_forbidden
            or self.key.value is None
            or (self.share is not None and self.share.value is None)
        ):
            return None
        one = b64decode(self.key.value["key"])
        if self.share is None or self.share.value is None:
            return one
        return together(one, b64decode(self.share.value["key"]))


def campaign_of(call: Sequence[Entry]) -> str | None:
    """By whose period its audio goes, as far as the call tells."""
    return call_of(call).campaign


def voices(call: Sequence[Entry], leg_id: UUID | None) -> Speakers | None:
    """Who is heard, as far as the call tells; ``None`` where it names nobody.

    Of a recording that was made on a leg that was dialled, nobody knows who is on which channel.
    """
    told = call_of(call)
    found = speakers(told)
    if found is None or told.root is None or told.root.leg_id == leg_id:
        return found
    return Speakers(found.all, found.all)


def is_known(call: Sequence[Entry], recording: Sequence[Entry], now: datetime) -> bool:
    """Whether it can be told by now who is heard.

    A recording is often complete before the last callback of its call came in, and whoever that
    one names would not be among the owners. So the call's end is waited for, though not for ever.
    """
    if is_over(call_of(call)):
        return True
    completed = (e.recorded_at for e in recording if isinstance(e.event, RecordingCompleted))
    return now > min(completed, default=now) + PATIENCE


def owners(heard: Speakers, tracks: int) -> tuple[Voices, ...]:
    """Who locks each track."""
    return (heard.first, heard.second) if tracks > 1 else (heard.all,)


def locked(key: bytes, owners: Voices, made: date | None = None) -> Locked:
    """A track's key, which opens only with the keys of all of these, and counts from that day."""
    if len(owners) <= OWNERS:
        return Locked(_clear(key, owners, made), None)
    one, other = shares_of(key)
    return Locked(_clear(one, owners[:OWNERS], made), _clear(other, owners[OWNERS:], made))


async def track_keys(
    connection: Connection,
    key: WorkspaceKey,
    recording: Sequence[Entry],
    access: Access,
    needs: Collection[Need] = (),
) -> tuple[TrackKey, ...]:
    """What opens each track of a recording for who has these needs, or why nothing does.

    Raises:
        IntegrityAlarm: A key does not authenticate, or is missing and nobody destroyed it.
    """
    stored = [entry for entry in recording if isinstance(entry.event, RecordingStored)]
    wanted = {one.field: one for entry in stored for one in references(entry)}
    readings = await open_values(connection, key, list(wanted.values()), access, needs)
    found = dict(zip(wanted, readings, strict=True))
    is_forbidden = any(isinstance(entry.event, RecordingForbidden) for entry in recording)
    return tuple(
        TrackKey(found[one], found.get(other), is_forbidden) for one, other in KEYS if one in found
    )


async def is_kept_back(
    connection: Connection, workspace_id: UUID, recording_id: UUID, recording: Recording
) -> bool:
    """Whether a hold or a restriction keeps a recording that would go otherwise (Art. 17(3)(e)).

    It may stand on the recording, its call, a party of that, or the workspace.
    """
    concerned = {recording_id}
    if recording.call_id is not None:
        call = await read_stream(connection, recording.call_id)
        concerned |= {
            recording.call_id,
            *(who for entry in call for who in subjects_of(entry.event)),
        }
    return await is_kept(connection, workspace_id, *concerned)


def locks_of(recording: Recording, track: int) -> Iterator[Lock]:
    """What a track is locked by."""
    for field in KEYS[track]:
        key = getattr(recording.stored, field)
        if isinstance(key, Sealed):
            yield key.subjects, key.bucket


def call_of(call: Sequence[Entry]) -> Call:
    """The call that a stream tells of."""
    return CALL.fold(entry.event for entry in call if isinstance(entry.event, CallEvent))


def _clear(key: bytes, owners: Voices, made: date | None) -> Clear:
    said = {"key": b64encode(key).decode()}
    return Clear(said, Category.recording, about=owners, day=made)
