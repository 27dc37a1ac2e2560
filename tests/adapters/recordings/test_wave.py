"""A WAVE file of two channels comes apart while it streams, and together again."""

import io
import wave
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from waves import MP3, channels_of, chunk, samples, wave_file

from adapters.recordings.wave import (
    Separator,
    can_be_separated,
    head_of,
    joined,
    read_head,
    silence,
)
from domain.recordings.events import Samples

FIRST, SECOND = samples(1, 300), samples(40_001, 300)
FILE = wave_file(FIRST, SECOND)


def separated(file: bytes, cuts: list[int]) -> tuple[bytes, bytes]:
    """The channels of a file that comes in parts."""
    head = read_head(file)
    assert head is not None
    separator, places = Separator(head), sorted({head.start, len(file), *cuts})
    parts = [
        separator.add(file[one:other]) for one, other in pairwise(places) if one >= head.start
    ]
    return b"".join(one for one, _ in parts), b"".join(other for _, other in parts)


@given(st.lists(st.integers(0, len(FILE)), max_size=20))
def test_channels_come_apart_however_their_bytes_come_in(cuts: list[int]) -> None:
    """Between two bytes of one sample, too."""
    assert separated(FILE, cuts) == (FIRST, SECOND)


@pytest.mark.parametrize("width", [1, 2, 4])
def test_samples_of_any_usual_width(width: int) -> None:
    """Apart and together again."""
    first, second = samples(1, 99, width), samples(77, 99, width)
    file = wave_file(first, second, width=width)
    assert can_be_separated(read_head(file))
    assert separated(file, []) == (first, second)
    head = read_head(file)
    assert head is not None
    assert joined(first, second, width) == file[head.start :]


@pytest.mark.parametrize(("code", "width"), [(1, 1), (1, 2), (1, 4), (6, 1), (7, 1)])
def test_what_is_put_together_is_a_file_again(code: int, width: int) -> None:
    """Its head says of the samples what the first one said."""
    first, second = samples(1, 99, width), samples(77, 99, width)
    given = read_head(wave_file(first, second, width=width, code=code))
    assert given is not None
    made = head_of(given.samples, len(first) * 2) + joined(first, second, width)
    head = read_head(made)
    assert head is not None
    assert (head.samples, head.channels, head.length) == (given.samples, 2, len(first) * 2)
    assert channels_of(made, width) == (first, second)
    assert int.from_bytes(made[4:8], "little") == len(made) - 8


def test_others_read_it_too() -> None:
    """Python's own reader finds the same."""
    head = head_of(Samples(format_code=1, rate=8000, width=2), len(FIRST) * 2)
    with wave.open(io.BytesIO(head + joined(FIRST, SECOND, 2))) as file:
        assert file.getparams()[:4] == (2, 2, 8000, 300)
        assert file.readframes(300) == joined(FIRST, SECOND, 2)


def test_other_parts_of_a_file_are_passed_over() -> None:
    """Before the samples and after them; a remark has no voice."""
    file = wave_file(
        FIRST, SECOND, before=chunk(b"LIST", b"a remark!"), after=chunk(b"id3 ", b"x")
    )
    assert separated(file, [500]) == (FIRST, SECOND)


def test_a_length_that_nobody_knew_is_the_rest() -> None:
    """A recorder that streams does not know it yet."""
    for length in (0, 0xFFFFFFFF):
        assert separated(wave_file(FIRST, SECOND, length=length), []) == (FIRST, SECOND)


def test_a_sample_that_is_cut_off_is_no_sound() -> None:
    """The frames before it are all there."""
    file = wave_file(FIRST, SECOND, length=0) + b"\x01\x02\x03"
    assert separated(file, []) == (FIRST, SECOND)


def test_an_extensible_format_says_which_it_is() -> None:
    """Its number stands further back."""
    form = FILE[20:36].replace(b"\x01\x00", b"\xfe\xff", 1) + b"\x16\x00" + b"\x10\x00" + bytes(4)
    guid = b"\x01\x00\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"
    file = FILE[:16] + (40).to_bytes(4, "little") + form + guid + FILE[36:]
    assert can_be_separated(read_head(file))
    assert separated(file, []) == (FIRST, SECOND)


@pytest.mark.parametrize(
    "file",
    [
        MP3,
        b"",
        wave_file(FIRST),
        wave_file(FIRST, SECOND, FIRST),
        wave_file(samples(1, 99, 3), samples(9, 99, 3), width=3),
        wave_file(FIRST, SECOND, code=2),
        FILE[:30],
        b"RIFF\0\0\0\0WAVEdata\x10\0\0\0",
        b"RIFF\0\0\0\0WAVEfmt \x04\0\0\0abcddata\x10\0\0\0",
        wave_file(FIRST, SECOND, before=chunk(b"LIST", bytes(2**16)))[: 2**16],
    ],
)
def test_what_cannot_be_taken_apart_is_left_whole(file: bytes) -> None:
    """One channel, three, no WAVE file, or one whose silence nobody knows."""
    assert not can_be_separated(read_head(file))


@given(st.binary(max_size=200))
def test_any_beginning_is_answered(begun: bytes) -> None:
    """Whatever stands there."""
    read_head(b"RIFF\0\0\0\0WAVE" + begun)
    read_head(begun)


@pytest.mark.parametrize(
    ("code", "width", "quiet"), [(1, 1, 0x80), (1, 2, 0), (1, 4, 0), (6, 1, 0xD5), (7, 1, 0xFF)]
)
def test_nothing_is_heard_in_silence(code: int, width: int, quiet: int) -> None:
    """Each format has its own: zero bytes would be a bang in some of them."""
    of = Samples(format_code=code, rate=8000, width=width)
    assert silence(of, 8) == bytes([quiet]) * 8
