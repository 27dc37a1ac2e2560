"""Escrow: what a hold or a restriction keeps of values of which one of the two keys goes.

Keys differ per stream, so one call's values can be kept and no other's: what was derived for the
call is wrapped under the workspace's key before the subject's or the bucket's key is destroyed.
Whoever destroys one looks under the writers' lock whether anything was left (``NOT_ESCROWED``).
"""

from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import UUID

from adapters.keys.keyring import in_its_epoch
from adapters.keys.sealing import block_of, context_of, secret_of
from adapters.keys.workspace_key import WorkspaceKey
from adapters.postgres.arrays import Bytes, Uuids, columns
from adapters.postgres.pool import Connection

HELD: Final = "RL006"
"""A hold stands in the way: nothing was destroyed."""

NOT_ESCROWED: Final = "RL007"
"""Something is kept and not in escrow yet: take it there, and try again."""

AT_ONCE: Final = 200
"""Locks that are taken there in one transaction, which the writers wait for: some 50 ms."""

_UNESCROWED: Final = """
    SELECT stream_id, subject_ids, bucket_id FROM unescrowed(%s, %s, %s) LIMIT %s
"""
_KEYS: Final = """
    SELECT subject_id, wrapped, false FROM subject_keys WHERE subject_id = ANY(%b)
    UNION ALL
    SELECT bucket_id, wrapped, true FROM bucket_keys WHERE bucket_id = ANY(%b)
"""
_TAKE: Final = "SELECT take_into_escrow(%s, %b, %b, %b, %b, %b)"


class Lock(NamedTuple):
    """A stream's values under one pair of locks."""

    stream_id: UUID
    subject_ids: list[UUID]
    bucket_id: UUID


async def escrow_bucket(connection: Connection, key: WorkspaceKey, bucket_id: UUID) -> int:
    """Take into escrow what is kept of a bucket whose key is to be destroyed; how many locks.

    Call it in the transaction that destroys the key, before it does. There ``guard_bucket()``
    refuses with ``HELD`` while the whole workspace is held, and with ``NOT_ESCROWED`` what was
    held since: roll back and do it again.
    """
    return await _escrow(connection, key, None, bucket_id)


async def escrow_subject(connection: Connection, key: WorkspaceKey, subject_id: UUID) -> int:
    """The same of a subject who is to be erased: of their values in calls that are held."""
    return await _escrow(connection, key, subject_id, None)


async def escrow_ahead(connection: Connection, key: WorkspaceKey, subject_id: UUID) -> None:
    """Most of that, before the transaction that destroys: nobody waits long for a large matter.

    What is in escrow while its keys are there as well does no harm, and goes with its hold.
    """
    taken = AT_ONCE
    while taken == AT_ONCE:
        async with connection.transaction():
            taken = await _escrow(connection, key, subject_id, None, AT_ONCE)


async def _escrow(
    connection: Connection,
    key: WorkspaceKey,
    subject_id: UUID | None,
    bucket_id: UUID | None,
    at_most: int | None = None,
) -> int:
    key = await in_its_epoch(connection, key)
    found = await connection.execute(
        _UNESCROWED, (key.workspace_id, subject_id, bucket_id, at_most)
    )
    locks = [Lock(*row) for row in await found.fetchall()]
    keys = await _keys(connection, key, locks)
    # A key that is gone by now took its values with it: they cannot be kept.
    rows = [
        (lock.stream_id, *_pair(lock.subject_ids), lock.bucket_id, _wrapped(key, lock, keys))
        for lock in locks
        if keys.keys() >= {lock.bucket_id, *lock.subject_ids}
    ]
    if rows:
        kinds = (Uuids, Uuids, Uuids, Uuids, Bytes)
        await connection.execute(_TAKE, (key.workspace_id, *columns(rows, kinds)))
    return len(rows)


async def _keys(
    connection: Connection, key: WorkspaceKey, locks: Sequence[Lock]
) -> dict[UUID, bytes]:
    subjects = list({subject for lock in locks for subject in lock.subject_ids})
    buckets = list({lock.bucket_id for lock in locks})
    found = await connection.execute(_KEYS, (Uuids(subjects), Uuids(buckets)))
    return {
        owner: (key.unwrap_bucket if is_bucket else key.unwrap_subject)(wrapped, owner)
        for owner, wrapped, is_bucket in await found.fetchall()
    }


def _pair(subjects: Sequence[UUID]) -> tuple[UUID, UUID | None]:
    return subjects[0], subjects[1] if len(subjects) > 1 else None


def _wrapped(key: WorkspaceKey, lock: Lock, keys: dict[UUID, bytes]) -> bytes:
    secret = secret_of([keys[subject] for subject in lock.subject_ids], keys[lock.bucket_id])
    block = block_of(secret, context_of(key.workspace_id, lock.stream_id))
    return key.wrap_escrow(block, lock.stream_id)
