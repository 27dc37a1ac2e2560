"""Audio for tests: WAVE files whose every sample tells whose it is."""

import struct
from array import array
from typing import Final

FRAMES: Final = 40_000


def samples(first: int, frames: int = FRAMES, width: int = 2) -> bytes:
    """So many samples of one channel, no two neighbours alike."""
    top = 2 ** (8 * width)
    return b"".join(((first + n) % top).to_bytes(width, "little") for n in range(frames))


def wave_file(
    *channels: bytes,
    width: int = 2,
    rate: int = 8000,
    code: int = 1,
    length: int | None = None,
    before: bytes = b"",
    after: bytes = b"",
) -> bytes:
    """A file of these channels; ``length`` is what it says of its samples, if not the truth."""
    data = bytearray(sum(map(len, channels)))
    step = width * len(channels)
    for number, channel in enumerate(channels):
        for byte in range(width):
            data[number * width + byte :: step] = channel[byte::width]
    form = struct.pack("<HHIIHH", code, len(channels), rate, rate * step, step, width * 8)
    said = len(data) if length is None else length
    body = b"WAVE" + _chunk(b"fmt ", form) + before + b"data" + _size(said) + bytes(data) + after
    return b"RIFF" + _size(len(body)) + body


def channels_of(file: bytes, width: int = 2) -> tuple[bytes, bytes]:
    """The two channels of a file that was made by nobody who knows this one."""
    start = file.index(b"data") + 8
    code = {1: "B", 2: "H", 4: "I"}[width]
    found = array(code, file[start:])
    return found[0::2].tobytes(), found[1::2].tobytes()


def chunk(name: bytes, content: bytes) -> bytes:
    """A part of such a file that says something else."""
    return _chunk(name, content) + b"\x00" * (len(content) % 2)


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + _size(len(content)) + content


def _size(length: int) -> bytes:
    return length.to_bytes(4, "little")


MP3: Final = b"ID3" + bytes(range(256)) * 700
"""What passes for compressed audio."""
