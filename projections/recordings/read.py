"""Finding recordings: those of a call, and those for which something is to be done."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from adapters.event_store.history import read_streams
from adapters.postgres.pool import Connection
from domain.holds.events import HoldPlaced
from domain.holds.hold import Hold
from domain.messages import Entry
from projections.recordings.build import Work

FIRST_PAUSE: Final = timedelta(seconds=15)
"""After an attempt; each further one waits twice as long, up to ``LONGEST_PAUSE``."""

LONGEST_PAUSE: Final = timedelta(hours=6)
AT_ONCE: Final = 500
ENDS_AT_ONCE: Final = 50_000
OVERLAP: Final = timedelta(minutes=10)
"""Looked at again: an erasure's time is that of its beginning, and the view may be behind."""

_END: Final = 2**63 - 1

_OF_CALL: Final = """
    SELECT recording_id FROM recordings WHERE workspace_id = %s AND call_id = %s
    ORDER BY first_recorded_at, recording_id
"""
_DUE: Final = """
    SELECT workspace_id, recording_id FROM recordings
    WHERE work = %s AND (tried_at IS NULL
        OR tried_at + least(%s * power(2, least(greatest(attempts, 1) - 1, 20)), %s) <= now())
    ORDER BY first_recorded_at LIMIT %s
"""
_ENDED: Final = """
    SELECT workspace_id, recording_id FROM recordings
    WHERE owners && %s::uuid[] OR bucket_id = ANY(%s::uuid[])
"""
_ENDS: Final = """
    SELECT id, at, is_bucket FROM (
        SELECT subject_id, erased_at, false FROM subjects WHERE erased_at >= %s
        UNION ALL
        SELECT bucket_id, destroyed_at, true FROM buckets WHERE destroyed_at >= %s
    ) AS ends (id, at, is_bucket) ORDER BY at LIMIT %s
"""
_KNOWS_ALL_UNTIL: Final = """
    SELECT NOT EXISTS (SELECT FROM entries, positions WHERE view = 'recordings'
        AND entries.position > positions.position AND recorded_at < %s)
"""
_RELEASES: Final = """
    SELECT stream_id FROM entries
    WHERE name IN ('hold.released', 'subject.restriction_lifted') AND recorded_at >= %s
"""
_RELEASED: Final = """
    SELECT workspace_id, recording_id FROM recordings
    WHERE workspace_id = ANY(%(ids)s) OR call_id = ANY(%(ids)s) OR owners && %(ids)s::uuid[]
"""
_NAMED: Final = """
    SELECT DISTINCT name FROM recordings, unnest(objects) AS name WHERE workspace_id = %s
"""


class Place(NamedTuple):
    """Which recording, and whose."""

    workspace_id: UUID
    recording_id: UUID


class Ends(NamedTuple):
    """Who was erased and which buckets ended since a time, and from when on to ask next."""

    subjects: Collection[UUID]
    buckets: Collection[UUID]
    until: datetime


async def streams_of_call(
    connection: Connection, workspace_id: UUID, call_id: UUID
) -> dict[UUID, list[Entry]]:
    """The entries of each recording of a call, the oldest recording first."""
    rows = await connection.execute(_OF_CALL, (workspace_id, call_id))
    ids = [recording_id for (recording_id,) in await rows.fetchall()]
    found = defaultdict[UUID, list[Entry]](list)
    for entry in await read_streams(connection, ids, _END):
        found[entry.stream_id].append(entry)
    return {recording_id: found[recording_id] for recording_id in ids}


async def due(
    connection: Connection, work: Work, first_pause: timedelta = FIRST_PAUSE
) -> list[Place]:
    """The recordings of a cell for which this is to be done now, the oldest first."""
    parameters = (work, first_pause, LONGEST_PAUSE, AT_ONCE)
    rows = await connection.execute(_DUE, parameters)
    return [Place(*row) for row in await rows.fetchall()]


async def ends_since(connection: Connection, since: datetime) -> Ends:
    """What ended at a time or later, as the cell's keys have it: the first of it."""
    rows = await (await connection.execute(_ENDS, (since, since, ENDS_AT_ONCE))).fetchall()
    now = (await (await connection.execute("SELECT now()")).fetchall())[0][0]
    is_all = len(rows) < ENDS_AT_ONCE
    return Ends(
        [subject for subject, _, is_bucket in rows if not is_bucket],
        [bucket for bucket, _, is_bucket in rows if is_bucket],
        max(since, now - OVERLAP) if is_all else rows[-1][1],
    )


async def ended_with(connection: Connection, ends: Ends) -> list[Place]:
    """The recordings of which a track ended with these."""
    parameters = (list(ends.subjects), list(ends.buckets))
    rows = await connection.execute(_ENDED, parameters)
    return [Place(*row) for row in await rows.fetchall()]


async def released_since(connection: Connection, since: datetime) -> list[Place]:
    """The recordings that a hold or a restriction reached which ended at a time or later."""
    rows = await connection.execute(_RELEASES, (since,))
    streams = [stream for (stream,) in await rows.fetchall()]
    if not streams:
        return []
    entries = await read_streams(connection, streams, _END)
    reached = {
        one
        for entry in entries
        if isinstance(entry.event, HoldPlaced)
        for one in Hold(entry.event).reaches(entry.workspace_id)
    }
    # What a restriction reached is the subject of its stream.
    rows = await connection.execute(_RELEASED, {"ids": list(reached.union(streams))})
    return [Place(*row) for row in await rows.fetchall()]


async def objects_of(
    connection: Connection, workspace_id: UUID, until: datetime
) -> set[str] | None:
    """The names of all objects that a workspace's recordings have, or may just be getting.

    ``None`` where the view does not have all of the history until then: there may be others.
    """
    # In this order: what the view learns in between is no harm.
    rows = await connection.execute(_KNOWS_ALL_UNTIL, (until,))
    ((knows_all,),) = await rows.fetchall()
    if not knows_all:
        return None
    rows = await connection.execute(_NAMED, (workspace_id,))
    return {name for (name,) in await rows.fetchall()}
