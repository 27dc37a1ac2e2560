"""Whose keys a batch seals with: subjects and buckets that the cell has, and those it brings.

What a batch brings is the cell's only once the batch is committed. Another process may have met
the same number or opened the same day first: then the append fails, and the batch is made anew.
"""

from datetime import date
from typing import NamedTuple
from uuid import UUID

from adapters.event_store.knowledge import ERASED, Knowledge
from adapters.keys.sealing import Locks, context_of, locks_of, new_key, secret_of
from adapters.keys.workspace_key import WorkspaceKey
from adapters.postgres.arrays import Array, Bytes, Dates, Texts, Uuids, columns
from domain.identifiers import bucket_id, new_subject_id
from domain.personal_data import Clear, Personal, Sealed

NO_CAMPAIGN = ""


class NewSubject(NamedTuple):
    """Somebody whom the batch is the first to meet."""

    subject_id: UUID
    workspace_id: UUID
    wrapped: bytes
    digest: bytes | None
    """Under which they are found again; ``None`` for who cannot be recognised."""


class NewBucket(NamedTuple):
    """A category's values of a day of which the batch has the first."""

    bucket_id: UUID
    workspace_id: UUID
    category: str
    campaign: str
    day: date
    wrapped: bytes


class Keyholders:
    """Names whose value it is, and finds the keys."""

    def __init__(self, knowledge: Knowledge, keys: dict[UUID, WorkspaceKey], day: date) -> None:
        self.keys = keys
        self._knowledge = knowledge
        self._day = day
        self._new_subjects: list[NewSubject] = []
        self._new_buckets: list[NewBucket] = []
        self._digests: dict[tuple[UUID, str], bytes] = {}
        self._buckets: dict[tuple[UUID, str], UUID] = {}
        self._unrecognised: dict[Clear, UUID] = {}

    def digest(self, workspace_id: UUID, lookup: str) -> bytes:
        """Where a number is found. Hashed once for a batch, and forgotten with it."""
        place = workspace_id, lookup
        found = self._digests.get(place)
        if found is None:
            found = self._digests[place] = self.keys[workspace_id].digest(lookup)
        return found

    def subjects_of(self, workspace_id: UUID, clear: Clear) -> tuple[UUID, ...]:
        """Whose value it is: somebody named elsewhere, somebody known, or somebody new."""
        if clear.about:
            named = (self._named(workspace_id, other) for other in clear.about)
            return tuple(dict.fromkeys(subject for subjects in named for subject in subjects))
        if clear.lookup is None:
            if clear not in self._unrecognised:
                self._unrecognised[clear] = self._bring_subject(workspace_id, None)
            return (self._unrecognised[clear],)
        digest = self.digest(workspace_id, clear.lookup)
        known = self._knowledge.subjects.get(digest)
        return (known or self._bring_subject(workspace_id, digest),)

    def today(self, workspace_id: UUID, category: str) -> UUID:
        """The id of the bucket of today's values of this category, be it there or not."""
        place = workspace_id, category
        bucket = self._buckets.get(place)
        if bucket is None:
            bucket = bucket_id(workspace_id, category, NO_CAMPAIGN, self._day.isoformat())
            self._buckets[place] = bucket
        return bucket

    def bucket_of(self, workspace_id: UUID, category: str) -> UUID:
        """The same, brought where the cell has none."""
        bucket = self.today(workspace_id, category)
        if self._knowledge.bucket_keys.get(bucket) is None:
            self._bring_bucket(bucket, workspace_id, category)
        return bucket

    def locks(
        self, workspace_id: UUID, stream_id: UUID, subjects: tuple[UUID, ...], bucket: UUID
    ) -> Locks | None:
        """The keys to seal with; ``None`` where one of the subjects was erased."""
        owners = (bucket, *subjects)
        secret = self._knowledge.secrets.get(owners)
        if secret is None:
            keys = [self._knowledge.subject_keys[subject] for subject in subjects]
            if ERASED in keys:
                return None
            secret = secret_of(keys, self._knowledge.bucket_keys[bucket])
            self._knowledge.secrets.put(owners, secret)
        return locks_of(secret, context_of(workspace_id, stream_id))

    def parameters(self) -> tuple[Array, ...]:
        """What it brings, with every key wrapped, as ``append()`` takes it."""
        people = columns(self._new_subjects, (Uuids, Uuids, Bytes, Bytes))
        days = columns(self._new_buckets, (Uuids, Uuids, Texts, Texts, Dates, Bytes))
        return (*people, *days)

    def _named(self, workspace_id: UUID, other: Personal) -> tuple[UUID, ...]:
        match other:
            case Sealed():
                return other.subjects
            case Clear():
                return self.subjects_of(workspace_id, other)
            case _:
                raise TypeError(type(other).__name__)

    def _bring_subject(self, workspace_id: UUID, digest: bytes | None) -> UUID:
        subject, key = new_subject_id(), new_key()
        wrapped = self.keys[workspace_id].wrap_subject(key, subject)
        self._new_subjects.append(NewSubject(subject, workspace_id, wrapped, digest))
        self._knowledge.subject_keys.put(subject, key)
        if digest is not None:
            self._knowledge.subjects.put(digest, subject)
        return subject

    def _bring_bucket(self, bucket: UUID, workspace_id: UUID, category: str) -> None:
        key = new_key()
        wrapped = self.keys[workspace_id].wrap_bucket(key, bucket)
        self._new_buckets.append(
            NewBucket(bucket, workspace_id, category, NO_CAMPAIGN, self._day, wrapped)
        )
        self._knowledge.bucket_keys.put(bucket, key)
