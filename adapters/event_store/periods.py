"""Reading what the periods of a cell's workspaces come to: which of their buckets are due.

Whoever may see one workspace only reads that one's.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any, Final, LiteralString, NamedTuple
from uuid import UUID

from adapters.event_store.codec import COLUMNS, decode
from adapters.event_store.keyholders import NO_CAMPAIGN
from adapters.postgres.arrays import Dates, Texts, Uuids, columns
from adapters.postgres.pool import Connection
from domain.personal_data import Category
from domain.workspaces.events import WorkspaceEvent
from domain.workspaces.expiry import Due, Living
from domain.workspaces.state import Workspace
from domain.workspaces.workspace import WORKSPACE

# Each step finds the next category and campaign in the index, however many days each has.
_LIVING: Final = """
    WITH RECURSIVE oldest AS (
        (SELECT workspace_id, category, campaign, day FROM buckets WHERE destroyed_at IS NULL
         ORDER BY workspace_id, category, campaign, day LIMIT 1)
        UNION ALL
        SELECT following.* FROM oldest CROSS JOIN LATERAL (
            SELECT workspace_id, category, campaign, day FROM buckets b
            WHERE destroyed_at IS NULL AND (b.workspace_id, b.category, b.campaign)
                > (oldest.workspace_id, oldest.category, oldest.campaign)
            ORDER BY workspace_id, category, campaign, day LIMIT 1
        ) AS following
    )
    SELECT workspace_id, category, campaign, day FROM oldest
"""
# ruff: noqa: S608 - the columns are a constant of ours
_TOLD: Final[LiteralString] = f"""
    SELECT {COLUMNS} FROM entries
    WHERE name IN ('workspace.profile_set', 'workspace.region_set',
                   'workspace.retention_period_set', 'workspace.retention_period_cleared',
                   'workspace.closed', 'workspace.reopened', 'workspace.keys_destroyed')
    AND stream_id = ANY(%b) ORDER BY stream_id, version
"""
_DUE: Final = """
    SELECT b.bucket_id, b.workspace_id, b.category, b.campaign, b.day
    FROM unnest(%b, %b, %b, %b) AS d (workspace_id, category, campaign, last_day)
    JOIN buckets b ON b.workspace_id = d.workspace_id AND b.category = d.category
        AND b.campaign = d.campaign AND b.day <= d.last_day
    WHERE b.destroyed_at IS NULL
    ORDER BY b.workspace_id, b.category, b.campaign, b.day LIMIT %s
"""

_ONE: Final = """
    SELECT bucket_id, workspace_id, category, campaign, day FROM buckets
    WHERE bucket_id = %s AND destroyed_at IS NULL
"""


class Bucket(NamedTuple):
    """A living bucket."""

    bucket_id: UUID
    workspace_id: UUID
    category: Category
    campaign: str | None
    day: date


async def living_buckets(connection: Connection) -> dict[UUID, list[Living]]:
    """What each workspace has that may expire, whose keys are not destroyed yet."""
    found = defaultdict[UUID, list[Living]](list)
    for workspace_id, category, campaign, day in await _rows(connection, _LIVING):
        found[workspace_id].append(Living(Category(category), campaign or None, day))
    return dict(found)


async def told_of_periods(
    connection: Connection, workspace_ids: Collection[UUID]
) -> dict[UUID, Workspace]:
    """These workspaces, as far as their periods and their end are concerned."""
    told = dict.fromkeys(workspace_ids, WORKSPACE.initial)
    for row in await _rows(connection, _TOLD, Uuids(list(workspace_ids))):
        entry = decode(row)
        if isinstance(entry.event, WorkspaceEvent):
            told[entry.stream_id] = WORKSPACE.evolve(told[entry.stream_id], entry.event)
    return told


async def due_buckets(
    connection: Connection, dues: Mapping[UUID, Iterable[Due]], limit: int
) -> list[Bucket]:
    """The living buckets that these say are due: so many of them, a workspace's together."""
    rows = [
        (workspace_id, one.category, one.campaign or NO_CAMPAIGN, one.last_day)
        for workspace_id, found in dues.items()
        for one in found
    ]
    found = await _rows(connection, _DUE, *columns(rows, (Uuids, Texts, Texts, Dates)), limit)
    return [
        Bucket(bucket_id, workspace_id, Category(category), campaign or None, day)
        for bucket_id, workspace_id, category, campaign, day in found
    ]


async def living_bucket(connection: Connection, bucket_id: UUID) -> Bucket | None:
    """A bucket whose key is not destroyed, by its id."""
    for one, workspace_id, category, campaign, day in await _rows(connection, _ONE, bucket_id):
        return Bucket(one, workspace_id, Category(category), campaign or None, day)
    return None


async def _rows(
    connection: Connection, query: LiteralString, *parameters: object
) -> list[tuple[Any, ...]]:
    cursor = connection.cursor(binary=True)
    await cursor.execute(query, parameters)
    return await cursor.fetchall()
