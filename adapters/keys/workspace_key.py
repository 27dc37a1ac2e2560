"""A workspace's key: it wraps its subjects' and buckets' keys, looks numbers up, signs links.

Destroying it ends the workspace: nothing under it can be opened again.
"""

import hmac
from dataclasses import dataclass, field
from typing import Self
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.keys.memory import RecentLocks
from adapters.keys.sealing import derive, unwrap, wrap


@dataclass(frozen=True, slots=True, repr=False)
class WorkspaceKey:
    """The unwrapped key, ready for use."""

    workspace_id: UUID
    cipher: AESGCM
    lookup_key: bytes
    tag_key: bytes
    link_key: bytes
    suppression_key: bytes
    recent: RecentLocks = field(default_factory=RecentLocks, compare=False)

    @classmethod
    def of(cls, workspace_id: UUID, key: bytes) -> Self:
        """Split one secret into one key per use."""
        return cls(
            workspace_id,
            AESGCM(derive(key, b"wrap")),
            derive(key, b"lookup"),
            derive(key, b"etag"),
            derive(key, b"link"),
            derive(key, b"suppression"),
        )

    def digest(self, lookup: str) -> bytes:
        """Where a number is found: a keyed hash, for a bare one is guessed in two minutes."""
        return hmac.digest(self.lookup_key, lookup.encode(), "sha256")

    def tag(self, body: bytes) -> str:
        """A keyed fingerprint of an answer, which tells nothing of what it holds."""
        return hmac.digest(self.tag_key, body, "sha256").hex()[:32]

    def suppression(self, digest: bytes) -> bytes:
        """Under what a number is kept as suppressed, from the digest that it is looked up by.

        Another key and so another hash: the two lists cannot be laid beside each other.
        """
        return hmac.digest(self.suppression_key, digest, "sha256")

    def link_code(self, consent_id: UUID) -> bytes:
        """What nobody can guess of the link that withdraws this consent."""
        return hmac.digest(self.link_key, consent_id.bytes, "sha256")

    def wrap_subject(self, key: bytes, subject_id: UUID) -> bytes:
        """Wrap a subject's key."""
        return wrap(key, self.cipher, "subject key", subject_id)

    def unwrap_subject(self, wrapped: bytes, subject_id: UUID) -> bytes:
        """Unwrap a subject's key."""
        return unwrap(wrapped, self.cipher, "subject key", subject_id)

    def wrap_bucket(self, key: bytes, bucket_id: UUID) -> bytes:
        """Wrap a bucket's key."""
        return wrap(key, self.cipher, "bucket key", bucket_id)

    def unwrap_bucket(self, wrapped: bytes, bucket_id: UUID) -> bytes:
        """Unwrap a bucket's key."""
        return unwrap(wrapped, self.cipher, "bucket key", bucket_id)

    def wrap_escrow(self, block: bytes, stream_id: UUID) -> bytes:
        """Wrap what opens a stream's values under one pair of locks."""
        return wrap(block, self.cipher, "escrow", stream_id)

    def unwrap_escrow(self, wrapped: bytes, stream_id: UUID) -> bytes:
        """Unwrap what opens a stream's values under one pair of locks."""
        return unwrap(wrapped, self.cipher, "escrow", stream_id)

    def wrap_secret(self, secret: str, credential_id: UUID) -> bytes:
        """Seal a credential of the workspace."""
        return wrap(secret.encode(), self.cipher, "credential", credential_id)

    def unwrap_secret(self, box: bytes, credential_id: UUID) -> str:
        """Open a credential of the workspace."""
        return unwrap(box, self.cipher, "credential", credential_id).decode()
