"""Opening sealed values for a reader, many at once, in one round trip; each opening is noted.

Keys are read together with what they open, in one snapshot. So the first read that begins after
an erasure finds nothing, in any process.

Who has a ``Need`` also sees what is restricted, and what nothing but a hold keeps.
"""

from collections.abc import Awaitable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self
from uuid import UUID

import orjson
from msgspec import structs

from adapters.accesses.access import Access, Inward
from adapters.keys.sealing import (
    Box,
    Locks,
    associated,
    context,
    locks_in,
    open_bound,
    secret_of,
)
from adapters.keys.workspace_key import WorkspaceKey
from adapters.postgres.arrays import Ints, Texts, Uuids
from adapters.postgres.pool import Connection
from domain.errors import IntegrityAlarm
from domain.holds.words import OPENS_FOR
from domain.messages import Entry
from domain.personal_data import Need, Reading, ReadingState, Sealed

_SEALED = """
    SELECT r.number, NULL::uuid, v.schema_version, v.name,
           uuid_send(v.subject_ids[1]) || coalesce(uuid_send(v.subject_ids[2]), ''), v.category,
           uuid_send(v.bucket_id), v.key_check, v.box
    FROM unnest(%b, %b, %b) WITH ORDINALITY AS r (stream_id, version, field, number)
    JOIN vault v USING (stream_id, version, field)
    UNION ALL
    SELECT -1, s.subject_id,
           (s.erased_at IS NOT NULL)::integer + 2 * (s.restricted_at IS NOT NULL)::integer,
           NULL, NULL, NULL, NULL, NULL, k.wrapped
    FROM subjects s LEFT JOIN subject_keys k USING (subject_id) WHERE s.subject_id = ANY(%b)
    UNION ALL
    SELECT -2, b.bucket_id, (b.destroyed_at IS NOT NULL)::integer,
           NULL, NULL, NULL, NULL, NULL, k.wrapped
    FROM buckets b LEFT JOIN bucket_keys k USING (bucket_id) WHERE b.bucket_id = ANY(%b)
"""
"""Boxes by number and, under numbers below zero, the keys of their subjects and buckets.

One statement: every further one costs as much as opening ten values. Ids that are only bound into
a seal come as the bytes that they are bound in as.
"""

_BUCKET, _DESTROYED, _RESTRICTED = -2, 1, 2
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


SealedRow = tuple[int, None, int, str, bytes, str, bytes, bytes, bytes]
"""A row of ``_SEALED`` that is a box."""


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


Lock = bytes | Locks | Reading
"""The secret that opens values, the keys that do, or the reason why nothing does."""


async def open_values(
    connection: Connection,
    key: WorkspaceKey,
    wanted: Sequence[Reference],
    access: Access,
    needs: Collection[Need] = (),
) -> list[Reading]:
    """Open each of ``wanted``, or say why it cannot be read; in their order.

    The connection must be in one snapshot (``scoped``) for the whole call. What the reader needs
    them for was checked before: here any of ``needs`` opens what is restricted. Where anything
    opens, that it did is durable when this returns.

    Raises:
        IntegrityAlarm: A value does not authenticate, is not the one its entry committed
            to, or is gone although nobody erased it and its bucket stands.
        Overloaded: Too many access entries wait.
        Unavailable: The access cannot be written down; so nobody is given anything.
    """
    if not wanted:
        return []
    rows = await _sealed(connection, wanted)
    key.recent.bound()
    opener = await key.apply(
        connection, lambda key: _Opener.of(key, rows, may_open_restricted=bool(needs))
    )
    if needs:
        opener.escrow = await _escrow(connection, opener.key, wanted, needs)
    locks = [opener.lock(ref) for ref in wanted]
    durable = _begun(access, opener.key, wanted, locks)
    boxes: dict[int, SealedRow] = {row[0]: row for row in rows if row[0] > 0}
    readings = [
        lock if isinstance(lock, Reading) else opener.open(ref, boxes.get(number), lock)
        for number, (ref, lock) in enumerate(zip(wanted, locks, strict=True), 1)
    ]
    if durable is not None:
        await durable
    return readings


async def _sealed(connection: Connection, wanted: Sequence[Reference]) -> list[tuple[Any, ...]]:
    """The boxes of these and the keys that they need, as one snapshot has them."""
    subjects = _distinct(subject for ref in wanted for subject in ref.sealed.subjects)
    buckets = _distinct(ref.sealed.bucket for ref in wanted)
    cursor = connection.cursor(binary=True)
    parameters = (*_arrays(wanted), Uuids(subjects), Uuids(buckets))
    await cursor.execute(_SEALED, parameters, prepare=True)
    return await cursor.fetchall()


def _begun(
    access: Access,
    key: WorkspaceKey,
    wanted: Sequence[Reference],
    locks: Sequence[Lock],
) -> Awaitable[None] | None:
    """Have it noted whose values are about to open; ``None`` where there is nothing to note.

    It begins before they do: the database commits while they are being opened.
    """
    locked = zip(wanted, locks, strict=True)
    opened = [ref for ref, lock in locked if not isinstance(lock, Reading)]
    if not opened or isinstance(access, Inward):
        return None
    subjects = _distinct(subject for ref in opened for subject in ref.sealed.subjects)
    return access.begin(key, subjects, _distinct(ref.stream_id for ref in opened))


def _distinct(ids: Iterable[UUID]) -> list[UUID]:
    # As numbers: Python compares those itself, and UUIDs by a function written in Python.
    return list({one.int: one for one in ids}.values())


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

    workspace: bytes = field(init=False)

    def __post_init__(self) -> None:
        self.workspace = self.key.workspace_id.bytes

    @classmethod
    def of(
        cls, key: WorkspaceKey, rows: Sequence[tuple[Any, ...]], *, may_open_restricted: bool
    ) -> Self:
        """With the keys that are in these rows of ``_SEALED``."""
        opener = cls(key, may_open_restricted)
        for number, owner, state, *_, wrapped in rows:
            if number < 0:
                opener.learn(owner, wrapped, state, is_bucket=number == _BUCKET)
        return opener

    def learn(self, owner: UUID, wrapped: bytes | None, state: int, *, is_bucket: bool) -> None:
        """Take a subject's or a bucket's key as the store has it."""
        unwrap = self.key.unwrap_bucket if is_bucket else self.key.unwrap_subject
        key = None if wrapped is None else unwrap(wrapped, owner)
        self.keys[owner] = KeyState(key, bool(state & _DESTROYED), bool(state & _RESTRICTED))

    def lock(self, ref: Reference) -> Lock:
        """What opens a value, or the reason why nothing does."""
        sealed = ref.sealed
        owners = _owners(sealed.subjects, sealed.bucket)
        lock = self.locks.get(owners)
        if lock is None:
            lock = self.locks[owners] = self._lock(sealed)
        if isinstance(lock, Reading) and sealed.commitment is not None:
            # Of one who was erased before it came, nothing was ever kept, in escrow neither.
            return self.escrow.get((ref.stream_id.int, *owners), lock)
        return lock

    def open(self, ref: Reference, stored: SealedRow | None, lock: bytes | Locks) -> Reading:
        """Open a box."""
        if stored is None:
            raise IntegrityAlarm("missing value")
        if not stored[-1]:
            return ERASED  # emptied before its keys went
        return Reading(ReadingState.value, self._open(ref, stored, lock))

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

    def _open(self, ref: Reference, stored: SealedRow, lock: bytes | Locks) -> dict[str, Any]:
        stream_id, version, field_name, sealed = ref
        _, _, schema_version, name, subjects, category, bucket, key_check, content = stored
        box = Box(content, key_check)
        if box.commitment != sealed.commitment:
            raise IntegrityAlarm("commitment")
        place = context(self.workspace, stream_id.bytes)
        if isinstance(lock, bytes):
            lock = self.key.recent.get(lock, place)
        bound = associated(
            place, version, name, schema_version, field_name, subjects, category, bucket
        )
        value: dict[str, Any] = orjson.loads(open_bound(box, bound, lock))
        return value


def _present(state: KeyState) -> bytes:
    if state.key is None:
        raise IntegrityAlarm("a key is missing and nobody destroyed it")
    return state.key
