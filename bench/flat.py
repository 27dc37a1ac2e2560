"""Keeps and plays so much audio, and says how much memory that took beyond the start.

A program of its own: ``python -m bench.flat 2147483648``. The audio is made as it is needed.
"""

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from uuid import uuid4

from adapters.objects.store import ObjectStore, new_name
from adapters.recordings.owners import TrackKey, locked
from adapters.recordings.playing import Playable, play
from adapters.recordings.tracks import SealedAudio, intake, verify
from adapters.recordings.wave import head_of
from domain.personal_data import Category, Clear, Reading, ReadingState
from domain.recordings.events import RecordingStored, Samples

PART_BYTES: Final = 256 * 1024
SAMPLES: Final = Samples(format_code=1, rate=8000, width=2)
WORKSPACE, RECORDING = uuid4(), uuid4()
WARM_BYTES: Final = 4 * 1024 * 1024
_MB: Final = 1024
_PEAK: Final = re.compile(r"^VmHWM:\s+([0-9]+) kB$", re.MULTILINE)


def parts_of(size: int) -> Iterator[bytes]:
    """A WAVE file with ``size`` bytes of two channels, part by part."""
    noise = os.urandom(PART_BYTES)
    yield head_of(SAMPLES, size)
    for _ in range(size // PART_BYTES):
        yield noise


async def keep(store: ObjectStore, size: int) -> SealedAudio:
    """Seal and store it, and read it back."""
    names = new_name(WORKSPACE), new_name(WORKSPACE)
    async with intake(store, WORKSPACE, RECORDING, names) as into:
        for part in parts_of(size):
            await into.add(part)
        audio = await into.finish()
    for track in audio.tracks:
        await verify(store, track)
    return audio


async def listen(store: ObjectStore, audio: SealedAudio) -> int:
    """Play all of it; how many bytes that was."""
    stored = RecordingStored(
        media_type=audio.media_type,
        tracks=audio.tracks,
        samples=audio.samples,
        first_key=Clear({}, Category.recording),
    )
    secrets = [Reading(ReadingState.value, locked(key, ()).key.value) for key in audio.keys]
    playable = Playable(stored, [TrackKey(secret, None) for secret in secrets])
    place, end = (WORKSPACE, RECORDING), playable.length
    return sum([len(part) async for part in play(store, *place, playable, 0, end)])


async def _growth(size: int) -> float:
    with tempfile.TemporaryDirectory(prefix="ringledger-flat-") as folder:
        store = ObjectStore.in_folder(Path(folder))
        await listen(store, await keep(store, WARM_BYTES))
        start = _peak()
        audio = await keep(store, size)
        heard = await listen(store, audio)
        assert heard > size - PART_BYTES
        return (_peak() - start) / _MB


def _peak() -> int:
    """The most memory so far, in kB. Not ``ru_maxrss``: that begins with our parent's."""
    found = _PEAK.search(Path("/proc/self/status").read_text())
    assert found, "the kernel tells no peak"
    return int(found[1])


if __name__ == "__main__":
    print(f"{asyncio.run(_growth(int(sys.argv[1]))):.1f}")
