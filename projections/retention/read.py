"""What a period would take, counted where it lies, and what has gone already.

There is no table: the vault is counted as the next sweep would find it, by the sweep's own rules.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Final, LiteralString, NamedTuple
from uuid import UUID

from adapters.event_store.codec import COLUMNS, decode
from adapters.event_store.keyholders import NO_CAMPAIGN
from adapters.event_store.periods import due_buckets, living_buckets
from adapters.postgres.arrays import Texts, Uuids
from adapters.postgres.pool import Connection
from domain.recordings.events import RecordingEvent
from domain.recordings.recording import RECORDING
from domain.recordings.state import Recording
from domain.workspaces.expiry import Due, rule_for
from domain.workspaces.retention import KEPT_AS
from domain.workspaces.state import Workspace
from domain.workspaces.words import Kept

AHEAD: Final = timedelta(days=31)
"""How far it is told what goes later."""

_READ_AT_ONCE: Final = 1_000
_ALL: Final = 1_000_000

_VALUES: Final = """
    SELECT count(*), count(DISTINCT stream_id) FILTER (WHERE starts_with(name, 'call.'))
    FROM vault WHERE bucket_id = ANY(%b)
"""
_BY_BUCKET: Final = """
    SELECT bucket_id, count(*) FROM vault WHERE bucket_id = ANY(%b) GROUP BY bucket_id
"""
_AUDIO: Final = """
    SELECT DISTINCT stream_id FROM vault WHERE bucket_id = ANY(%b) AND name = 'recording.stored'
"""
# ruff: noqa: S608 - the columns are a constant of ours
_RECORDINGS: Final[LiteralString] = f"""
    SELECT {COLUMNS} FROM entries WHERE stream_id = ANY(%b)
    AND name IN ('recording.announced', 'recording.stored', 'recording.track_deleted')
    ORDER BY stream_id, version
"""
_GONE: Final = """
    SELECT max(day) FROM buckets
    WHERE workspace_id = %s AND category = ANY(%b) AND campaign = %s AND destroyed_at IS NOT NULL
"""


class Taken(NamedTuple):
    """What goes at once. Of recordings, calls are those that they are of."""

    buckets: int
    values: int
    calls: int
    recordings: int
    objects: int
    bytes: int
    """Of these objects, sealed as they lie there."""


class Step(NamedTuple):
    """What goes on a later day."""

    on: date
    buckets: int
    values: int


class Simulation(NamedTuple):
    """What would go: at the next sweep, and on each day of the month after it."""

    now: Taken
    later: Sequence[Step]


async def simulate(
    connection: Connection,
    workspace_id: UUID,
    workspace: Workspace,
    category: Kept,
    campaign: str | None,
    today: date,
) -> Simulation:
    """What would go of a category if the workspace were as it is given here.

    Without a campaign: of all of them, each by its own rule. The connection must be in one
    snapshot for the whole call.
    """
    ends = await _ends(connection, workspace_id, workspace, category, campaign, today)
    now = [bucket for bucket, on in ends.items() if on <= today]
    soon = {bucket: on for bucket, on in ends.items() if today < on <= today + AHEAD}
    found = await connection.execute(_BY_BUCKET, (Uuids(list(soon)),))
    values: Mapping[UUID, int] = dict(await found.fetchall())
    days = sorted(set(soon.values()))
    buckets, counted = Counter(soon.values()), Counter[date]()
    for bucket, on in soon.items():
        counted[on] += values.get(bucket, 0)
    return Simulation(
        await _taken(connection, now), [Step(on, buckets[on], counted[on]) for on in days]
    )


async def gone_through(
    connection: Connection, workspace_id: UUID, category: Kept, campaign: str | None
) -> date | None:
    """The last day of which something of the category went; it stays gone."""
    categories = Texts([one for one, kept in KEPT_AS.items() if kept is category])
    asked = workspace_id, categories, campaign or NO_CAMPAIGN
    ((day,),) = await (await connection.execute(_GONE, asked)).fetchall()
    found: date | None = day
    return found


async def _ends(
    connection: Connection,
    workspace_id: UUID,
    workspace: Workspace,
    category: Kept,
    campaign: str | None,
    today: date,
) -> dict[UUID, date]:
    """Every living bucket of the category, and when it ends by today's rules."""
    rules = {
        (one.category, one.campaign): rule
        for one in (await living_buckets(connection)).get(workspace_id, ())
        if KEPT_AS[one.category] is category and campaign in (None, one.campaign)
        if (rule := rule_for(workspace, one, today)) is not None
    }
    every = [Due(*place, date.max, *rule) for place, rule in rules.items()]
    buckets = await due_buckets(connection, {workspace_id: every}, _ALL)
    return {
        one.bucket_id: rules[one.category, one.campaign].period.ends(one.day) for one in buckets
    }


async def _taken(connection: Connection, buckets: Sequence[UUID]) -> Taken:
    ids = (Uuids(buckets),)
    ((values, calls),) = await (await connection.execute(_VALUES, ids)).fetchall()
    rows = await (await connection.execute(_AUDIO, ids)).fetchall()
    recordings = await _recordings(connection, [stream for (stream,) in rows])
    sizes = [
        track.sealed_bytes
        for one in recordings
        for number, track in enumerate(one.stored.tracks if one.stored else ())
        if number not in one.deleted_tracks
    ]
    of_audio = {one.call_id for one in recordings}
    return Taken(
        len(buckets), values, calls + len(of_audio), len(recordings), len(sizes), sum(sizes)
    )


async def _recordings(connection: Connection, ids: Collection[UUID]) -> list[Recording]:
    """These recordings, as far as their objects are concerned."""
    found = dict.fromkeys(ids, RECORDING.initial)
    every = list(ids)
    for first in range(0, len(every), _READ_AT_ONCE):
        cursor = connection.cursor(binary=True)
        await cursor.execute(_RECORDINGS, (Uuids(every[first : first + _READ_AT_ONCE]),))
        for entry in map(decode, await cursor.fetchall()):
            if isinstance(entry.event, RecordingEvent):
                found[entry.stream_id] = RECORDING.evolve(found[entry.stream_id], entry.event)
    return list(found.values())
