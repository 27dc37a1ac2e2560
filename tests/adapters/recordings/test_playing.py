"""Any bytes of a recording are played as they were recorded; who was erased is silent in it."""

import io
import wave
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest
from cells import asynchronous
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from waves import MP3, channels_of, samples, wave_file

from adapters.keys.audio import CHUNK_BYTES
from adapters.objects.store import ObjectStore, new_name
from adapters.recordings.owners import TrackKey, locked
from adapters.recordings.playing import OPENED_AT_ONCE, Playable, play
from adapters.recordings.tracks import intake
from domain.errors import IntegrityAlarm
from domain.personal_data import Category, Clear, Reading, ReadingState
from domain.recordings.events import RecordingStored

WORKSPACE, RECORDING = uuid4(), uuid4()
FRAMES: Final = (OPENED_AT_ONCE + 1) * CHUNK_BYTES // 2 + 77
"""More than are opened at once."""

FIRST, SECOND = samples(1, FRAMES), samples(30_000, FRAMES)
STEREO: Final = wave_file(FIRST, SECOND)
NOBODY: Final = Clear({}, Category.recording)
GONE: Final = TrackKey(Reading(ReadingState.erased), None)


class CountingStore(ObjectStore):
    """Counts what is read of a folder."""

    read_bytes = 0

    async def read(self, name: str, start: int, end: int) -> bytes:
        """As usual."""
        found = await super().read(name, start, end)
        self.read_bytes += len(found)
        return found


async def kept(folder: Path, audio: bytes) -> tuple[CountingStore, Playable]:
    """This audio in a store, with what opens it."""
    store = CountingStore.in_folder(folder)
    names = new_name(WORKSPACE), new_name(WORKSPACE)
    async with intake(store, WORKSPACE, RECORDING, names) as into:
        await into.add(audio)
        found = await into.finish()
    stored = RecordingStored(
        media_type=found.media_type,
        tracks=found.tracks,
        samples=found.samples,
        first_key=NOBODY,
    )
    keys = [Reading(ReadingState.value, locked(key, ()).key.value) for key in found.keys]
    return store, Playable(stored, [TrackKey(key, None) for key in keys])


async def played(
    store: ObjectStore, playable: Playable, start: int = 0, end: int | None = None
) -> bytes:
    """What is heard of it."""
    stop = playable.length if end is None else end
    parts = play(store, WORKSPACE, RECORDING, playable, start, stop)
    return b"".join([part async for part in parts])


@pytest.mark.parametrize("audio", [STEREO, wave_file(FIRST), MP3, MP3[:10], wave_file(b"", b"")])
@asynchronous
async def test_what_was_recorded_is_played(tmp_path: Path, audio: bytes) -> None:
    """Byte for byte, where the file had no more than its samples."""
    store, playable = await kept(tmp_path, audio)
    assert playable.length == len(audio)
    assert await played(store, playable) == audio


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.integers(0, len(STEREO)), st.integers(0, len(STEREO)), st.booleans(), st.booleans())
def test_any_bytes_are_those_of_the_whole(
    tmp_path: Path,
    one: int,
    other: int,
    is_mono: bool,  # noqa: FBT001 - drawn
    is_silenced: bool,  # noqa: FBT001 - drawn
) -> None:
    """Between two bytes of one sample too, and with a silent channel."""

    @asynchronous
    async def holds() -> None:
        store, playable = await kept(tmp_path, MP3 if is_mono else STEREO)
        if is_silenced and not is_mono:
            playable = playable._replace(keys=[GONE, playable.keys[1]])
        whole = await played(store, playable)
        start, end = sorted((min(one, len(whole)), min(other, len(whole))))
        assert await played(store, playable, start, end) == whole[start:end]

    holds()


@asynchronous
async def test_who_was_erased_is_silent_and_the_rest_keeps_its_time(tmp_path: Path) -> None:
    """The file is as long as it was; Python's own reader finds silence in one channel."""
    store, playable = await kept(tmp_path, STEREO)
    for number, heard in enumerate(((bytes(len(FIRST)), SECOND), (FIRST, bytes(len(SECOND))))):
        keys = list(playable.keys)
        keys[number] = GONE
        found = await played(store, playable._replace(keys=keys))
        assert len(found) == len(STEREO)
        with wave.open(io.BytesIO(found)) as file:
            assert (file.getnchannels(), file.getnframes()) == (2, FRAMES)
        assert channels_of(found) == heard


@asynchronous
async def test_only_what_is_asked_for_is_read(tmp_path: Path) -> None:
    """A second of a long conversation costs a chunk of each track, and their headers."""
    store, playable = await kept(tmp_path, STEREO)
    await played(store, playable, 300_000, 301_000)
    assert store.read_bytes < 2 * (CHUNK_BYTES + 200)


@asynchronous
async def test_a_playback_is_told_from_another(tmp_path: Path) -> None:
    """By its audio, and by who is heard."""
    _, playable = await kept(tmp_path, STEREO)
    silenced = playable._replace(keys=[GONE, playable.keys[1]])
    _, again = await kept(tmp_path, STEREO)
    assert len({playable.says, silenced.says, again.says}) == 3


@asynchronous
async def test_an_object_that_was_changed_is_an_alarm(tmp_path: Path) -> None:
    """Not an erasure, and not silence; nor is one that is missing."""
    store, playable = await kept(tmp_path, STEREO)
    path = tmp_path / playable.stored.tracks[0].name
    whole = path.read_bytes()
    for changed in (whole[:-1] + bytes([whole[-1] ^ 1]), whole[:-1], whole[:10], whole + b"x"):
        path.write_bytes(changed)
        with pytest.raises(IntegrityAlarm):
            await played(store, playable)
    path.unlink()
    with pytest.raises(IntegrityAlarm):
        await played(store, playable)
