"""Opening sealed values for a reader, many at once, in one round trip.

No key is kept: keys are read together with what they open, in one snapshot. So the first
read that begins after an erasure finds nothing, in any process.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from adapters.keys.sealing import Box, Locks, Place, locks, open_box
from adapters.keys.workspace_key import WorkspaceKey
from adapters.postgres.arrays import Ints, Texts, Uuids
from adapters.postgres.pool import Connection
from domain.errors import IntegrityAlarm
from domain.messages import Entry
from domain.personal_data import Reading, ReadingState, Sealed

_BOXES = """
    SELECT v.stream_id, v.version, v.field, v.name, v.schema_version, v.subject_ids, v.category,
           v.bucket_id, v.key_check, v.box
    FROM unnest(%b, %b, %b) AS r (stream_id, version, field)
    JOIN vault v USING (stream_id, version, field)
"""
_SUBJECTS = """
    SELECT s.subject_id, s.erased_at IS NOT NULL, k.wrapped
    FROM subjects s LEFT JOIN subject_keys k USING (subject_id) WHERE s.subject_id = ANY(%b)
"""
_BUCKETS = """
    SELECT b.bucket_id, b.destroyed_at IS NOT NULL, k.wrapped
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


class Stored(NamedTuple):
    """A vault row."""

    stream_id: UUID
    version: int
    field: str
    name: str
    schema_version: int
    subject_ids: list[UUID]
    category: str
    bucket_id: UUID
    key_check: bytes
    box: bytes


class KeyState(NamedTuple):
    """A subject's or a bucket's key as the store has it."""

    is_destroyed: bool
    wrapped: bytes | None


def references(entry: Entry) -> Iterable[Reference]:
    """The sealed values of an entry."""
    for field, value in entry.event.__dict__.items():
        if isinstance(value, Sealed):
            yield Reference(entry.stream_id, entry.version, field, value)


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
    people = connection.cursor(binary=True)
    days = connection.cursor(binary=True)
    async with connection.pipeline():
        await boxes.execute(_BOXES, _arrays(wanted), prepare=True)
        await people.execute(_SUBJECTS, (Uuids(subjects),), prepare=True)
        await days.execute(_BUCKETS, (Uuids(buckets),), prepare=True)
    stored = {row[:3]: Stored(*row) for row in await boxes.fetchall()}
    opener = _Opener(
        key,
        {s: KeyState(erased, wrapped) for s, erased, wrapped in await people.fetchall()},
        {b: KeyState(destroyed, wrapped) for b, destroyed, wrapped in await days.fetchall()},
    )
    return [opener.read(ref, stored.get(ref[:3])) for ref in wanted]


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
    subjects: dict[UUID, KeyState]
    buckets: dict[UUID, KeyState]

    def read(self, ref: Reference, stored: Stored | None) -> Reading:
        sealed = ref.sealed
        try:
            subjects = [self.subjects[subject] for subject in sealed.subjects]
            bucket = self.buckets[sealed.bucket]
        except KeyError:
            raise IntegrityAlarm("no such subject or bucket") from None
        if any(subject.is_destroyed for subject in subjects):
            return ERASED
        if bucket.is_destroyed:
            return EXPIRED
        if stored is None:
            raise IntegrityAlarm("missing value")
        return Reading(ReadingState.value, self._open(ref, stored, subjects, bucket))

    def _open(
        self, ref: Reference, stored: Stored, subjects: list[KeyState], bucket: KeyState
    ) -> dict[str, Any]:
        box = Box(stored.box, stored.key_check)
        if box.commitment != ref.sealed.commitment:
            raise IntegrityAlarm("commitment")
        place = Place(
            workspace_id=self.key.workspace_id,
            stream_id=stored.stream_id,
            version=stored.version,
            name=stored.name,
            schema_version=stored.schema_version,
            field=stored.field,
            subjects=tuple(stored.subject_ids),
            category=stored.category,
            bucket=stored.bucket_id,
        )
        value: dict[str, Any] = orjson.loads(
            open_box(box, place, self._locks(ref, subjects, bucket))
        )
        return value

    def _locks(self, ref: Reference, subjects: list[KeyState], bucket: KeyState) -> Locks:
        pairs = zip(ref.sealed.subjects, subjects, strict=True)
        keys = [self.key.unwrap_subject(_present(state), subject) for subject, state in pairs]
        bucket_key = self.key.unwrap_bucket(_present(bucket), ref.sealed.bucket)
        return locks(keys, bucket_key, self.key.workspace_id, ref.stream_id)


def _present(state: KeyState) -> bytes:
    if state.wrapped is None:
        raise IntegrityAlarm("a key is missing and nobody destroyed it")
    return state.wrapped
