"""Takes a WAVE file of two channels apart while it streams, and puts it together again. Pure.

What is not such a file is left whole: it can still be kept, but erasing either party ends it.
"""

import struct
from typing import Final, NamedTuple

import numpy as np

from domain.recordings.events import Samples

LONGEST_HEAD: Final = 64 * 1024
"""The samples of a file begin before this, or it is left whole."""

CHANNELS: Final = 2
_PCM, _A_LAW, _MU_LAW, _EXTENSIBLE = 1, 6, 7, 0xFFFE
_SILENCE: Final = {_A_LAW: b"\xd5", _MU_LAW: b"\xff"}
_WIDTHS: Final = {1: "u1", 2: "u2", 4: "u4"}
_BYTE: Final = 8
_FORMAT: Final = struct.Struct("<HHIIHH")
_UNTOLD: Final = 0xFFFFFFFF
_LARGEST: Final = 0xFFFFFFFF


class Head(NamedTuple):
    """What stands before the samples."""

    samples: Samples
    channels: int
    start: int
    """Of the samples, in the file."""

    length: int | None
    """Of the samples in bytes; ``None`` where they go on to the end."""


def read_head(begun: bytes) -> Head | None:
    """Read how a file begins; ``None`` while, or where, it does not tell how its samples look."""
    if begun[:4] != b"RIFF" or begun[8:12] != b"WAVE":
        return None
    place, form = 12, None
    while len(begun) >= place + 8:
        name, size = (
            begun[place : place + 4],
            int.from_bytes(begun[place + 4 : place + 8], "little"),
        )
        place += 8
        if name == b"data":
            length = None if size in (0, _UNTOLD) else size
            return Head(*form, place, length) if form else None
        if name == b"fmt " and len(begun) >= place + size:
            form = _read_format(begun[place : place + size])
        place += size + size % 2
    return None


def _read_format(chunk: bytes) -> tuple[Samples, int] | None:
    if len(chunk) < _FORMAT.size:
        return None
    code, channels, rate, _, align, bits = _FORMAT.unpack_from(chunk)
    if code == _EXTENSIBLE and len(chunk) >= _FORMAT.size + 10:
        code = int.from_bytes(chunk[24:26], "little")
    width = bits // _BYTE
    if not channels or align != channels * width:
        return None
    return Samples(format_code=code, rate=rate, width=width), channels


def can_be_separated(head: Head | None) -> bool:
    """Whether it has two channels, of samples that we know the silence of."""
    if head is None or head.channels != CHANNELS:
        return False
    code, width = head.samples.format_code, head.samples.width
    return (code == _PCM and width in _WIDTHS) or (code in _SILENCE and width == 1)


class Separator:
    """Takes the samples of two channels apart, however their bytes come in."""

    def __init__(self, head: Head) -> None:
        self._width = head.samples.width
        self._left = head.length
        self._rest = b""

    def add(self, part: bytes) -> tuple[bytes, bytes]:
        """The samples of each channel in this part; what follows the last one is dropped.

        A sample that is cut off at the very end is no sound, and is dropped too.
        """
        if self._left is not None:
            part = part[: self._left]
            self._left -= len(part)
        whole = self._rest + part
        end = len(whole) - len(whole) % (CHANNELS * self._width)
        self._rest = whole[end:]
        samples = np.frombuffer(whole, _WIDTHS[self._width], end // self._width)
        return samples[0::CHANNELS].tobytes(), samples[1::CHANNELS].tobytes()


def joined(first: bytes, second: bytes, width: int) -> bytes:
    """The samples of two channels, by turns."""
    samples = np.empty(CHANNELS * len(first) // width, _WIDTHS[width])
    samples[0::CHANNELS] = np.frombuffer(first, _WIDTHS[width])
    samples[1::CHANNELS] = np.frombuffer(second, _WIDTHS[width])
    return samples.tobytes()


def silence(samples: Samples, length: int) -> bytes:
    """So many bytes of a channel in which nothing is heard."""
    if samples.format_code == _PCM and samples.width == 1:
        return b"\x80" * length  # samples of one byte have no sign
    return _SILENCE.get(samples.format_code, b"\x00") * length


def head_of(samples: Samples, length: int) -> bytes:
    """How a file of two channels begins that has ``length`` bytes of samples in all."""
    align = CHANNELS * samples.width
    form = _FORMAT.pack(
        samples.format_code,
        CHANNELS,
        samples.rate,
        samples.rate * align,
        align,
        samples.width * _BYTE,
    )
    fact = b""
    if samples.format_code != _PCM:
        form += b"\x00\x00"
        fact = _chunk(b"fact", min(length // align, _LARGEST).to_bytes(4, "little"))
    body = b"WAVE" + _chunk(b"fmt ", form) + fact + b"data" + _size(length)
    return b"RIFF" + _size(len(body) + length) + body


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + _size(len(content)) + content


def _size(length: int) -> bytes:
    """As a RIFF file has it. One beyond 4 GiB says the most that it can, as recorders do."""
    return min(length, _LARGEST).to_bytes(4, "little")
