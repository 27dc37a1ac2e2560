"""Sealing audio in chunks, so that any part of it opens alone. Pure: bytes in, bytes out.

One track of a recording is one sealed object: a header, then its chunks. Each track has a key of
its own, made at random, which is a personal value like any other: it lies in the vault, locked by
the parties' keys and the bucket's. This module knows nothing of them.

The chunks are the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015): each is sealed
by AES-256-GCM under a nonce that holds its number and whether it is the last. So none can be left
out, added, repeated, exchanged or cut off without the tag telling. AES-GCM does not commit to its
key: a key check in the header does.
"""

import hmac
import os
from typing import Final, NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.keys.sealing import KEY_BYTES, prefixed
from domain.errors import IntegrityAlarm

FORMAT: Final = b"RLA\x01"
"""How every sealed track begins. A new way to seal, another last byte."""

CHUNK_BYTES: Final = 64 * 1024
TAG_BYTES: Final = 16
_SALT_BYTES: Final = 16
_SIZE: Final = slice(4, 8)
_SALTED: Final = 8 + _SALT_BYTES
HEADER_BYTES: Final = _SALTED + 32
"""Format, chunk size (4 bytes, big-endian), salt, key check."""

_PURPOSE: Final = b"ringledger/audio/v1"


class TrackPlace(NamedTuple):
    """Where a track belongs. All of it is bound into its seal."""

    workspace_id: UUID
    recording_id: UUID
    track: int
    """0, or 1 for the second channel's."""


class Layout(NamedTuple):
    """Where the chunks of so much audio lie in its sealed object."""

    audio_bytes: int
    chunk_bytes: int = CHUNK_BYTES

    @property
    def chunks(self) -> int:
        """How many there are; audio of no bytes is one empty chunk."""
        return max(1, -(-self.audio_bytes // self.chunk_bytes))

    @property
    def sealed_bytes(self) -> int:
        """The size of the sealed object."""
        return HEADER_BYTES + self.audio_bytes + self.chunks * TAG_BYTES

    def chunk_of(self, byte: int) -> int:
        """The number of the chunk that holds this byte of the audio."""
        return min(byte // self.chunk_bytes, self.chunks - 1)

    def span(self, first: int, last: int) -> tuple[int, int]:
        """From which byte of the object to before which these chunks lie, both included."""
        sealed_chunk = self.chunk_bytes + TAG_BYTES
        end = HEADER_BYTES + (last + 1) * sealed_chunk
        return HEADER_BYTES + first * sealed_chunk, min(end, self.sealed_bytes)


class TrackSealer:
    """Seals a track as its audio comes in. It holds back at most one chunk."""

    def __init__(
        self,
        key: bytes,
        place: TrackPlace,
        *,
        salt: bytes | None = None,
        chunk_bytes: int = CHUNK_BYTES,
    ) -> None:
        salted = FORMAT + chunk_bytes.to_bytes(4, "big") + (salt or os.urandom(_SALT_BYTES))
        self._cipher, check = _derive(key, place, salted)
        self.header: Final = salted + check
        """How the object begins; the chunks follow."""

        self.audio_bytes = 0
        self.chunks = 0
        self._chunk_bytes = chunk_bytes
        self._waiting = bytearray()

    def add(self, audio: bytes) -> list[bytes]:
        """Take more of the audio; the chunks that are full by then, sealed.

        What can be sealed where it lies is not copied before.
        """
        self.audio_bytes += len(audio)
        sealed, rest = list[bytes](), memoryview(audio)
        while rest:
            if len(self._waiting) == self._chunk_bytes:
                sealed.append(self._seal(self._waiting))
                self._waiting.clear()
            # The last chunk looks different: the one that may be it is held back.
            if not self._waiting and len(rest) > self._chunk_bytes:
                sealed.append(self._seal(rest[: self._chunk_bytes]))
                rest = rest[self._chunk_bytes :]
                continue
            room = self._chunk_bytes - len(self._waiting)
            self._waiting += rest[:room]
            rest = rest[room:]
        return sealed

    def finish(self) -> bytes:
        """The last chunk. Nothing can be added after it."""
        return self._seal(self._waiting, is_last=True)

    def _seal(self, chunk: bytearray | memoryview, *, is_last: bool = False) -> bytes:
        nonce, self.chunks = _nonce(self.chunks, is_last=is_last), self.chunks + 1
        return self._cipher.encrypt(nonce, chunk, None)


class TrackOpener:
    """Opens any chunk of a sealed track of which the size is known from elsewhere."""

    def __init__(self, key: bytes, place: TrackPlace, header: bytes, audio_bytes: int) -> None:
        """Check the header.

        Raises:
            IntegrityAlarm: It is no header, or not this key's or this place's.
        """
        if len(header) != HEADER_BYTES or header[:4] != FORMAT:
            raise IntegrityAlarm("audio header")
        self._cipher, check = _derive(key, place, header[:_SALTED])
        if not hmac.compare_digest(check, header[_SALTED:]):
            raise IntegrityAlarm("key_check")
        self.layout = Layout(audio_bytes, int.from_bytes(header[_SIZE], "big"))

    def open(self, number: int, sealed: bytes) -> bytes:
        """Open the chunk of this number.

        Raises:
            IntegrityAlarm: It is not that chunk of this track, or the audio has another length.
        """
        is_last = number == self.layout.chunks - 1
        try:
            return self._cipher.decrypt(_nonce(number, is_last=is_last), sealed, None)
        except (InvalidTag, ValueError):
            raise IntegrityAlarm("authentication") from None

    def open_all(self, first: int, last: int, sealed: bytes) -> bytes:
        """Open the chunks from one number to another, both included, which lie side by side.

        Raises:
            IntegrityAlarm: As above, or one of them is missing.
        """
        start, end = self.layout.span(first, last)
        if len(sealed) != end - start:
            raise IntegrityAlarm("audio is cut short")
        step = self.layout.chunk_bytes + TAG_BYTES
        parts = (sealed[place : place + step] for place in range(0, len(sealed), step))
        return b"".join([self.open(number, part) for number, part in enumerate(parts, first)])


def _derive(key: bytes, place: TrackPlace, salted: bytes) -> tuple[AESGCM, bytes]:
    """HKDF with SHA-512 (RFC 5869): half of a block is the cipher's key, half its check."""
    workspace_id, recording_id, track = place
    secret = hmac.digest(_PURPOSE, key, "sha512")
    parts = (salted, workspace_id.bytes, recording_id.bytes, track.to_bytes(4, "big"))
    block = hmac.digest(secret, prefixed(parts) + b"\x01", "sha512")
    return AESGCM(block[:KEY_BYTES]), block[KEY_BYTES:]


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if is_last else b"\x00")
