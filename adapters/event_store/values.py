"""Opening sealed values for a reader, many at once, in one round trip.

Keys are read together with what they open, in one snapshot. So the first read that begins after
an erasure finds nothing, in any process.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from msgspec import structs

from adapters.keys.sealing import Box, Place, context_of, open_box, secret_of
from adapters.keys.workspace_key import WorkspaceKey
from adapters.postgres.arrays import Ints, Texts, Uuids
from adapters.postgres.pool import Connection
from domain.errors import IntegrityAlarm
from domain.messages import Entry
from domain.personal_data import Reading, ReadingState, Sealed

_BOXES = """
    SELECT r.number, v.name, v.schema_version, v.subject_ids, v.category, v.bucket_id, v.key_check,
           v.box
    FROM unnest(%b, %b, %b) WITH ORDINALITY AS r (stream_id, version, field, number)
    JOIN vault v USING (stream_id, version, field)
"""
_KEYS = """
    SELECT false, s.subject_id, s.erased_at IS NOT NULL, k.wrapped
    FROM subjects s LEFT JOIN subject_keys k USING (subject_id) WHERE s.subject_id = ANY(%b)
    UNION ALL
    SELECT true, b.bucket_id, b.destroyed_at IS NOT NULL, k.wrapped
    FROM buckets b LEFT JOIN bucket_keys k USING (bucket_id) WHERE b.bucket_id = ANY(%b)
"""

WITHHELD = Reading(ReadingState.withheld)
ERASED = Reading(ReadingState.erased)
EXPIRED = Reading(ReadingState.expired)


class Reference(NamedTuple):
    """Where a sealed value lies, and what its entry says of it."""

    stream_id: UUID
    version: int
    field: str
    sealed: Sealed


VaultRow = tuple[int, str, int, list[UUID], str, UUID, bytes, bytes]
"""A row of ``_BOXES``."""


class KeyState(NamedTuple):
    """A subject's or a bucket's key: unwrapped once, however many values it opens."""

    is_destroyed: bool
    key: bytes | None


def references(entry: Entry) -> Iterable[Reference]:
    """The sealed values of an entry."""
    for name, value in structs.asdict(entry.event).items():
        if isinstance(value, Sealed):
            yield Reference(entry.stream_id, entry.version, name, value)


async def open_values(
    connection: Connection, key: WorkspaceKey, wanted: Sequence[Reference]
) -> list[Reading]:
    """Open each of ``wanted``, or say why it cannot be read; in their order.

    The connection must be in one snapshot (``scoped``) for the whole call.

    Raises:
        IntegrityAlarm: A value does not authenticate, is not the one its entry committed
            to, or is gone although nobody erased it and its bucket stands.
    """
    if not wanted:
        return []
    subjects = list({subject for ref in wanted for subject in ref.sealed.subjects})
    buckets = list({ref.sealed.bucket for ref in wanted})
    boxes = connection.cursor(binary=True)
    keys = connection.cursor(binary=True)
    async with connection.pipeline():
        await boxes.execute(_BOXES, _arrays(wanted), prepare=True)
        await keys.execute(_KEYS, (Uuids(subjects), Uuids(buckets)), prepare=True)
    stored: dict[int, VaultRow] = {row[0]: row for row in await boxes.fetchall()}
    key.recent.bound()
    opener = _Opener(key)
    for is_bucket, owner, is_destroyed, wrapped in await keys.fetchall():
        opener.learn(owner, wrapped, is_bucket=is_bucket, is_destroyed=is_destroyed)
    return [opener.read(ref, stored.get(number)) for number, ref in enumerate(wanted, 1)]


def _arrays(wanted: Sequence[Reference]) -> tuple[Uuids, Ints, Texts]:
    return (
        Uuids([ref.stream_id for ref in wanted]),
        Ints([ref.version for ref in wanted]),
        Texts([ref.field for ref in wanted]),
    )


@dataclass(slots=True)
class _Opener:
    """The keys that one read found, and what they open."""

    key: WorkspaceKey
    keys: dict[UUID, KeyState] = field(default_factory=dict)
    """Of subjects and of buckets."""

    locks: dict[tuple[int, ...], bytes | Reading] = field(default_factory=dict)
    """By subjects and bucket: the secret that opens, or the reason why nothing does."""

    def learn(
        self, owner: UUID, wrapped: bytes | None, *, is_bucket: bool, is_destroyed: bool
    ) -> None:
        """Take a subject's or a bucket's key as the store has it."""
        unwrap = self.key.unwrap_bucket if is_bucket else self.key.unwrap_subject
        key = None if wrapped is None else unwrap(wrapped, owner)
        self.keys[owner] = KeyState(is_destroyed, key)

    def read(self, ref: Reference, stored: VaultRow | None) -> Reading:
        sealed = ref.sealed
        # As numbers: Python compares those itself, and UUIDs by a function written in Python.
        owners = (sealed.bucket.int, *[subject.int for subject in sealed.subjects])
        lock = self.locks.get(owners)
        if lock is None:
            lock = self.locks[owners] = self._lock(sealed)
        if isinstance(lock, Reading):
            return lock
        if stored is None:
            raise IntegrityAlarm("missing value")
        return Reading(ReadingState.value, self._open(ref, stored, lock))

    def _lock(self, sealed: Sealed) -> bytes | Reading:
        try:
            bucket = self.keys[sealed.bucket]
            subjects = [self.keys[subject] for subject in sealed.subjects]
        except KeyError:
            raise IntegrityAlarm("no such subject or bucket") from None
        if any(subject.is_destroyed for subject in subjects):
            return ERASED
        if bucket.is_destroyed:
            return EXPIRED
        return secret_of([_present(subject) for subject in subjects], _present(bucket))

    def _open(self, ref: Reference, stored: VaultRow, secret: bytes) -> dict[str, Any]:
        stream_id, version, field_name, sealed = ref
        _, name, schema_version, subjects, category, bucket, key_check, content = stored
        box = Box(content, key_check)
        if box.commitment != sealed.commitment:
            raise IntegrityAlarm("commitment")
        workspace_id = self.key.workspace_id
        place = Place(
            workspace_id,
            stream_id,
            version,
            name,
            schema_version,
            field_name,
            tuple(subjects),
            category,
            bucket,
        )
        keys = self.key.recent.get(secret, context_of(workspace_id, stream_id))
        value: dict[str, Any] = orjson.loads(open_box(box, place, keys))
        return value


def _present(state: KeyState) -> bytes:
    if state.key is None:
        raise IntegrityAlarm("a key is missing and nobody destroyed it")
    return state.key
