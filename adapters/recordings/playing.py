"""Audio as it is played: any bytes of it, of which only the chunks asked for are opened.

Two tracks come together as one WAVE file of two channels. A channel that can no longer be heard
is silent in it, so that the file keeps its length and everybody else their time.
"""

from collections.abc import AsyncIterator, Sequence
from itertools import chain
from typing import Final, NamedTuple
from uuid import UUID

from adapters.keys.audio import CHUNK_BYTES, HEADER_BYTES, TrackOpener, TrackPlace
from adapters.objects.store import ObjectStore
from adapters.recordings.owners import KEYS, TrackKey
from adapters.recordings.wave import CHANNELS, head_of, joined, silence
from domain.errors import IntegrityAlarm
from domain.personal_data import Sealed
from domain.recordings.events import RecordingStored, Track

OPENED_AT_ONCE: Final = 8
"""Chunks of a track: half a megabyte."""


class Playable(NamedTuple):
    """A recording that can be heard, in part or as a whole."""

    stored: RecordingStored
    keys: Sequence[TrackKey]

    @property
    def head(self) -> bytes:
        """What is played before the samples of two tracks."""
        samples = self.stored.samples
        return b"" if samples is None else head_of(samples, self._audio_bytes)

    @property
    def length(self) -> int:
        """How many bytes are played in all."""
        return len(self.head) + self._audio_bytes

    @property
    def says(self) -> bytes:
        """What tells one playback of it from another: which audio, and which of it is heard."""
        heard = "".join("1" if key.secret is not None else "0" for key in self.keys)
        return "/".join([*(track.sha256 for track in self.stored.tracks), heard]).encode()

    @property
    def heard(self) -> Sequence[UUID]:
        """Whose voices it plays, as far as that is known."""
        tracks = zip(KEYS, self.keys, strict=False)
        sealed = (
            getattr(self.stored, field)
            for fields, key in tracks
            if key.secret is not None
            for field in fields
        )
        subjects = (one.subjects for one in sealed if isinstance(one, Sealed))
        return list(dict.fromkeys(chain.from_iterable(subjects)))

    @property
    def _audio_bytes(self) -> int:
        # Both channels are of the same length.
        return self.stored.tracks[0].audio_bytes * len(self.stored.tracks)


async def play(
    objects: ObjectStore,
    workspace_id: UUID,
    recording_id: UUID,
    playable: Playable,
    start: int,
    end: int,
) -> AsyncIterator[bytes]:
    """The bytes from ``start`` to before ``end``, in parts of some size.

    Raises:
        IntegrityAlarm: A track is not what was stored, or is not there.
        Unavailable: The object store cannot be reached.
    """
    stored, head = playable.stored, playable.head
    voices: list[_Voice | None] = [
        None
        if key.secret is None
        else _Voice(objects, TrackPlace(workspace_id, recording_id, number), track, key.secret)
        for number, (track, key) in enumerate(zip(stored.tracks, playable.keys, strict=True))
    ]
    waiting = head[start:end]
    frame = _frame(stored)
    first, last = max(start - len(head), 0), max(end - len(head), 0)
    # Whole frames are opened, and what of them was not asked for is cut off.
    place, until = first - first % frame, last + -last % frame
    step = OPENED_AT_ONCE * CHUNK_BYTES * len(voices)
    while place < until:
        after = min(until, place - place % step + step)
        audio = await _mixed(stored, voices, place, after)
        yield waiting + audio[max(first - place, 0) : last - place]
        place, waiting = after, b""
    if waiting:
        yield waiting


def _frame(stored: RecordingStored) -> int:
    """How many bytes belong together."""
    return 1 if stored.samples is None else CHANNELS * stored.samples.width


async def _mixed(
    stored: RecordingStored, voices: Sequence["_Voice | None"], start: int, end: int
) -> bytes:
    """The audio from one frame to another."""
    number = len(voices)
    one, other = start // number, end // number
    if stored.samples is None:
        return b"" if voices[0] is None else await voices[0].read(start, end)
    quiet = silence(stored.samples, other - one)
    first, second = [quiet if v is None else await v.read(one, other) for v in voices]
    return joined(first, second, stored.samples.width)


class _Voice:
    """A track that is being opened."""

    def __init__(self, objects: ObjectStore, place: TrackPlace, track: Track, key: bytes) -> None:
        self._objects = objects
        self._place = place
        self._track = track
        self._key = key
        self._opener: TrackOpener | None = None

    async def read(self, start: int, end: int) -> bytes:
        """The bytes from ``start`` to before ``end`` of the track's audio."""
        opener = self._opener or await self._begin()
        layout = opener.layout
        first, last = layout.chunk_of(start), layout.chunk_of(max(end - 1, start))
        sealed = await self._objects.read(self._track.name, *layout.span(first, last))
        audio = opener.open_all(first, last, sealed)
        skipped = first * layout.chunk_bytes
        return audio[start - skipped : end - skipped]

    async def _begin(self) -> TrackOpener:
        size = await self._objects.size_of(self._track.name)
        if size != self._track.sealed_bytes:
            raise IntegrityAlarm("an object is missing, or not what was stored")
        header = await self._objects.read(self._track.name, 0, HEADER_BYTES)
        opener = TrackOpener(self._key, self._place, header, self._track.audio_bytes)
        if opener.layout.sealed_bytes != size:
            raise IntegrityAlarm("audio of another length")
        self._opener = opener
        return opener
