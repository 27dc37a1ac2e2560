"""Whose keys a batch seals with: subjects and buckets that the cell has, and those it brings.

What a batch brings is the cell's only once the batch is committed. Another process may have met
the same number or opened the same day first: then the append fails, and the batch is made anew.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from adapters.event_store.knowledge import Knowledge
from adapters.keys.sealing import Locks, locks, new_key
from adapters.keys.workspace_key import WorkspaceKey
from adapters.postgres.arrays import Bytes, Dates, Texts, Uuids
from domain.identifiers import bucket_id, new_subject_id
from domain.personal_data import Clear, Sealed

NO_CAMPAIGN = ""


class NewSubject(NamedTuple):
    """Somebody whom the batch is the first to meet."""

    workspace_id: UUID
    key: bytes
    digest: bytes | None
    """Under which they are found again; ``None`` for who cannot be recognised."""


class NewBucket(NamedTuple):
    """A category's values of a day of which the batch has the first."""

    workspace_id: UUID
    category: str
    key: bytes


@dataclass(slots=True)
class Keyholders:
    """Names whose value it is, and finds the keys."""

    knowledge: Knowledge
    keys: dict[UUID, WorkspaceKey]
    day: date
    subjects: dict[UUID, NewSubject] = field(default_factory=dict)
    buckets: dict[UUID, NewBucket] = field(default_factory=dict)
    by_digest: dict[tuple[UUID, bytes], UUID] = field(default_factory=dict)
    unrecognised: dict[Clear, UUID] = field(default_factory=dict)

    def subjects_of(self, workspace_id: UUID, clear: Clear) -> tuple[UUID, ...]:
        """Whose value it is: somebody named elsewhere, somebody known, or somebody new."""
        if clear.about:
            named = (self._named(workspace_id, other) for other in clear.about)
            return tuple(dict.fromkeys(subject for subjects in named for subject in subjects))
        if clear.lookup is None:
            if clear not in self.unrecognised:
                self.unrecognised[clear] = self._bring(workspace_id, None)
            return (self.unrecognised[clear],)
        place = workspace_id, self.keys[workspace_id].digest(clear.lookup)
        known = self.knowledge.subjects_by_digest.get(place) or self.by_digest.get(place)
        return (known or self._bring(*place),)

    def bucket_of(self, workspace_id: UUID, category: str) -> UUID:
        """The bucket of today's values of this category."""
        bucket = bucket_id(workspace_id, category, NO_CAMPAIGN, self.day.isoformat())
        if bucket not in self.knowledge.bucket_keys and bucket not in self.buckets:
            self.buckets[bucket] = NewBucket(workspace_id, category, new_key())
        return bucket

    def locks(
        self, workspace_id: UUID, stream_id: UUID, subjects: tuple[UUID, ...], bucket: UUID
    ) -> Locks | None:
        """The keys to seal with; ``None`` where one of the subjects was erased."""
        keys = [self._subject_key(subject) for subject in subjects]
        living = [key for key in keys if key is not None]
        if len(living) < len(keys):
            return None
        return locks(living, self._bucket_key(bucket), workspace_id, stream_id)

    def commit(self) -> None:
        """It is durable: what the batch brought is known now."""
        known = self.knowledge
        known.subjects_by_digest.update(self.by_digest)
        known.subject_keys.update({s: made.key for s, made in self.subjects.items()})
        known.bucket_keys.update({b: made.key for b, made in self.buckets.items()})

    def parameters(self) -> tuple[Any, ...]:
        """What it brings, with every key wrapped, as ``append()`` takes it."""
        subjects, people = list(self.subjects), list(self.subjects.values())
        buckets, days = list(self.buckets), list(self.buckets.values())
        return (
            Uuids(subjects),
            Uuids([made.workspace_id for made in people]),
            Bytes([self._wrapped(subject, made) for subject, made in self.subjects.items()]),
            Bytes([made.digest for made in people]),
            Uuids(buckets),
            Uuids([made.workspace_id for made in days]),
            Texts([made.category for made in days]),
            Texts([NO_CAMPAIGN for _ in days]),
            Dates([self.day for _ in days]),
            Bytes([self._wrapped(bucket, made) for bucket, made in self.buckets.items()]),
        )

    def _named(self, workspace_id: UUID, other: Clear | Sealed) -> tuple[UUID, ...]:
        if isinstance(other, Sealed):
            return other.subjects
        return self.subjects_of(workspace_id, other)

    def _bring(self, workspace_id: UUID, digest: bytes | None) -> UUID:
        subject = new_subject_id()
        self.subjects[subject] = NewSubject(workspace_id, new_key(), digest)
        if digest is not None:
            self.by_digest[workspace_id, digest] = subject
        return subject

    def _subject_key(self, subject: UUID) -> bytes | None:
        made = self.subjects.get(subject)
        return made.key if made else self.knowledge.subject_keys[subject]

    def _bucket_key(self, bucket: UUID) -> bytes:
        made = self.buckets.get(bucket)
        return made.key if made else self.knowledge.bucket_keys[bucket]

    def _wrapped(self, owner: UUID, made: NewSubject | NewBucket) -> bytes:
        key = self.keys[made.workspace_id]
        if isinstance(made, NewSubject):
            return key.wrap_subject(made.key, owner)
        return key.wrap_bucket(made.key, owner)
