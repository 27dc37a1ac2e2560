"""Audio streams into sealed objects: taken apart, whole, verified, and never in the clear."""

from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest
from cells import asynchronous
from waves import MP3, samples, wave_file

from adapters.keys.audio import HEADER_BYTES, TrackOpener, TrackPlace
from adapters.objects.store import ObjectStore, new_name
from adapters.recordings.failures import CannotKeep
from adapters.recordings.tracks import SealedAudio, intake, verify
from domain.recordings.events import Samples
from domain.recordings.words import FetchFailure

WORKSPACE, RECORDING = uuid4(), uuid4()
FIRST, SECOND = samples(1), samples(30_000)
STEREO: Final = wave_file(FIRST, SECOND)


async def taken_in(store: ObjectStore, audio: bytes, part: int = 50_000) -> SealedAudio:
    """What becomes of this audio."""
    names = new_name(WORKSPACE), new_name(WORKSPACE)
    async with intake(store, WORKSPACE, RECORDING, names) as into:
        for start in range(0, len(audio), part):
            await into.add(audio[start : start + part])
        return await into.finish()


async def opened(store: ObjectStore, audio: SealedAudio) -> list[bytes]:
    """Each track again."""
    found = []
    for number, (track, key) in enumerate(zip(audio.tracks, audio.keys, strict=True)):
        content = await store.read(track.name, 0, track.sealed_bytes)
        place = TrackPlace(WORKSPACE, RECORDING, number)
        opener = TrackOpener(key, place, content[:HEADER_BYTES], track.audio_bytes)
        found.append(opener.open_all(0, track.chunks - 1, content[HEADER_BYTES:]))
    return found


@pytest.mark.parametrize("part", [1_000, 65_536, 10**7])
@asynchronous
async def test_two_channels_are_two_objects(tmp_path: Path, part: int) -> None:
    """Each with a key of its own, however the bytes come in."""
    store = ObjectStore.in_folder(tmp_path)
    audio = await taken_in(store, STEREO, part)
    assert await opened(store, audio) == [FIRST, SECOND]
    assert audio.samples == Samples(format_code=1, rate=8000, width=2)
    assert audio.media_type == "audio/wav"
    assert len(set(audio.keys)) == 2
    for track in audio.tracks:
        await verify(store, track)


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        (wave_file(FIRST), "audio/wav"),
        (wave_file(b""), "audio/wav"),
        (wave_file(FIRST[:8], FIRST[:8], code=2), "audio/wav"),
        (MP3, "audio/mpeg"),
        (MP3[:9], "audio/mpeg"),
    ],
)
@asynchronous
async def test_what_cannot_be_taken_apart_is_one_object(
    tmp_path: Path, file: bytes, kind: str
) -> None:
    """Byte for byte as it came."""
    store = ObjectStore.in_folder(tmp_path)
    audio = await taken_in(store, file)
    assert (audio.media_type, audio.samples) == (kind, None)
    assert await opened(store, audio) == [file]
    assert len([one async for one in store.each(WORKSPACE)]) == 1


@asynchronous
async def test_nothing_of_it_lies_there_in_the_clear(tmp_path: Path) -> None:
    """Whoever has the folder has nothing."""
    store = ObjectStore.in_folder(tmp_path)
    await taken_in(store, MP3)
    (found,) = [one async for one in store.each(WORKSPACE)]
    assert MP3[1000:1016] not in (tmp_path / found.name).read_bytes()


@pytest.mark.parametrize("content", [b"", b"<html>", b'{"code": 20404}', b"RIFF"])
@asynchronous
async def test_what_is_no_audio_is_not_kept(tmp_path: Path, content: bytes) -> None:
    """Whatever its sender calls it; and nothing of it is left behind."""
    store = ObjectStore.in_folder(tmp_path)
    with pytest.raises(CannotKeep) as raised:
        await taken_in(store, content)
    assert raised.value.reason is FetchFailure.not_audio
    assert [one async for one in store.each(WORKSPACE)] == []


@pytest.mark.parametrize("file", [STEREO, wave_file(FIRST)])
@asynchronous
async def test_a_file_that_speaks_of_more_than_came_is_not_whole(
    tmp_path: Path, file: bytes
) -> None:
    """A server that tells too small a size would otherwise cut a conversation short."""
    store = ObjectStore.in_folder(tmp_path)
    for length in (len(file) - 1, 60_000, 50):
        with pytest.raises(CannotKeep) as raised:
            await taken_in(store, file[:length])
        assert raised.value.reason is FetchFailure.broken_off
    assert [one async for one in store.each(WORKSPACE)] == []


@asynchronous
async def test_what_the_store_does_not_hold_is_noticed(tmp_path: Path) -> None:
    """Changed, cut short, longer, or not there at all."""
    store = ObjectStore.in_folder(tmp_path)
    audio = await taken_in(store, STEREO)
    track = audio.tracks[0]
    path = tmp_path / track.name
    whole = path.read_bytes()
    for changed in (whole[:-1], whole + b"\0", whole[:500] + b"\0" + whole[501:]):
        path.write_bytes(changed)
        with pytest.raises(CannotKeep, match="not_kept"):
            await verify(store, track)
    path.unlink()
    with pytest.raises(CannotKeep, match="not_kept"):
        await verify(store, track)
