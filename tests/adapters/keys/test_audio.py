"""Sealed audio: any part opens alone, in its own place only, and whatever is changed shows."""

import json
from itertools import chain
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from adapters.keys.audio import (
    CHUNK_BYTES,
    HEADER_BYTES,
    TAG_BYTES,
    Layout,
    TrackOpener,
    TrackPlace,
    TrackSealer,
)
from adapters.keys.sealing import new_key
from domain.errors import IntegrityAlarm

VECTORS: Final[list[dict[str, Any]]] = json.loads(
    (Path(__file__).parents[2] / "golden" / "audio.json").read_text()
)["tracks"]
PLACE: Final = TrackPlace(uuid4(), uuid4(), 0)
KEY: Final = new_key()
SMALL: Final = 16
"""A chunk in most of these tests, so that little audio has many."""

AUDIO: Final = bytes(range(SMALL * 4 + 5))


def sealed(audio: bytes, *, key: bytes = KEY, place: TrackPlace = PLACE) -> bytes:
    """The object that this audio comes to, in one go."""
    sealer = TrackSealer(key, place, chunk_bytes=SMALL)
    return b"".join([sealer.header, *sealer.add(audio), sealer.finish()])


def opened(track: bytes, size: int, *, key: bytes = KEY, place: TrackPlace = PLACE) -> bytes:
    """The audio that an object holds, if it is so long."""
    opener = TrackOpener(key, place, track[:HEADER_BYTES], size)
    return opener.open_all(0, opener.layout.chunks - 1, track[HEADER_BYTES:])


@given(st.lists(st.binary(max_size=50), max_size=12))
def test_what_was_sealed_in_any_parts_opens(parts: list[bytes]) -> None:
    """However the audio came in, the object has the size that was foretold, and opens."""
    sealer = TrackSealer(KEY, PLACE, chunk_bytes=SMALL)
    track = b"".join([sealer.header, *chain(*map(sealer.add, parts)), sealer.finish()])
    audio = b"".join(parts)
    layout = Layout(len(audio), SMALL)
    assert (sealer.audio_bytes, sealer.chunks) == (len(audio), layout.chunks)
    assert len(track) == layout.sealed_bytes
    assert opened(track, len(audio)) == audio


@pytest.mark.parametrize("size", [CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])
def test_the_usual_chunks_have_their_bounds_right(size: int) -> None:
    """A full last chunk is the last one: none that is empty follows it."""
    sealer = TrackSealer(KEY, PLACE)
    track = b"".join([sealer.header, *sealer.add(bytes(size)), sealer.finish()])
    assert len(track) == HEADER_BYTES + size + -(-size // CHUNK_BYTES) * TAG_BYTES
    assert opened(track, size) == bytes(size)


@given(st.integers(0, len(AUDIO) - 1), st.integers(0, len(AUDIO) - 1))
def test_any_part_opens_alone(one: int, other: int) -> None:
    """From the chunks that hold them, and no others, any bytes are read."""
    first, last = sorted((one, other))
    track = sealed(AUDIO)
    opener = TrackOpener(KEY, PLACE, track[:HEADER_BYTES], len(AUDIO))
    layout = opener.layout
    chunks = layout.chunk_of(first), layout.chunk_of(last)
    start, end = layout.span(*chunks)
    audio = opener.open_all(*chunks, track[start:end])
    skipped = chunks[0] * SMALL
    assert audio[first - skipped : last + 1 - skipped] == AUDIO[first : last + 1]
    assert end - start <= (chunks[1] - chunks[0] + 1) * (SMALL + TAG_BYTES)


@given(st.data())
def test_any_flipped_bit_is_an_alarm(data: st.DataObject) -> None:
    """Of the header, a chunk or a tag: no bit may change."""
    track = sealed(AUDIO)
    bit = data.draw(st.integers(0, 8 * len(track) - 1))
    tampered = bytearray(track)
    tampered[bit // 8] ^= 1 << bit % 8
    with pytest.raises(IntegrityAlarm):
        opened(bytes(tampered), len(AUDIO))


@pytest.mark.parametrize("length", range(len(sealed(AUDIO))))
def test_audio_cut_short_is_an_alarm(length: int) -> None:
    """Cut anywhere, and between two chunks too, whatever length its entry tells."""
    track = sealed(AUDIO)[:length]
    whole_chunks = max(0, length - HEADER_BYTES) // (SMALL + TAG_BYTES)
    for size in (len(AUDIO), whole_chunks * SMALL, max(0, whole_chunks - 1) * SMALL):
        with pytest.raises(IntegrityAlarm):
            opened(track, size)


@given(st.permutations(range(5)))
def test_chunks_in_another_order_are_an_alarm(order: list[int]) -> None:
    """None can be exchanged with another, not even with one of the same audio."""
    track = sealed(bytes(SMALL * 5))
    step = SMALL + TAG_BYTES
    chunks = [track[HEADER_BYTES + n * step : HEADER_BYTES + (n + 1) * step] for n in order]
    shuffled = track[:HEADER_BYTES] + b"".join(chunks)
    if order == sorted(order):
        assert opened(shuffled, SMALL * 5) == bytes(SMALL * 5)
    else:
        with pytest.raises(IntegrityAlarm):
            opened(shuffled, SMALL * 5)


def test_a_repeated_or_a_missing_chunk_is_an_alarm() -> None:
    """Even where the length in the entry was changed to match."""
    track, step = sealed(AUDIO), SMALL + TAG_BYTES
    head, chunks = track[:HEADER_BYTES], track[HEADER_BYTES:]
    for changed, size in (
        (chunks[:step] + chunks, len(AUDIO) + SMALL),
        (chunks[step:], len(AUDIO) - SMALL),
    ):
        with pytest.raises(IntegrityAlarm):
            opened(head + changed, size)


@pytest.mark.parametrize(
    "elsewhere",
    [
        PLACE._replace(workspace_id=uuid4()),
        PLACE._replace(recording_id=uuid4()),
        PLACE._replace(track=1),
    ],
    ids=["workspace", "recording", "track"],
)
def test_a_track_opens_in_its_own_place_only(elsewhere: TrackPlace) -> None:
    """One part of the place is another one: an alarm, even with the right key."""
    with pytest.raises(IntegrityAlarm):
        opened(sealed(AUDIO), len(AUDIO), place=elsewhere)


def test_a_wrong_key_is_told_before_anything_is_opened() -> None:
    """By its check, which binds the object to one key as the tag alone does not."""
    with pytest.raises(IntegrityAlarm, match="key_check"):
        TrackOpener(new_key(), PLACE, sealed(AUDIO)[:HEADER_BYTES], len(AUDIO))


def test_chunks_of_two_objects_do_not_mix() -> None:
    """The same audio sealed twice under one key is two objects: each has a salt of its own."""
    one, other = sealed(AUDIO), sealed(AUDIO)
    assert one[HEADER_BYTES:] != other[HEADER_BYTES:]
    with pytest.raises(IntegrityAlarm):
        opened(one[:HEADER_BYTES] + other[HEADER_BYTES:], len(AUDIO))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["title"])
def test_the_golden_tracks_open_and_are_made_the_same(vector: dict[str, Any]) -> None:
    """What the first release sealed opens in every later one, which seals it to the same bytes."""
    place = TrackPlace(UUID(vector["workspace_id"]), UUID(vector["recording_id"]), vector["track"])
    key, track = bytes.fromhex(vector["key"]), bytes.fromhex(vector["object"])
    audio = bytes.fromhex(vector["audio"])
    assert opened(track, len(audio), key=key, place=place) == audio
    salt, chunk_bytes = bytes.fromhex(vector["salt"]), vector["chunk_bytes"]
    sealer = TrackSealer(key, place, salt=salt, chunk_bytes=chunk_bytes)
    assert b"".join([sealer.header, *sealer.add(audio), sealer.finish()]) == track


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["title"])
def test_the_golden_tracks_follow_their_own_recipe(vector: dict[str, Any]) -> None:
    """The steps in the file, taken one by one without our code, lead to what the file holds."""
    size = vector["chunk_bytes"]
    salted = b"RLA\x01" + size.to_bytes(4, "big") + bytes.fromhex(vector["salt"])
    ids = (UUID(vector[name]).bytes for name in ("workspace_id", "recording_id"))
    parts = (salted, *ids, vector["track"].to_bytes(4, "big"))
    context = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    hkdf = HKDF(SHA512(), length=64, salt=b"ringledger/audio/v1", info=context)
    block = hkdf.derive(bytes.fromhex(vector["key"]))
    audio = bytes.fromhex(vector["audio"])
    chunks = [audio[n : n + size] for n in range(0, len(audio), size)] or [b""]
    track = salted + block[32:]
    for number, chunk in enumerate(chunks):
        flag = bytes([number == len(chunks) - 1])
        track += AESGCM(block[:32]).encrypt(number.to_bytes(11, "big") + flag, chunk, None)
    assert track.hex() == vector["object"]
