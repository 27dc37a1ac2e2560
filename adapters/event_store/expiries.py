"""Expiry: the keys of buckets in one transaction with the entries that say so, then the boxes.

What is due is decided under the writers' lock: a longer period that somebody set, or a hold that
they placed, a moment before is seen. Buckets of many workspaces go at once, because each time
all writers of the cell read their keys again.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Final, NamedTuple
from uuid import UUID, uuid4

import psycopg

from adapters.erasure_ledger.gate import Gate
from adapters.erasure_ledger.lines import Act, Kind, Line
from adapters.event_store.appending import APPEND
from adapters.event_store.codec import encode
from adapters.event_store.erasures import DELETED_AT_ONCE, Patience
from adapters.event_store.escrow import escrow_bucket
from adapters.event_store.periods import (
    Bucket,
    due_buckets,
    living_bucket,
    living_buckets,
    told_of_periods,
)
from adapters.event_store.rows import ENTRY, EntryRow, parameters
from adapters.event_store.writer import Clock
from adapters.keys.keyring import Keyring
from adapters.postgres.arrays import Uuids, columns
from adapters.postgres.pool import Connection, Pool
from domain.expiries.events import (
    BucketsDestroyed,
    ExpiredValuesDeleted,
    ExpiryEvent,
    LookupsDeleted,
)
from domain.identifiers import expiry_id
from domain.messages import Context
from domain.workspaces.expiry import Due, Living, due, due_again
from domain.workspaces.state import Workspace

DESTROYED_AT_ONCE: Final = 500
"""Buckets in one transaction: the writers wait for it."""

FORGOTTEN_AT_ONCE: Final = 1_000
"""Subjects that are looked at in one transaction."""

WORKSPACES_AT_ONCE: Final = 100
ACTOR: Final = "policy:retention"

_BEGIN: Final = "SELECT begin_expiry()"
_DESTROY: Final = "SELECT destroy_buckets(%s, %s, %b, %b, %b, %b, %b, %b, %b)"
_DELETE: Final = """
    SELECT deleted, emptied, is_complete, current_epoch FROM delete_expired(%s, %s)
"""
_FORGET: Final = "SELECT forgotten, looked_at, current_epoch FROM forget_lapsed(%s, %s)"
_LAPSING: Final = "SELECT DISTINCT workspace_id FROM lapsing"
_VERSIONS: Final = """
    SELECT stream_id, max(version) FROM entries WHERE stream_id = ANY(%b) GROUP BY stream_id
"""
_UNFINISHED: Final = """
    SELECT DISTINCT workspace_id FROM buckets
    WHERE destroyed_at IS NOT NULL AND kept IS DISTINCT FROM 0
    AND is_to_be_emptied(bucket_id, kept)
"""
# Held as a whole a workspace waits. Where something of it is kept, that is taken out before: if it
# still has the key under which that could be.
_KEPT: Final = """
    SELECT workspace_id, bool_or(is_whole) FROM (
        SELECT workspace_id, held_id = workspace_id FROM held
        UNION ALL
        SELECT workspace_id, false FROM subjects WHERE restricted_at IS NOT NULL
    ) AS kept (workspace_id, is_whole) JOIN workspace_keys USING (workspace_id)
    WHERE workspace_id = ANY(%b) GROUP BY workspace_id
"""


class Expired(NamedTuple):
    """What a sweep took."""

    buckets: int
    values: int


class Expiries:
    """Ends what has come to the end of its period, in one cell."""

    def __init__(
        self, pool: Pool, keyring: Keyring, clock: Clock, patiently: Patience, gate: Gate
    ) -> None:
        self._gate = gate
        self._pool = pool
        self._keyring = keyring
        self._clock = clock
        self._patiently = patiently

    async def finish(self) -> Expired:
        """Destroy the key of every bucket that is due, delete what is in it; how many of both.

        Safe to break off anywhere: a key goes in the transaction that says so, or stays, and
        what a transaction deleted, its entry says.
        """
        return await self._patiently(self._finish)

    async def do_again(self, act: Act, line: Line) -> None:
        """Destroy the key of the bucket that the erasure ledger says, by the rule of today."""

        async def end() -> None:
            async with self._pool.connection() as connection:
                await self._do_again(connection, act, line)

        await self._patiently(end)

    async def _do_again(self, connection: Connection, act: Act, line: Line) -> None:
        bucket = await living_bucket(connection, act.id)
        if bucket is None:
            return
        told = (await told_of_periods(connection, [bucket.workspace_id]))[bucket.workspace_id]
        found = due_again(told, Living(bucket.category, bucket.campaign, bucket.day))
        async with self._gate.destroying(connection, line):
            ((epoch,),) = await (await connection.execute(_BEGIN)).fetchall()
            kept = await self._kept(connection, [bucket.workspace_id])
            await self._take_out(connection, [bucket], kept)
            dues = {bucket.workspace_id: [found]}
            rows = await _rows(connection, _told([bucket], dues, self._clock()))
            gone, parts = Uuids([bucket.bucket_id]), columns(rows, ENTRY)
            await connection.execute(_DESTROY, (epoch, self._clock(), gone, *parts))
        self._keyring.forget_recent(bucket.workspace_id)

    async def _finish(self) -> Expired:
        async with self._pool.connection() as connection:
            buckets = await self._destroy_due(connection)
            values = await self._delete_all(connection)
            for (workspace_id,) in await (await connection.execute(_LAPSING)).fetchall():
                await self._forget(connection, workspace_id)
        return Expired(buckets, values)

    async def _destroy_due(self, connection: Connection) -> int:
        living, destroyed = await living_buckets(connection), 0
        asked = list(_dues(await told_of_periods(connection, living), living, self._clock()))
        for first in range(0, len(asked), WORKSPACES_AT_ONCE):
            some = {one: living[one] for one in asked[first : first + WORKSPACES_AT_ONCE]}
            last = DESTROYED_AT_ONCE
            while last == DESTROYED_AT_ONCE:
                last = await self._destroy(connection, some)
                destroyed += last
        return destroyed

    async def _destroy(self, connection: Connection, living: Mapping[UUID, list[Living]]) -> int:
        """Of these workspaces, as many at once as there may be; how many buckets."""
        async with self._gate.destroying(connection) as destruction:
            ((epoch,),) = await (await connection.execute(_BEGIN)).fetchall()
            kept = await self._kept(connection, living)
            told = await told_of_periods(connection, [one for one in living if not kept.get(one)])
            dues = _dues(told, living, self._clock())
            buckets = await due_buckets(connection, dues, DESTROYED_AT_ONCE)
            if not buckets:
                raise psycopg.Rollback
            await self._take_out(connection, buckets, kept)
            await destruction.intend(
                *(Act(Kind.bucket_expired, one.workspace_id, one.bucket_id) for one in buckets)
            )
            rows = await _rows(connection, _told(buckets, dues, self._clock()))
            gone = Uuids([one.bucket_id for one in buckets])
            parts = columns(rows, ENTRY)
            await connection.execute(_DESTROY, (epoch, self._clock(), gone, *parts))
        for workspace_id in {one.workspace_id for one in buckets}:
            self._keyring.forget_recent(workspace_id)
        return len(buckets)

    async def _take_out(
        self, connection: Connection, buckets: Iterable[Bucket], kept: Collection[UUID]
    ) -> None:
        """Take into escrow what is kept of these buckets, where something is."""
        for one in buckets:
            if one.workspace_id in kept:
                key = await self._keyring.get(connection, one.workspace_id)
                await escrow_bucket(connection, key, one.bucket_id)

    async def _kept(
        self, connection: Connection, workspace_ids: Collection[UUID]
    ) -> dict[UUID, bool]:
        """Of which workspaces something is kept, and whether all of it is."""
        some = (Uuids(list(workspace_ids)),)
        return dict(await (await connection.execute(_KEPT, some)).fetchall())

    async def _delete_all(self, connection: Connection) -> int:
        unfinished = await (await connection.execute(_UNFINISHED)).fetchall()
        return sum(
            [await self._delete(connection, workspace_id) for (workspace_id,) in unfinished]
        )

    async def _delete(self, connection: Connection, workspace_id: UUID) -> int:
        total, is_complete = 0, False
        while not is_complete:
            async with connection.transaction():
                found = await connection.execute(_DELETE, (workspace_id, DELETED_AT_ONCE))
                ((deleted, emptied, is_complete, epoch),) = await found.fetchall()
                if not deleted and not emptied:
                    break  # somebody else deletes them
                event = ExpiredValuesDeleted(
                    occurred_at=self._clock(),
                    values_deleted=deleted,
                    buckets_emptied=emptied,
                    is_complete=is_complete,
                )
                rows = await _rows(connection, [(workspace_id, event)])
                await connection.execute(APPEND, parameters(epoch, self._clock(), rows))
            total += deleted
        return total

    async def _forget(self, connection: Connection, workspace_id: UUID) -> None:
        """Forget the numbers of whoever has no value left."""
        looked_at = FORGOTTEN_AT_ONCE
        while looked_at == FORGOTTEN_AT_ONCE:
            async with connection.transaction():
                found = await connection.execute(_FORGET, (workspace_id, FORGOTTEN_AT_ONCE))
                ((forgotten, looked_at, epoch),) = await found.fetchall()
                if forgotten:
                    event = LookupsDeleted(occurred_at=self._clock(), lookups_deleted=forgotten)
                    rows = await _rows(connection, [(workspace_id, event)])
                    await connection.execute(APPEND, parameters(epoch, self._clock(), rows))


def _dues(
    workspaces: Mapping[UUID, Workspace], living: Mapping[UUID, list[Living]], now: datetime
) -> dict[UUID, list[Due]]:
    """What is due of each workspace of which something is."""
    dues = {one: list(due(told, living[one], now.date())) for one, told in workspaces.items()}
    return {workspace_id: found for workspace_id, found in dues.items() if found}


def _told(
    buckets: Sequence[Bucket], dues: Mapping[UUID, Sequence[Due]], now: datetime
) -> Iterator[tuple[UUID, ExpiryEvent]]:
    """What is to be said of the end of these buckets: an entry for each of their categories."""
    rules = {
        (workspace_id, one.category, one.campaign): one
        for workspace_id, found in dues.items()
        for one in found
    }
    for place, group in groupby(buckets, lambda b: (b.workspace_id, b.category, b.campaign)):
        days, rule = [one.day for one in group], rules[place]
        yield (
            place[0],
            BucketsDestroyed(
                occurred_at=now,
                category=rule.category,
                campaign=rule.campaign,
                first_day=days[0],
                last_day=days[-1],
                buckets=len(days),
                level=rule.level,
                length=rule.period.length,
                unit=rule.period.unit,
                source=rule.source,
            ),
        )


async def _rows(
    connection: Connection, told: Iterable[tuple[UUID, ExpiryEvent]]
) -> list[EntryRow]:
    """These as entries of their workspaces' streams, which the writers' lock keeps as they are."""
    events, cause = list(told), uuid4()
    streams = Uuids([expiry_id(workspace_id) for workspace_id, _ in events])
    found = await connection.execute(_VERSIONS, (streams,))
    versions = Counter[UUID](dict(await found.fetchall()))
    rows = []
    for workspace_id, event in events:
        stream = expiry_id(workspace_id)
        versions[stream] += 1
        body = encode(event, Context(ACTOR, cause), stream)
        place = workspace_id, stream, versions[stream]
        rows.append(EntryRow(*place, event.schema_version, event.name, body))
    return rows
