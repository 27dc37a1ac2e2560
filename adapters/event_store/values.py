"""Opening sealed values for a reader, many at once, in one round trip.

Keys are read together with what they open, in one snapshot. So the first read that begins after
an erasure finds nothing, in any process.

Who has a ``Need`` also sees what is restricted, and what nothing but a hold keeps.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self
from uuid import UUID

import orjson
from msgspec import structs

from adapters.keys.sealing import Box, Locks, Place, context_of, locks_in, open_box, secret_of
from adapters.keys.workspace_key import WorkspaceKey
from adapters.postgres.arrays import Ints, Texts, Uuids
from adapters.postgres.pool import Connection
from domain.errors import IntegrityAlarm
from domain.holds.words import OPENS_FOR
from domain.messages import Entry
from domain.personal_data import Need, Reading, ReadingState, Sealed

_BOXES = """
    SELECT r.number, v.name, v.schema_version, v.subject_ids, v.category, v.bucket_id, v.key_check,
           v.box
    FROM unnest(%b, %b, %b) WITH ORDINALITY AS r (stream_id, version, field, number)
    JOIN vault v USING (stream_id, version, field)
"""
_KEYS = """
    SELECT false, s.subject_id, s.erased_at IS NOT NULL, s.restricted_at IS NOT NULL, k.wrapped
    FROM subjects s LEFT JOIN subject_keys k USING (subject_id) WHERE s.subject_id = ANY(%b)
    UNION ALL
    SELECT true, b.bucket_id, b.destroyed_at IS NOT NULL, false, k.wrapped
    FROM buckets b LEFT JOIN bucket_keys k USING (bucket_id) WHERE b.bucket_id = ANY(%b)
"""
_ESCROW = """
    SELECT e.stream_id, e.subject_ids, e.bucket_id, e.wrapped FROM escrow e
    WHERE e.stream_id = ANY(%b) AND (
        EXISTS (SELECT 1 FROM held WHERE held_id = ANY(e.concerns) AND ground = ANY(%b))
        OR EXISTS (SELECT 1 FROM subjects s
                   WHERE s.subject_id = ANY(e.subject_ids) AND s.restricted_at IS NOT NULL)
    )
"""

WITHHELD = Reading(ReadingState.withheld)
ERASED = Reading(ReadingState.erased)
EXPIRED = Reading(ReadingState.expired)
RESTRICTED = Reading(ReadingState.restricted)


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

    key: bytes | None
    is_destroyed: bool
    is_restricted: bool


def references(entry: Entry) -> Iterable[Reference]:
    """The sealed values of an entry."""
    for name, value in structs.asdict(entry.event).items():
        if isinstance(value, Sealed):
            yield Reference(entry.stream_id, entry.version, name, value)


async def open_values(
    connection: Connection,
    key: WorkspaceKey,
    wanted: Sequence[Reference],
    needs: Collection[Need] = (),
) -> list[Reading]:
    """Open each of ``wanted``, or say why it cannot be read; in their order.

    The connection must be in one snapshot (``scoped``) for the whole call. What the reader needs
    them for was checked before: here any of ``needs`` opens what is restricted.

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
    found = await keys.fetchall()
    opener = await key.apply(
        connection, lambda key: _Opener.of(key, found, may_open_restricted=bool(needs))
    )
    if needs:
        opener.escrow = await _escrow(connection, opener.key, wanted, needs)
    return [opener.read(ref, stored.get(number)) for number, ref in enumerate(wanted, 1)]


def _arrays(wanted: Sequence[Reference]) -> tuple[Uuids, Ints, Texts]:
    return (
        Uuids([ref.stream_id for ref in wanted]),
        Ints([ref.version for ref in wanted]),
        Texts([ref.field for ref in wanted]),
    )


async def _escrow(
    connection: Connection,
    key: WorkspaceKey,
    wanted: Sequence[Reference],
    needs: Collection[Need],
) -> dict[tuple[int, ...], Locks]:
    """What is in escrow of these and opens for one of these needs, by stream and owners."""
    grounds = [ground for ground, need in OPENS_FOR.items() if need in needs]
    streams = list({ref.stream_id for ref in wanted})
    found = await connection.execute(_ESCROW, (Uuids(streams), Texts(grounds)))
    rows = await found.fetchall()
    return await key.apply(connection, lambda key: _unescrowed(key, rows))


def _unescrowed(
    key: WorkspaceKey, rows: Sequence[tuple[Any, ...]]
) -> dict[tuple[int, ...], Locks]:
    return {
        (stream.int, *_owners(subjects, bucket)): locks_in(key.unwrap_escrow(wrapped, stream))
        for stream, subjects, bucket, wrapped in rows
    }


def _owners(subjects: Iterable[UUID], bucket: UUID) -> tuple[int, ...]:
    # As numbers: Python compares those itself, and UUIDs by a function written in Python.
    return (bucket.int, *[subject.int for subject in subjects])


@dataclass(slots=True)
class _Opener:
    """The keys that one read found, and what they open."""

    key: WorkspaceKey
    may_open_restricted: bool
    keys: dict[UUID, KeyState] = field(default_factory=dict)
    """Of subjects and of buckets."""

    locks: dict[tuple[int, ...], bytes | Reading] = field(default_factory=dict)
    """By subjects and bucket: the secret that opens, or the reason why nothing does."""

    escrow: dict[tuple[int, ...], Locks] = field(default_factory=dict)
    """By stream, subjects and bucket."""

    @classmethod
    def of(
        cls, key: WorkspaceKey, rows: Sequence[tuple[Any, ...]], *, may_open_restricted: bool
    ) -> Self:
        """With the keys that are in these rows of ``_KEYS``."""
        opener = cls(key, may_open_restricted)
        for is_bucket, owner, is_destroyed, is_restricted, wrapped in rows:
            opener.learn(owner, wrapped, is_destroyed, is_restricted, is_bucket=is_bucket)
        return opener

    def learn(self, owner: UUID, wrapped: bytes | None, *state: bool, is_bucket: bool) -> None:
        """Take a subject's or a bucket's key as the store has it."""
        unwrap = self.key.unwrap_bucket if is_bucket else self.key.unwrap_subject
        key = None if wrapped is None else unwrap(wrapped, owner)
        self.keys[owner] = KeyState(key, *state)

    def read(self, ref: Reference, stored: VaultRow | None) -> Reading:
        sealed = ref.sealed
        owners = _owners(sealed.subjects, sealed.bucket)
        lock = self.locks.get(owners)
        if lock is None:
            lock = self.locks[owners] = self._lock(sealed)
        if isinstance(lock, Reading):
            escrowed = self.escrow.get((ref.stream_id.int, *owners))
            # Of one who was erased before it came, nothing was ever kept.
            if escrowed is None or sealed.commitment is None:
                return lock
            keys = escrowed
        else:
            keys = self.key.recent.get(lock, context_of(self.key.workspace_id, ref.stream_id))
        if stored is None:
            raise IntegrityAlarm("missing value")
        return Reading(ReadingState.value, self._open(ref, stored, keys))

    def _lock(self, sealed: Sealed) -> bytes | Reading:
        try:
            bucket = self.keys[sealed.bucket]
            subjects = [self.keys[subject] for subject in sealed.subjects]
        except KeyError:
            raise IntegrityAlarm("no such subject or bucket") from None
        if any(subject.is_destroyed for subject in subjects):
            return ERASED
        if not self.may_open_restricted and any(subject.is_restricted for subject in subjects):
            return RESTRICTED
        if bucket.is_destroyed:
            return EXPIRED
        return secret_of([_present(subject) for subject in subjects], _present(bucket))

    def _open(self, ref: Reference, stored: VaultRow, keys: Locks) -> dict[str, Any]:
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
        value: dict[str, Any] = orjson.loads(open_box(box, place, keys))
        return value


def _present(state: KeyState) -> bytes:
    if state.key is None:
        raise IntegrityAlarm("a key is missing and nobody destroyed it")
    return state.key
