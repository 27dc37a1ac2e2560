"""What a writer knows of its cell: streams, subjects, their keys, the day's buckets.

It is a cache with one rule: keys and lookups are as of one *epoch* of the cell. Destroying a
key anywhere moves the epoch; an append under an old one is refused (``RL001``), all of it is
forgotten, and the batch is read and sealed anew. So nothing is ever sealed for a subject who
was erased.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from uuid import UUID

from adapters.event_store.codec import COLUMNS, Row, decode
from adapters.event_store.requests import Request, Stream, lookups_in
from adapters.keys.workspace_key import WorkspaceKey
from adapters.postgres.pool import Connection
from domain.errors import IntegrityAlarm

LIMIT = 20_000
"""How much of each kind is kept; past it all of that kind is forgotten at once."""

_EPOCH = "SELECT epoch FROM counter"
_STREAMS = f"SELECT {COLUMNS} FROM entries WHERE stream_id = ANY(%s) ORDER BY position"  # noqa: S608 - a constant
_LOOKUPS = """
    SELECT l.workspace_id, l.digest, l.subject_id, k.wrapped
    FROM lookups l LEFT JOIN subject_keys k USING (subject_id)
    WHERE l.digest = ANY(%s)
"""
_SUBJECTS = """
    SELECT s.workspace_id, s.subject_id, s.erased_at IS NOT NULL, k.wrapped
    FROM subjects s LEFT JOIN subject_keys k USING (subject_id)
    WHERE s.subject_id = ANY(%s)
"""
_BUCKETS = "SELECT bucket_id, workspace_id, wrapped FROM bucket_keys WHERE bucket_id = ANY(%s)"


@dataclass(slots=True)
class Knowledge:
    """The writer's memory. Wrapped keys are unwrapped as they come in."""

    epoch: int | None = None
    streams: dict[UUID, Stream] = field(default_factory=dict)
    subjects_by_digest: dict[tuple[UUID, bytes], UUID] = field(default_factory=dict)
    subject_keys: dict[UUID, bytes | None] = field(default_factory=dict)
    """``None``: the subject was erased."""

    bucket_keys: dict[UUID, bytes] = field(default_factory=dict)

    def forget_keys(self) -> None:
        """A key was destroyed somewhere: what is known of keys may be wrong."""
        self.epoch = None
        self.subjects_by_digest.clear()
        self.subject_keys.clear()
        self.bucket_keys.clear()

    def forget_streams(self, streams: Iterable[UUID]) -> None:
        """Somebody else appended to one of these."""
        for stream in streams:
            self.streams.pop(stream, None)

    def bound(self) -> None:
        """Keep the memory bounded. Called between batches: within one, all of it is needed."""
        if len(self.streams) > LIMIT:
            self.streams.clear()
        # Together: a subject who is known by number but whose key is not could not be sealed for.
        keys = (self.subjects_by_digest, self.subject_keys, self.bucket_keys)
        if any(len(known) > LIMIT for known in keys):
            self.forget_keys()

    async def learn(
        self,
        connection: Connection,
        requests: Collection[Request],
        keys: dict[UUID, WorkspaceKey],
        buckets: Collection[UUID],
    ) -> None:
        """Read whatever these requests need and is not known yet: at most two round trips."""
        streams = {r.stream_id: r for r in requests if r.stream_id not in self.streams}
        digests = self._unknown_digests(requests, keys)
        missing = [b for b in buckets if b not in self.bucket_keys]
        if self.epoch is None or streams or digests or missing:
            await self._read(connection, streams, digests, missing, keys)
        await self._learn_subjects(connection, requests, keys)

    async def _read(
        self,
        connection: Connection,
        streams: dict[UUID, Request],
        digests: list[bytes],
        buckets: list[UUID],
        keys: dict[UUID, WorkspaceKey],
    ) -> None:
        async with connection.pipeline():
            epoch = await connection.execute(_EPOCH) if self.epoch is None else None
            rows = await connection.execute(_STREAMS, (list(streams),)) if streams else None
            found = await connection.execute(_LOOKUPS, (digests,)) if digests else None
            opened = await connection.execute(_BUCKETS, (buckets,)) if buckets else None
        if epoch:
            self.epoch = (await epoch.fetchall())[0][0]
        if rows:
            self._fold(streams, [Row(*row) for row in await rows.fetchall()])
        for workspace_id, digest, subject, wrapped in await found.fetchall() if found else ():
            self.subject_keys[subject] = _unwrap(keys[workspace_id], subject, wrapped)
            self.subjects_by_digest[workspace_id, digest] = subject
        for bucket, workspace_id, wrapped in await opened.fetchall() if opened else ():
            self.bucket_keys[bucket] = keys[workspace_id].unwrap_bucket(wrapped, bucket)

    def _unknown_digests(
        self, requests: Iterable[Request], keys: dict[UUID, WorkspaceKey]
    ) -> list[bytes]:
        wanted = {
            (request.workspace_id, keys[request.workspace_id].digest(lookup))
            for request in requests
            for lookup in lookups_in(request.command)
        }
        # Asked one by one: a set less a dict's keys would walk the whole dict.
        return [
            digest for owner, digest in wanted if (owner, digest) not in self.subjects_by_digest
        ]

    def _fold(self, streams: dict[UUID, Request], rows: list[Row]) -> None:
        for stream_id, request in streams.items():
            self.streams[stream_id] = Stream(0, request.decider.initial, request.workspace_id)
        for row in rows:
            decider = streams[row.stream_id].decider
            stream = replace(self.streams[row.stream_id], workspace_id=row.workspace_id)
            self.streams[row.stream_id] = stream.after(decider, row.version, decode(row).event)

    async def _learn_subjects(
        self,
        connection: Connection,
        requests: Iterable[Request],
        keys: dict[UUID, WorkspaceKey],
    ) -> None:
        """Keys of the subjects that the streams already name."""
        asked = [(self.streams[r.stream_id], r.workspace_id) for r in requests]
        named = {
            s for stream, asker in asked if stream.workspace_id == asker for s in stream.subjects
        }
        missing = [subject for subject in named if subject not in self.subject_keys]
        if not missing:
            return
        rows = await (await connection.execute(_SUBJECTS, (missing,))).fetchall()
        for workspace_id, subject, is_erased, wrapped in rows:
            key = None if is_erased else _unwrap(keys[workspace_id], subject, wrapped)
            self.subject_keys[subject] = key


def _unwrap(key: WorkspaceKey, subject: UUID, wrapped: bytes | None) -> bytes:
    """A living subject's key. One that is not there must not look like an erasure."""
    if wrapped is None:
        raise IntegrityAlarm("a key is missing and nobody destroyed it")
    return key.unwrap_subject(wrapped, subject)
