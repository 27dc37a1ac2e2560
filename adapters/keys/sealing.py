"""Sealing one personal value under two locks. Pure: bytes in, bytes out.

A value opens only with its subject's key *and* its bucket's key (erasure destroys the
one, expiry the other), and only in the place it was sealed for: workspace, stream,
version, event name and schema version, field, subjects, category and bucket are bound
in as associated data, each with its length before it, so that no two places read alike.

AES-GCM does not commit to its key: a box can be made that opens under two. So a key check
is derived beside the key and compared first, and the history keeps a hash of both.
"""

import hashlib
import hmac
import os
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.errors import IntegrityAlarm

FORMAT: Final = b"\x01"
"""The first byte of a box: AES-256-GCM under HKDF-SHA512, as below. A new way, a new byte."""

KEY_BYTES: Final = 32
_IN_EPOCH: Final = b"\x02"
"""The first byte of what was wrapped in an epoch; its number, of four bytes, follows."""

_HEADER_BYTES: Final = 1 + 4
_NONCE_BYTES: Final = 12
_SALT: Final = b"ringledger/box/v1"


class Place(NamedTuple):
    """Where a value belongs. All of it is bound into the seal, as it was when sealed."""

    workspace_id: UUID
    stream_id: UUID
    version: int
    name: str
    schema_version: int
    field: str
    subjects: tuple[UUID, ...]
    category: str
    bucket: UUID

    def associated(self) -> bytes:
        """The associated data."""
        return associated(
            context_of(self.workspace_id, self.stream_id),
            self.version,
            self.name,
            self.schema_version,
            self.field,
            b"".join([subject.bytes for subject in self.subjects]),
            self.category,
            self.bucket.bytes,
        )


def associated(
    context: bytes,
    version: int,
    name: str,
    schema_version: int,
    field: str,
    subjects: bytes,
    category: str,
    bucket: bytes,
) -> bytes:
    """What is bound into a seal: unambiguous, because every part carries its length."""
    # Written out, with constants for the lengths that are fixed: every value opened needs it.
    return b"".join(
        (
            _FORMAT_PART,
            context,
            _EIGHT,
            version.to_bytes(8, "big"),
            _text(name),
            _FOUR,
            schema_version.to_bytes(4, "big"),
            _text(field),
            len(subjects).to_bytes(4, "big"),
            subjects,
            _text(category),
            _SIXTEEN,
            bucket,
        )
    )


class Locks(NamedTuple):
    """The keys of one call's values under one pair of locks.

    They differ from call to call, so that a legal hold can keep one call's and no other's.
    """

    cipher: AESGCM
    key_check: bytes


class Box(NamedTuple):
    """A sealed value and what tells its key."""

    sealed: bytes
    key_check: bytes

    @property
    def commitment(self) -> str:
        """What the history holds: it proves the box, and tells nothing once the box is gone."""
        sealed, key_check = self
        length = len(sealed).to_bytes(4, "big")
        return hashlib.sha256(b"".join((length, sealed, _THIRTY_TWO, key_check))).hexdigest()


_FOUR, _EIGHT, _SIXTEEN, _THIRTY_TWO = (n.to_bytes(4, "big") for n in (4, 8, 16, 32))


def new_key() -> bytes:
    """A key from the system's random source."""
    return os.urandom(KEY_BYTES)


def prefixed(parts: Iterable[bytes]) -> bytes:
    """The parts, each after its length: two different lists never give the same bytes."""
    return b"".join([piece for part in parts for piece in (len(part).to_bytes(4, "big"), part)])


_FORMAT_PART: Final = prefixed((FORMAT,))


@lru_cache(maxsize=1024)
def _text(text: str) -> bytes:
    """A name of ours (an event, a field, a category) as a part; there are few of them."""
    return prefixed((text.encode(),))


def derive(key: bytes, info: bytes) -> bytes:
    """One 32-byte block of HKDF-Expand with SHA-256 (RFC 5869)."""
    return hmac.digest(key, info + b"\x01", "sha256")


def locks(
    subject_keys: Iterable[bytes], bucket_key: bytes, workspace_id: UUID, stream_id: UUID
) -> Locks:
    """Derive what seals and opens this stream's values of these subjects in this bucket."""
    return locks_of(secret_of(subject_keys, bucket_key), context_of(workspace_id, stream_id))


def secret_of(subject_keys: Iterable[bytes], bucket_key: bytes) -> bytes:
    """What two locks come to together, for every stream: HKDF-Extract with SHA-512 (RFC 5869)."""
    return hmac.digest(_SALT, prefixed((*subject_keys, bucket_key)), "sha512")


def context_of(workspace_id: UUID, stream_id: UUID) -> bytes:
    """What tells one stream's keys from another's."""
    return context(workspace_id.bytes, stream_id.bytes)


def context(workspace: bytes, stream: bytes) -> bytes:
    """The same from their bytes."""
    return b"".join((_SIXTEEN, workspace, _SIXTEEN, stream))


def locks_of(secret: bytes, context: bytes) -> Locks:
    """The keys of one stream."""
    return locks_in(block_of(secret, context))


def block_of(secret: bytes, context: bytes) -> bytes:
    """The same before they are told apart: one block of HKDF-Expand, and what goes into escrow."""
    return hmac.digest(secret, context + b"\x01", "sha512")


def locks_in(block: bytes) -> Locks:
    """Half of the block is the key, half the check."""
    return Locks(AESGCM(block[:KEY_BYTES]), block[KEY_BYTES:])


def seal(value: bytes, place: Place, keys: Locks) -> Box:
    """Seal a value for its place, under a nonce never used before."""
    nonce = os.urandom(_NONCE_BYTES)
    sealed = keys.cipher.encrypt(nonce, value, place.associated())
    return Box(FORMAT + nonce + sealed, keys.key_check)


def open_box(box: Box, place: Place, keys: Locks) -> bytes:
    """Open a box in its place.

    Raises:
        IntegrityAlarm: The box, its place or its key is not what was sealed.
    """
    return open_bound(box, place.associated(), keys)


def open_bound(box: Box, associated: bytes, keys: Locks) -> bytes:
    """Open a box into which this is bound. See ``open_box``."""
    if box.sealed[:1] != FORMAT or not hmac.compare_digest(box.key_check, keys.key_check):
        raise IntegrityAlarm("key_check")
    nonce, sealed = box.sealed[1 : 1 + _NONCE_BYTES], box.sealed[1 + _NONCE_BYTES :]
    return _open(keys.cipher, nonce, sealed, associated)


def wrap(key: bytes, under: AESGCM, purpose: str, owner: UUID, epoch: int = 0) -> bytes:
    """Wrap a key (or a small secret) under another, bound to its purpose and its owner."""
    nonce, header = os.urandom(_NONCE_BYTES), header_of(epoch)
    return header + nonce + under.encrypt(nonce, key, bound(header, purpose, owner.bytes))


def unwrap(wrapped: bytes, under: AESGCM, purpose: str, owner: UUID) -> bytes:
    """Unwrap a key; ``IntegrityAlarm`` if it is not what was wrapped for this owner."""
    start = len(header_of(epoch_of(wrapped)))
    nonce, sealed = wrapped[start : start + _NONCE_BYTES], wrapped[start + _NONCE_BYTES :]
    return _open(under, nonce, sealed, bound(wrapped[:start], purpose, owner.bytes))


def header_of(epoch: int) -> bytes:
    """How whatever is wrapped in this epoch begins. Epoch 0 was before there were any."""
    return _IN_EPOCH + epoch.to_bytes(4, "big") if epoch else FORMAT


def epoch_of(wrapped: bytes) -> int:
    """In which epoch it was wrapped."""
    if wrapped[:1] != _IN_EPOCH:
        return 0
    return int.from_bytes(wrapped[1:_HEADER_BYTES], "big")


def bound(header: bytes, purpose: str, owner: bytes) -> bytes:
    """What a wrapped key is bound to."""
    return prefixed((header, purpose.encode(), owner))


def _open(cipher: AESGCM, nonce: bytes, sealed: bytes, associated: bytes) -> bytes:
    try:
        return cipher.decrypt(nonce, sealed, associated)
    except (InvalidTag, ValueError):
        raise IntegrityAlarm("authentication") from None
