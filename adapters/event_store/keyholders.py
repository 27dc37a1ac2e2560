"""Whose keys a batch seals with: subjects and buckets that the cell has, and those it brings.

What a batch brings is the cell's only once the batch is committed. Another process may have met
the same number or opened the same day first: then the append fails, and the batch is made anew.
"""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple
from uuid import UUID

from adapters.event_store.knowledge import DESTROYED, Knowledge, Unread
from adapters.event_store.rows import NewBucket, NewSubject
from adapters.keys.sealing import new_key, secret_of
from adapters.keys.workspace_key import WorkspaceKey
from domain.errors import NotFound
from domain.identifiers import bucket_id, new_subject_id
from domain.personal_data import Clear, Personal, Sealed

NO_CAMPAIGN = ""


class Owners(NamedTuple):
    """Whose a value is, and under which locks."""

    subjects: tuple[UUID, ...]
    bucket: UUID
    secret: bytes | None
    """What their keys come to together; ``None`` where one of them is destroyed."""


class Keyholders:
    """Names whose value it is, and finds the keys."""

    def __init__(self, knowledge: Knowledge, keys: dict[UUID, WorkspaceKey], day: date) -> None:
        self.keys = keys
        self._knowledge = knowledge
        self._day = day
        self._new_subjects: list[NewSubject] = []
        self._new_buckets: list[NewBucket] = []
        self._digests: dict[tuple[UUID, str], bytes] = {}
        self._buckets: dict[tuple[UUID, str, str | None, date], UUID] = {}
        self._unrecognised: dict[Clear, UUID] = {}
        self._absent: set[bytes | UUID] = set()
        """Digests, buckets and subjects for which the cell was asked."""

    def asked(
        self, digests: Iterable[bytes], buckets: Iterable[UUID], subjects: Iterable[UUID]
    ) -> None:
        """Whoever of these is still unknown is not in the cell."""
        self._absent.update(digests)
        self._absent.update(buckets)
        self._absent.update(subjects)

    def digest(self, workspace_id: UUID, lookup: str) -> bytes:
        """Where a number is found. Hashed once for a batch, and forgotten with it."""
        place = workspace_id, lookup
        found = self._digests.get(place)
        if found is None:
            found = self._digests[place] = self.keys[workspace_id].digest(lookup)
        return found

    def _subjects_of(self, workspace_id: UUID, clear: Clear) -> tuple[UUID, ...]:
        """Whose value it is: somebody named elsewhere, somebody known, or somebody new."""
        if clear.subject is not None:
            return (clear.subject,)
        if clear.about:
            named = (self._named(workspace_id, other) for other in clear.about)
            return tuple(dict.fromkeys(subject for subjects in named for subject in subjects))
        if clear.lookup is None:
            if clear not in self._unrecognised:
                self._unrecognised[clear] = self._bring_subject(workspace_id, None)
            return (self._unrecognised[clear],)
        digest = self.digest(workspace_id, clear.lookup)
        known = self._knowledge.subjects.get(digest)
        if known is None:
            self._require(digest)
            known = self._bring_subject(workspace_id, digest)
        return (known,)

    def bucket_for(self, workspace_id: UUID, clear: Clear, campaign: str | None) -> UUID:
        """The id of the bucket of such a value, be it there or not: today's, unless it says."""
        place = workspace_id, clear.category, campaign, clear.day or self._day
        bucket = self._buckets.get(place)
        if bucket is None:
            day = place[-1].isoformat()
            bucket = bucket_id(workspace_id, clear.category, campaign or NO_CAMPAIGN, day)
            self._buckets[place] = bucket
        return bucket

    def _bucket_of(self, workspace_id: UUID, clear: Clear, campaign: str | None) -> UUID:
        """The same, brought where the cell has none."""
        bucket = self.bucket_for(workspace_id, clear, campaign)
        if self._knowledge.bucket_keys.get(bucket.int) is None:
            self._require(bucket)
            self._bring_bucket(bucket, workspace_id, clear, campaign or NO_CAMPAIGN)
        return bucket

    def _require(self, absent: bytes | UUID) -> None:
        """Nobody brings what the cell may have."""
        if absent not in self._absent:
            raise Unread

    def of(self, workspace_id: UUID, clear: Clear, campaign: str | None = None) -> Owners:
        """The owners of a value; those whom the cell does not have are brought.

        Raises:
            Unread: Nobody knows whether the cell has them.
        """
        subjects = self._subjects_of(workspace_id, clear)
        bucket = self._bucket_of(workspace_id, clear, campaign)
        return Owners(subjects, bucket, self._secret(subjects, bucket))

    def is_erased(self, workspace_id: UUID, subject_id: UUID) -> bool:
        """Whether a subject of the workspace was erased.

        Raises:
            NotFound: The workspace has no such subject.
            Unread: Nobody knows whether it has.
        """
        home = self._knowledge.homes.get(subject_id.int)
        if home is None:
            self._require(subject_id)
        if home != workspace_id:
            raise NotFound("subject")
        return self._knowledge.subject_keys[subject_id.int] == DESTROYED

    def brought(self) -> tuple[list[NewSubject], list[NewBucket]]:
        """Whom it brings, with every key wrapped."""
        return self._new_subjects, self._new_buckets

    def _secret(self, subjects: tuple[UUID, ...], bucket: UUID) -> bytes | None:
        knowledge = self._knowledge
        owners = (bucket.int, *[subject.int for subject in subjects])
        secret = knowledge.secrets.get(owners)
        if secret is None:
            keys = [knowledge.subject_keys[subject.int] for subject in subjects]
            bucket_key = knowledge.bucket_keys[bucket.int]
            if DESTROYED in (bucket_key, *keys):
                return None
            secret = secret_of(keys, bucket_key)
            knowledge.secrets.put(owners, secret)
        return secret

    def _named(self, workspace_id: UUID, other: Personal) -> tuple[UUID, ...]:
        match other:
            case Sealed():
                return other.subjects
            case Clear():
                return self._subjects_of(workspace_id, other)
            case _:
                raise TypeError(type(other).__name__)

    def _bring_subject(self, workspace_id: UUID, digest: bytes | None) -> UUID:
        subject, key = new_subject_id(), new_key()
        wrapped = self.keys[workspace_id].wrap_subject(key, subject)
        self._new_subjects.append(NewSubject(subject, workspace_id, wrapped, digest))
        self._knowledge.subject_keys.put(subject.int, key)
        if digest is not None:
            self._knowledge.subjects.put(digest, subject)
        return subject

    def _bring_bucket(self, bucket: UUID, workspace_id: UUID, clear: Clear, campaign: str) -> None:
        key = new_key()
        wrapped = self.keys[workspace_id].wrap_bucket(key, bucket)
        self._new_buckets.append(
            NewBucket(
                bucket, workspace_id, clear.category, campaign, clear.day or self._day, wrapped
            )
        )
        self._knowledge.bucket_keys.put(bucket.int, key)
