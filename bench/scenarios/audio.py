"""Audio: sealing and storing it against a plain copy, and how much memory that takes."""

import asyncio
import os
import sys
import tempfile
from asyncio.subprocess import PIPE
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from typing import Final

from adapters.objects.store import ObjectStore, new_name
from adapters.recordings.tracks import SealedAudio, intake, verify
from bench.flat import PART_BYTES, RECORDING, WORKSPACE, parts_of
from bench.ground import Ground
from bench.measure import Bar, Found, Measurement, Run, in_turn, rate
from bench.sizes import Sizes

MEGABYTE: Final = 1_000_000
THROUGHPUT: Final = Bar(">=", 0.5)
MEMORY: Final = Bar("<=", 64, "MB")


async def against_copy(_ground: Ground, sizes: Sizes) -> Found:
    """A file of two channels becomes two sealed tracks, or another file; durably, either way."""
    with tempfile.TemporaryDirectory(prefix="ringledger-audio-") as name:
        source, copy = Path(name) / "source.wav", Path(name) / "copy.wav"
        _write(source, sizes.audio_bytes)
        store = ObjectStore.in_folder(Path(name) / "objects")

        def timed(work: Callable[[], Awaitable[object]]) -> Run:
            return lambda: rate(sizes.audio_bytes // MEGABYTE, work)

        ours, read_back, other = await in_turn(
            timed(lambda: _seal(store, source)),
            timed(lambda: _seal(store, source, is_read_back=True)),
            timed(lambda: asyncio.to_thread(_copy, source, copy)),
            runs=sizes.runs,
        )
    versus = "the same file, read and written and put on the disk"
    besides = {"read_back_too_mb_per_s": median(read_back)}
    return {"audio": Measurement("MB/s", versus, ours, other, THROUGHPUT, besides)}


async def memory(_ground: Ground, sizes: Sizes) -> Found:
    """Beyond the start, in a program that keeps it, reads it back and plays it."""
    program = (sys.executable, "-m", "bench.flat", str(sizes.long_audio_bytes))
    process = await asyncio.create_subprocess_exec(*program, stdout=PIPE)
    said, _ = await process.communicate()
    versus = f"{sizes.long_audio_bytes // MEGABYTE:,} MB of audio"
    return {"audio_memory": Measurement("MB", versus, [float(said)], bar=MEMORY)}


async def _seal(store: ObjectStore, source: Path, *, is_read_back: bool = False) -> None:
    audio = await _taken_in(store, source)
    for track in audio.tracks:
        if is_read_back:
            await verify(store, track)
        await store.delete(track.name)


async def _taken_in(store: ObjectStore, source: Path) -> SealedAudio:
    names = new_name(WORKSPACE), new_name(WORKSPACE)
    with source.open("rb") as file:
        async with intake(store, WORKSPACE, RECORDING, names) as into:
            while part := file.read(PART_BYTES):
                await into.add(part)
            return await into.finish()


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as file, target.open("wb") as copy:
        while part := file.read(PART_BYTES):
            copy.write(part)
        copy.flush()
        os.fsync(copy.fileno())
    target.unlink()


def _write(path: Path, size: int) -> None:
    with path.open("wb") as file:
        file.writelines(parts_of(size))
