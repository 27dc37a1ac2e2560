"""A workspace's key: it wraps its subjects' and buckets' keys, looks numbers up, signs links.

Destroying it ends the workspace: nothing under it can be opened again. While it rotates it has
two keys to unwrap with, and wraps with the newer one.
"""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Self, TypeAlias, TypeVar
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.keys.memory import RecentLocks
from adapters.keys.sealing import epoch_of, unwrap, wrap
from adapters.keys.workspace_secret import WorkspaceSecret
from adapters.postgres.pool import Connection
from domain.errors import IntegrityAlarm

Result = TypeVar("Result")
Renewed: TypeAlias = Callable[[Connection], Awaitable["WorkspaceKey"]]


class StaleKey(IntegrityAlarm):
    """It was wrapped in an epoch that this key does not know: read the workspace's key again.

    Of a key that was read in the same snapshot it is an integrity alarm.
    """


class Wrapping(NamedTuple):
    """What wraps and unwraps: a cipher for each epoch of which there may be keys."""

    ciphers: Mapping[int, AESGCM]
    newest: int

    @classmethod
    def of(cls, *secrets: WorkspaceSecret) -> Self:
        """By these secrets' epochs."""
        ciphers = {secret.epoch: AESGCM(secret.wrapping) for secret in secrets}
        return cls(ciphers, max(ciphers))

    def wrap(self, key: bytes, purpose: str, owner: UUID) -> bytes:
        """Wrap in the newest epoch."""
        return wrap(key, self.ciphers[self.newest], purpose, owner, self.newest)

    def unwrap(self, wrapped: bytes, purpose: str, owner: UUID) -> bytes:
        """Unwrap what was wrapped in any epoch that is known."""
        cipher = self.ciphers.get(epoch_of(wrapped))
        if cipher is None:
            raise StaleKey("authentication")
        return unwrap(wrapped, cipher, purpose, owner)


async def _stale(_connection: Connection) -> "WorkspaceKey":
    raise StaleKey("authentication")


@dataclass(frozen=True, slots=True, repr=False)
class WorkspaceKey:
    """The unwrapped key, ready for use."""

    workspace_id: UUID
    wrapping: Wrapping
    lookup_key: bytes
    tag_key: bytes
    link_key: bytes
    suppression_key: bytes
    recent: RecentLocks = field(default_factory=RecentLocks, compare=False)
    renewed: Renewed = field(default=_stale, compare=False)
    """The same key as a connection's snapshot has it."""

    @classmethod
    def of(cls, workspace_id: UUID, packed: bytes, upcoming: bytes | None = None) -> Self:
        """From what the master key wrapped; of an epoch that is under way, both."""
        secret = WorkspaceSecret.read(packed)
        secrets = [secret] if upcoming is None else [secret, WorkspaceSecret.read(upcoming)]
        return cls(workspace_id, Wrapping.of(*secrets), *secret[2:])

    @property
    def epoch(self) -> int:
        """In which it wraps."""
        return self.wrapping.newest

    async def apply(
        self, connection: Connection, work: Callable[["WorkspaceKey"], Result]
    ) -> Result:
        """Unwrap what was read in the connection's snapshot, with the key of that snapshot."""
        try:
            return work(self)
        except StaleKey:
            return work(await self.renewed(connection))

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
        return self.wrapping.wrap(key, "subject key", subject_id)

    def unwrap_subject(self, wrapped: bytes, subject_id: UUID) -> bytes:
        """Unwrap a subject's key."""
        return self.wrapping.unwrap(wrapped, "subject key", subject_id)

    def wrap_bucket(self, key: bytes, bucket_id: UUID) -> bytes:
        """Wrap a bucket's key."""
        return self.wrapping.wrap(key, "bucket key", bucket_id)

    def unwrap_bucket(self, wrapped: bytes, bucket_id: UUID) -> bytes:
        """Unwrap a bucket's key."""
        return self.wrapping.unwrap(wrapped, "bucket key", bucket_id)

    def wrap_escrow(self, block: bytes, stream_id: UUID) -> bytes:
        """Wrap what opens a stream's values under one pair of locks."""
        return self.wrapping.wrap(block, "escrow", stream_id)

    def unwrap_escrow(self, wrapped: bytes, stream_id: UUID) -> bytes:
        """Unwrap what opens a stream's values under one pair of locks."""
        return self.wrapping.unwrap(wrapped, "escrow", stream_id)

    def wrap_secret(self, secret: str, credential_id: UUID) -> bytes:
        """Seal a credential of the workspace."""
        return self.wrapping.wrap(secret.encode(), "credential", credential_id)

    def unwrap_secret(self, box: bytes, credential_id: UUID) -> str:
        """Open a credential of the workspace."""
        return self.wrapping.unwrap(box, "credential", credential_id).decode()

    def wrap_origin(self, origin: bytes, access_id: UUID) -> bytes:
        """Seal where a reader comes from. Nobody wraps it anew: it ends with its epoch."""
        return self.wrapping.wrap(origin, "access origin", access_id)

    def unwrap_origin(self, box: bytes, access_id: UUID) -> bytes:
        """Open where a reader came from; ``StaleKey`` where its epoch is over."""
        return self.wrapping.unwrap(box, "access origin", access_id)
