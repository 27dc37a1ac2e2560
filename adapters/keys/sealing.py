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
from dataclasses import dataclass
from typing import Final, NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.errors import IntegrityAlarm

FORMAT: Final = b"\x01"
"""The first byte of every box: AES-256-GCM, HKDF-SHA256, as below. A new way gets a new byte."""

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_SALT: Final = b"ringledger/box/v1"


@dataclass(frozen=True, slots=True)
class Place:
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
        """The associated data: unambiguous, because every part carries its length."""
        return prefixed(
            (
                FORMAT,
                self.workspace_id.bytes,
                self.stream_id.bytes,
                self.version.to_bytes(8, "big"),
                self.name.encode(),
                self.schema_version.to_bytes(4, "big"),
                self.field.encode(),
                b"".join(subject.bytes for subject in self.subjects),
                self.category.encode(),
                self.bucket.bytes,
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
        return hashlib.sha256(prefixed((self.sealed, self.key_check))).hexdigest()


def new_key() -> bytes:
    """A key from the system's random source."""
    return os.urandom(KEY_BYTES)


def prefixed(parts: Iterable[bytes]) -> bytes:
    """The parts, each after its length: two different lists never give the same bytes."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def derive(key: bytes, info: bytes) -> bytes:
    """One 32-byte block of HKDF-Expand with SHA-256 (RFC 5869)."""
    return hmac.digest(key, info + b"\x01", "sha256")


def locks(
    subject_keys: Iterable[bytes], bucket_key: bytes, workspace_id: UUID, stream_id: UUID
) -> Locks:
    """Derive what seals and opens this stream's values of these subjects in this bucket."""
    secret = hmac.digest(_SALT, prefixed((*subject_keys, bucket_key)), "sha256")
    context = prefixed((workspace_id.bytes, stream_id.bytes))
    return Locks(AESGCM(derive(secret, b"key" + context)), derive(secret, b"check" + context))


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
    if box.sealed[:1] != FORMAT or not hmac.compare_digest(box.key_check, keys.key_check):
        raise IntegrityAlarm("key_check")
    nonce, sealed = box.sealed[1 : 1 + _NONCE_BYTES], box.sealed[1 + _NONCE_BYTES :]
    return _open(keys.cipher, nonce, sealed, place.associated())


def wrap(key: bytes, under: AESGCM, purpose: str, owner: UUID) -> bytes:
    """Wrap a key (or a small secret) under another, bound to its purpose and its owner."""
    nonce = os.urandom(_NONCE_BYTES)
    bound = prefixed((FORMAT, purpose.encode(), owner.bytes))
    return FORMAT + nonce + under.encrypt(nonce, key, bound)


def unwrap(wrapped: bytes, under: AESGCM, purpose: str, owner: UUID) -> bytes:
    """Unwrap a key; ``IntegrityAlarm`` if it is not what was wrapped for this owner."""
    nonce, sealed = wrapped[1 : 1 + _NONCE_BYTES], wrapped[1 + _NONCE_BYTES :]
    bound = prefixed((wrapped[:1], purpose.encode(), owner.bytes))
    return _open(under, nonce, sealed, bound)


def _open(cipher: AESGCM, nonce: bytes, sealed: bytes, associated: bytes) -> bytes:
    try:
        return cipher.decrypt(nonce, sealed, associated)
    except (InvalidTag, ValueError):
        raise IntegrityAlarm("authentication") from None
