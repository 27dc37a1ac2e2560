"""Holds and restrictions as tests place them, and what they do to a cell."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import psycopg
from cells import READER, Home, Readings

from adapters.event_store.escrow import escrow_bucket
from adapters.event_store.history import read_stream
from adapters.event_store.values import open_values, references
from adapters.wiring import now
from domain.holds.commands import PlaceHold, ReleaseHold
from domain.holds.words import Ground, Scope
from domain.messages import Context
from domain.personal_data import Need
from domain.subjects.commands import LiftRestriction, RestrictSubject
from domain.subjects.events import RestrictionGround


def in_a_month() -> str:
    """The day of a review, as a request names it."""
    return (now().date() + timedelta(days=30)).isoformat()


def placing(
    *,
    subjects: Collection[UUID] = (),
    calls: Collection[UUID] = (),
    scope: Scope = Scope.matter,
    ground: Ground = Ground.legal_claims,
    at: datetime | None = None,
) -> PlaceHold:
    """Place a hold on these, to be looked at within a month."""
    moment = at or now()
    return PlaceHold(
        scope=scope,
        matter="2026-17",
        ground=ground,
        review_on=moment.date() + timedelta(days=30),
        subjects=tuple(subjects),
        calls=tuple(calls),
        occurred_at=moment,
    )


async def hold(home: Home, command: PlaceHold) -> UUID:
    """Place a hold; its id."""
    hold_id, own = uuid4(), home.address.workspace_id
    await home.cell.holds.tell(own, hold_id, command, Context("cli", uuid4()))
    return hold_id


async def release(home: Home, hold_id: UUID, at: datetime | None = None) -> None:
    """Release a hold."""
    command, own = ReleaseHold(occurred_at=at or now()), home.address.workspace_id
    await home.cell.holds.tell(own, hold_id, command, Context("cli", uuid4()))


async def restrict(
    home: Home, subject: UUID, ground: RestrictionGround = RestrictionGround.accuracy
) -> None:
    """Restrict what is known of a subject."""
    command, own = RestrictSubject(ground=ground, occurred_at=now()), home.address.workspace_id
    await home.cell.holds.restrict(own, subject, command, Context("cli", uuid4()))


async def lift(home: Home, subject: UUID) -> None:
    """Lift a restriction, of which the subject was told."""
    command, own = LiftRestriction(told_at=now(), occurred_at=now()), home.address.workspace_id
    await home.cell.holds.restrict(own, subject, command, Context("cli", uuid4()))


async def read_for(home: Home, stream_id: UUID, *needs: Need) -> Readings:
    """What a reader with these needs gets for each personal field of a stream."""
    own = home.address.workspace_id
    async with home.cell.scoped(own) as connection:
        key = await home.cell.workspace_key(connection, own)
        entries = await read_stream(connection, stream_id)
        wanted = [ref for entry in entries for ref in references(entry)]
        readings = await open_values(connection, key, wanted, home.cell.access(READER), needs)
    return {(r.version, r.field): v for r, v in zip(wanted, readings, strict=True)}


def states(readings: Readings) -> dict[str, str]:
    """The state of each field."""
    return {field: reading.state for (_, field), reading in readings.items()}


async def buckets(home: Home, category: str = "call_metadata") -> list[UUID]:
    """The buckets of a category that have their key."""
    query = """
        SELECT bucket_id FROM buckets
        WHERE workspace_id = %s AND category = %s AND destroyed_at IS NULL
    """
    found = await home.address.sql(query, home.address.workspace_id, category)
    return [bucket for (bucket,) in found]


async def expire(home: Home, bucket_id: UUID) -> None:
    """Destroy a bucket's key as whoever expires it does: escrow first, guard under the lock."""
    address = home.address
    async with home.cell.writing.connection() as connection, connection.transaction():
        key = await home.cell.workspace_key(connection, address.workspace_id)
        await escrow_bucket(connection, key, bucket_id)
    async with await psycopg.AsyncConnection.connect(
        address.urls.admin, options=f"-c search_path={address.schema}"
    ) as owner:
        await owner.execute("SELECT FROM counter FOR UPDATE")
        await owner.execute("SELECT guard_bucket(%s)", (bucket_id,))
        await owner.execute("DELETE FROM bucket_keys WHERE bucket_id = %s", (bucket_id,))
        await owner.execute(
            "UPDATE buckets SET destroyed_at = now() WHERE bucket_id = %s", (bucket_id,)
        )
