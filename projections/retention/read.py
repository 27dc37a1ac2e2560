"""What a period would take, counted where it lies, and what has gone already.

There is no table: the vault is counted as the next sweep would find it, by the sweep's own rules.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final, LiteralString, NamedTuple
from uuid import UUID

from adapters.event_store.codec import COLUMNS, decode
from adapters.event_store.keyholders import NO_CAMPAIGN
from adapters.event_store.periods import due_buckets, living_buckets
from adapters.postgres.arrays import Texts, Uuids
from adapters.postgres.pool import Connection
from adapters.recordings.owners import locks_of
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

_IS_HELD: Final = "SELECT EXISTS (SELECT FROM held WHERE held_id = %s)"
_LOCKS: Final = "SELECT stream_id, subject_ids, bucket_id FROM kept_of(%(buckets)b)"
# ruff: noqa: S608 - put together from constants of ours
_BOXES: Final[LiteralString] = f"""
    WITH locks AS MATERIALIZED ({_LOCKS})
    SELECT bucket_id, stream_id, name, locks IS NOT NULL AS is_kept
    FROM vault LEFT JOIN locks USING (stream_id, subject_ids, bucket_id)
    WHERE bucket_id = ANY(%(buckets)b)
"""
_VALUES: Final[LiteralString] = f"""
    SELECT bucket_id, count(*) FILTER (WHERE NOT is_kept), count(*) FILTER (WHERE is_kept)
    FROM ({_BOXES}) AS boxes GROUP BY bucket_id
"""
_CALLS: Final[LiteralString] = f"""
    SELECT count(DISTINCT stream_id) FROM ({_BOXES}) AS boxes
    WHERE NOT is_kept AND starts_with(name, 'call.')
"""
_AUDIO: Final[LiteralString] = f"""
    SELECT DISTINCT stream_id FROM ({_BOXES}) AS boxes
    WHERE NOT is_kept AND name = 'recording.stored'
"""
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
    kept: int
    """Values that would go with them, were it not for a hold or a restriction."""

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


NOTHING: Final = Simulation(Taken(0, 0, 0, 0, 0, 0, 0), ())


async def simulate(
    connection: Connection,
    workspace: Workspace,
    place: tuple[UUID, Kept, str | None],
    today: date,
) -> Simulation:
    """What would go of a workspace's category if the workspace were as it is given here.

    Without a campaign: of all of them, each by its own rule. The connection must be in one
    snapshot for the whole call.
    """
    if await _is_held(connection, place[0]):
        return NOTHING
    ends = await _ends(connection, workspace, place, today)
    soon = [bucket for bucket, on in ends.items() if on <= today + AHEAD]
    rows = await _rows(connection, _VALUES, soon)
    values = {bucket: (going, kept) for bucket, going, kept in rows}
    buckets, counted = Counter(ends[one] for one in soon), Counter[date]()
    for bucket, (going, _) in values.items():
        counted[ends[bucket]] += going
    later = sorted(on for on in buckets if on > today)
    now = [bucket for bucket in soon if ends[bucket] <= today]
    return Simulation(
        await _taken(connection, {one: values.get(one, (0, 0)) for one in now}),
        [Step(on, buckets[on], counted[on]) for on in later],
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


async def _is_held(connection: Connection, workspace_id: UUID) -> bool:
    """Whether all of it waits for the release of a hold."""
    ((is_held,),) = await (await connection.execute(_IS_HELD, (workspace_id,))).fetchall()
    found: bool = is_held
    return found


async def _ends(
    connection: Connection,
    workspace: Workspace,
    place: tuple[UUID, Kept, str | None],
    today: date,
) -> dict[UUID, date]:
    """Every living bucket of the category, and when it ends by today's rules."""
    workspace_id, category, campaign = place
    rules = {
        (one.category, one.campaign): rule
        for one in (await living_buckets(connection)).get(workspace_id, ())
        if KEPT_AS[one.category] is category and campaign in (None, one.campaign)
        if (rule := rule_for(workspace, one, today)) is not None
    }
    every = [
        Due(group[0], group[1], date.max, rule.level, rule.period, rule.source)
        for group, rule in rules.items()
    ]
    buckets = await due_buckets(connection, {workspace_id: every}, _ALL)
    return {
        one.bucket_id: rules[one.category, one.campaign].period.ends(one.day) for one in buckets
    }


async def _taken(connection: Connection, values: Mapping[UUID, tuple[int, int]]) -> Taken:
    """What is in these buckets, of which so many values go and so many are kept."""
    ((calls,),) = await _rows(connection, _CALLS, values)
    audio = [stream for (stream,) in await _rows(connection, _AUDIO, values)]
    locks = await _rows(connection, _LOCKS, values) if audio else ()
    kept = {(stream, tuple(subjects), bucket) for stream, subjects, bucket in locks}
    recordings = await _recordings(connection, audio)
    sizes = [
        track.sealed_bytes
        for stream, one in recordings.items()
        for number, track in enumerate(one.stored.tracks if one.stored else ())
        if number not in one.deleted_tracks
        and kept.isdisjoint((stream, *lock) for lock in locks_of(one, number))
    ]
    of_audio = {one.call_id for one in recordings.values()}
    return Taken(
        len(values),
        sum(going for going, _ in values.values()),
        sum(staying for _, staying in values.values()),
        calls + len(of_audio),
        len(recordings),
        len(sizes),
        sum(sizes),
    )


async def _recordings(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Recording]:
    """These recordings, as far as their objects are concerned."""
    found = dict.fromkeys(ids, RECORDING.initial)
    for first in range(0, len(ids), _READ_AT_ONCE):
        cursor = connection.cursor(binary=True)
        await cursor.execute(_RECORDINGS, (Uuids(ids[first : first + _READ_AT_ONCE]),))
        for entry in map(decode, await cursor.fetchall()):
            if isinstance(entry.event, RecordingEvent):
                found[entry.stream_id] = RECORDING.evolve(found[entry.stream_id], entry.event)
    return found


async def _rows(
    connection: Connection, query: LiteralString, buckets: Iterable[UUID]
) -> list[tuple[Any, ...]]:
    found = await connection.execute(query, {"buckets": Uuids(list(buckets))})
    return await found.fetchall()
