"""Audio on its way into the object store: taken apart, sealed and hashed as it comes in.

At no time is more of it in memory than a few parts, however long it is.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final, NamedTuple
from uuid import UUID

from adapters.keys.audio import TrackPlace, TrackSealer
from adapters.keys.sealing import new_key
from adapters.objects.store import READ_BYTES, ObjectStore, Writing
from adapters.recordings.failures import CannotKeep
from adapters.recordings.wave import LONGEST_HEAD, Separator, can_be_separated, read_head
from domain.recordings.events import Samples, Track
from domain.recordings.words import FetchFailure

WRITE_BYTES: Final = 1024 * 1024
_MP3: Final = (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"\xff\xfa")


class SealedAudio(NamedTuple):
    """Audio that is in the object store, and what opens it."""

    media_type: str
    samples: Samples | None
    tracks: tuple[Track, ...]
    keys: tuple[bytes, ...]


class Intake:
    """Takes the audio of one recording. See ``intake``."""

    def __init__(self, tracks: Sequence["_Track"]) -> None:
        self._tracks = tracks
        self._begun = bytearray()
        self._media_type = ""
        self._missing = 0
        """Bytes that the file itself speaks of and that did not come in yet."""

        self._separator: Separator | None = None
        self._samples: Samples | None = None

    async def add(self, part: bytes) -> None:
        """Take more of it.

        Raises:
            CannotKeep: It is no audio, or (on ``finish``) not all of it.
            Unavailable: The object store cannot be reached.
        """
        self._missing -= len(part)
        if self._media_type:
            await self._pass_on(part)
            return
        self._begun += part
        if len(self._begun) >= LONGEST_HEAD:
            await self._begin()

    async def finish(self) -> SealedAudio:
        """All of it came in. The objects are there once the block of ``intake`` has ended."""
        if not self._media_type:
            await self._begin()
        if self._missing > 0:
            raise CannotKeep(FetchFailure.broken_off)
        used = self._tracks if self._separator else self._tracks[:1]
        return SealedAudio(
            self._media_type,
            self._samples,
            tuple([await track.finish() for track in used]),
            tuple(track.key for track in used),
        )

    async def _begin(self) -> None:
        """Enough came in to tell what it is."""
        begun = bytes(self._begun)
        self._begun.clear()
        self._media_type = _media_type(begun)
        head = read_head(begun)
        if head is not None and head.length is not None:
            self._missing = head.start + head.length - len(begun)
        if head is not None and can_be_separated(head):
            self._separator, self._samples = Separator(head), head.samples
            begun = begun[head.start :]
        await self._pass_on(begun)

    async def _pass_on(self, part: bytes) -> None:
        channels = self._separator.add(part) if self._separator else (part,)
        for track, audio in zip(self._tracks, channels, strict=False):
            await track.add(audio)


@asynccontextmanager
async def intake(
    store: ObjectStore, workspace_id: UUID, recording_id: UUID, names: tuple[str, str]
) -> AsyncIterator[Intake]:
    """Take a recording's audio into at most two objects of these names.

    They are there, durably, once the block has ended well, and not at all where it broke off.
    """
    async with AsyncExitStack() as stack:
        places = (TrackPlace(workspace_id, recording_id, number) for number in range(len(names)))
        tracks = [_Track(stack, store, *one) for one in zip(names, places, strict=True)]
        try:
            yield Intake(tracks)
        finally:
            await asyncio.gather(*(track.settled() for track in tracks), return_exceptions=True)


class _Track:
    """One object on its way. It is begun when the first of it is to be written.

    Hashing and writing a part is a thread's work: the next one is sealed meanwhile.
    """

    def __init__(
        self, stack: AsyncExitStack, store: ObjectStore, name: str, place: TrackPlace
    ) -> None:
        self.key = new_key()
        self._stack, self._store, self._name = stack, store, name
        self._sealer = TrackSealer(self.key, place)
        self._hash = hashlib.sha256()
        self._file: Writing | None = None
        self._waiting = [self._sealer.header]
        self._size = len(self._sealer.header)
        """Of what waits."""

        self._written = 0
        self._work: asyncio.Task[None] | None = None

    async def add(self, audio: bytes) -> None:
        """Take more of the audio."""
        self._keep(self._sealer.add(audio))
        if self._size >= WRITE_BYTES:
            await self._write()

    async def finish(self) -> Track:
        """All of it came in."""
        self._keep([self._sealer.finish()])
        await self._write()
        await self.settled()
        return Track(
            name=self._name,
            sealed_bytes=self._written,
            sha256=self._hash.hexdigest(),
            audio_bytes=self._sealer.audio_bytes,
            chunks=self._sealer.chunks,
        )

    async def settled(self) -> None:
        """Until what was handed on is written."""
        work, self._work = self._work, None
        if work is not None:
            await work

    async def _write(self) -> None:
        await self.settled()
        if self._file is None:
            self._file = await self._stack.enter_async_context(self._store.writing(self._name))
        self._work = asyncio.create_task(asyncio.to_thread(self._put, self._file, self._waiting))
        self._written += self._size
        self._waiting, self._size = [], 0

    def _keep(self, chunks: Sequence[bytes]) -> None:
        self._waiting += chunks
        self._size += sum(map(len, chunks))

    def _put(self, file: Writing, chunks: Sequence[bytes]) -> None:
        for chunk in chunks:
            self._hash.update(chunk)
        file.write_here(chunks)


async def verify(store: ObjectStore, track: Track) -> None:
    """Read an object back and hold it against what was written.

    Raises:
        CannotKeep: It is not there, or it is not the same.
    """
    digest, read = hashlib.sha256(), 0
    if await store.size_of(track.name) != track.sealed_bytes:
        raise CannotKeep(FetchFailure.not_kept)
    while read < track.sealed_bytes:
        part = await store.read(track.name, read, min(read + READ_BYTES, track.sealed_bytes))
        digest.update(part)
        read += len(part)
    if digest.hexdigest() != track.sha256:
        raise CannotKeep(FetchFailure.not_kept)


def _media_type(begun: bytes) -> str:
    """By how it begins, for that is what will be played; whatever its sender calls it."""
    if begun[:4] == b"RIFF" and begun[8:12] == b"WAVE":
        return "audio/wav"
    if begun.startswith(_MP3):
        return "audio/mpeg"
    raise CannotKeep(FetchFailure.not_audio)
