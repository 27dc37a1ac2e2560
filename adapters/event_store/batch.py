"""One transaction in the making: decide, seal, and lay out what the append function takes.

Nothing here does I/O. What the batch invents (subjects, buckets, the streams' new states)
becomes the writer's knowledge only once it is committed.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson

from adapters.event_store.codec import encode
from adapters.event_store.knowledge import Knowledge
from adapters.event_store.requests import Receipt, Request, Stream, clear_values
from adapters.keys.sealing import Locks, Place, locks, new_key, seal
from adapters.keys.workspace_key import WorkspaceKey
from adapters.postgres.arrays import Bytes, Dates, Ints, SmallInts, Texts, Uuids
from domain.errors import NotFound
from domain.identifiers import bucket_id, new_subject_id
from domain.messages import Event
from domain.personal_data import Clear, Sealed

APPEND = f"SELECT o_position, o_recorded_at FROM append({', '.join(['%b'] * 26)})"  # noqa: S608 - placeholders only


@dataclass(slots=True)
class Batch:
    """Requests that are committed together, in their order."""

    knowledge: Knowledge
    keys: dict[UUID, WorkspaceKey]
    now: datetime
    entries: list[tuple[UUID, UUID, int, int, str, bytes]] = field(default_factory=list)
    values: list[tuple[int, str, UUID, UUID | None, str, UUID, bytes, bytes]] = field(
        default_factory=list
    )
    streams: dict[UUID, Stream] = field(default_factory=dict)
    new_subjects: dict[UUID, tuple[UUID, bytes, bytes | None]] = field(default_factory=dict)
    new_digests: dict[tuple[UUID, bytes], UUID] = field(default_factory=dict)
    new_buckets: dict[UUID, tuple[UUID, str, bytes]] = field(default_factory=dict)
    unknown_people: dict[Clear, UUID] = field(default_factory=dict)

    def add(self, request: Request) -> Receipt:
        """Decide, seal and lay out one request.

        Raises:
            Refused: A rule said no; the batch is as it was.
            NotFound: The stream is another workspace's; as above.
        """
        stream = self.streams.get(request.stream_id) or self.knowledge.streams[request.stream_id]
        if stream.workspace_id != request.workspace_id:
            raise NotFound("stream")
        events = request.decider.decide(stream.state, request.command)
        sealed = []
        for event in events:
            written = self._write(request, stream.version + 1, event)
            stream = stream.after(request.decider, stream.version + 1, written)
            sealed.append(written)
        self.streams[request.stream_id] = stream
        return Receipt(request.stream_id, stream.version, tuple(sealed))

    def commit(self) -> None:
        """It is durable: what it invented is now known."""
        known = self.knowledge
        known.streams.update(self.streams)
        known.subjects_by_digest.update(self.new_digests)
        known.subject_keys.update({s: key for s, (_, key, _) in self.new_subjects.items()})
        known.bucket_keys.update({b: key for b, (_, _, key) in self.new_buckets.items()})

    def parameters(self) -> tuple[Any, ...]:
        """The arguments of ``append()``, in its order."""
        entries = list(zip(*self.entries, strict=True)) or [()] * 6
        values = list(zip(*self.values, strict=True)) or [()] * 8
        return (
            self.knowledge.epoch,
            self.now,
            Uuids(entries[0]),
            Uuids(entries[1]),
            Ints(entries[2]),
            SmallInts(entries[3]),
            Texts(entries[4]),
            Bytes(entries[5]),
            Ints(values[0]),
            Texts(values[1]),
            Uuids(values[2]),
            Uuids(values[3]),
            Texts(values[4]),
            Uuids(values[5]),
            Bytes(values[6]),
            Bytes(values[7]),
            *self._subject_parameters(),
            *self._bucket_parameters(),
        )

    def _subject_parameters(self) -> tuple[Any, ...]:
        made = list(self.new_subjects.items())
        return (
            Uuids([subject for subject, _ in made]),
            Uuids([workspace for _, (workspace, _, _) in made]),
            Bytes([self.keys[w].wrap_subject(key, subject) for subject, (w, key, _) in made]),
            Bytes([digest for _, (_, _, digest) in made]),
        )

    def _bucket_parameters(self) -> tuple[Any, ...]:
        made = list(self.new_buckets.items())
        return (
            Uuids([bucket for bucket, _ in made]),
            Uuids([workspace for _, (workspace, _, _) in made]),
            Texts([category for _, (_, category, _) in made]),
            Texts(["" for _ in made]),
            Dates([self._day for _ in made]),
            Bytes([self.keys[w].wrap_bucket(key, bucket) for bucket, (w, _, key) in made]),
        )

    @property
    def _day(self) -> date:
        return self.now.date()

    def _write(self, request: Request, version: int, event: Event) -> Event:
        """Seal the event's values, put them and it into the batch, and return it sealed."""
        boxes = {}
        for name, clear in clear_values(event):
            boxes[name] = self._seal(request, version, event, name, clear)
        sealed = event.model_copy(update=boxes) if boxes else event
        self.entries.append(
            (
                request.workspace_id,
                request.stream_id,
                version,
                event.schema_version,
                event.name,
                encode(sealed, request.context, request.stream_id),
            )
        )
        return sealed

    def _seal(
        self, request: Request, version: int, event: Event, name: str, clear: Clear
    ) -> Sealed:
        workspace = request.workspace_id
        subjects = self._subjects(workspace, clear)
        bucket = self._bucket(workspace, clear.category)
        keys = self._locks(workspace, request.stream_id, subjects, bucket)
        commitment = None
        if keys is not None:
            place = Place(
                workspace_id=workspace,
                stream_id=request.stream_id,
                version=version,
                name=event.name,
                schema_version=event.schema_version,
                field=name,
                subjects=subjects,
                category=clear.category,
                bucket=bucket,
            )
            box = seal(orjson.dumps(clear.value), place, keys)
            commitment = box.commitment
            # 1-based: where in the batch the value's entry will stand.
            entry, co_subject = len(self.entries) + 1, (*subjects, None)[1]
            self.values.append(
                (entry, name, subjects[0], co_subject, clear.category, bucket, box.key_check,
                 box.sealed)
            )  # fmt: skip
        return Sealed.model_construct(
            subjects=subjects, category=clear.category, bucket=bucket, commitment=commitment
        )

    def _subjects(self, workspace_id: UUID, clear: Clear) -> tuple[UUID, ...]:
        """Whose value it is: somebody named elsewhere, somebody known, or somebody new."""
        if clear.about:
            named = (
                other.subjects
                if isinstance(other, Sealed)
                else self._subjects(workspace_id, other)
                for other in clear.about
            )
            return tuple(dict.fromkeys(subject for subjects in named for subject in subjects))
        if clear.lookup is None:
            if clear not in self.unknown_people:
                self.unknown_people[clear] = self._new_subject(workspace_id, None)
            return (self.unknown_people[clear],)
        digest = self.keys[workspace_id].digest(clear.lookup)
        known = self.knowledge.subjects_by_digest.get((workspace_id, digest))
        subject = known or self.new_digests.get((workspace_id, digest))
        return (subject or self._new_subject(workspace_id, digest),)

    def _new_subject(self, workspace_id: UUID, digest: bytes | None) -> UUID:
        subject = new_subject_id()
        self.new_subjects[subject] = (workspace_id, new_key(), digest)
        if digest is not None:
            self.new_digests[workspace_id, digest] = subject
        return subject

    def _bucket(self, workspace_id: UUID, category: str) -> UUID:
        bucket = bucket_id(workspace_id, category, "", self._day.isoformat())
        if bucket not in self.knowledge.bucket_keys and bucket not in self.new_buckets:
            self.new_buckets[bucket] = (workspace_id, category, new_key())
        return bucket

    def _locks(
        self, workspace_id: UUID, stream_id: UUID, subjects: tuple[UUID, ...], bucket: UUID
    ) -> Locks | None:
        """The keys to seal with; ``None`` where one of the subjects was erased."""
        keys = [self._subject_key(subject) for subject in subjects]
        living = [key for key in keys if key is not None]
        if len(living) < len(keys):
            return None
        known = self.knowledge.bucket_keys.get(bucket)
        bucket_key = self.new_buckets[bucket][2] if known is None else known
        return locks(living, bucket_key, workspace_id, stream_id)

    def _subject_key(self, subject: UUID) -> bytes | None:
        made = self.new_subjects.get(subject)
        return made[1] if made else self.knowledge.subject_keys[subject]
