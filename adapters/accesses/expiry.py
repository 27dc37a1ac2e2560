"""The end of access entries: whole days of a cell, and earlier where a workspace says so."""

from datetime import UTC, date, datetime, time
from typing import Final, LiteralString
from uuid import UUID

from adapters.event_store.erasures import Patience
from adapters.event_store.history import read_stream
from adapters.event_store.requests import Clock
from adapters.postgres.pool import Connection, Pool
from domain.accesses import kept_from
from domain.workspaces.events import WorkspaceEvent
from domain.workspaces.profiles import Unit
from domain.workspaces.words import Kept
from domain.workspaces.workspace import WORKSPACE

LONGEST_DAYS: Final = 30
"""What no policy's rule goes beyond (002:54); the ring of partitions is made for it."""

DELETED_AT_ONCE: Final = 5_000
_EXPIRE: Final[LiteralString] = "SELECT expire_accesses(%s)"
_EXPIRE_OF: Final[LiteralString] = "SELECT expire_accesses_of(%s, %s, %s)"
_WORKSPACES: Final[LiteralString] = "SELECT workspace_id FROM workspace_keys"


class AccessExpiry:
    """Ends the access entries of one cell, once a day."""

    def __init__(self, pool: Pool, clock: Clock, patiently: Patience) -> None:
        self._pool = pool
        self._clock = clock
        self._patiently = patiently
        self._swept: date | None = None

    async def finish(self) -> None:
        """End what is older than its period, unless that was done today (in UTC)."""
        today = self._clock().date()
        if today == self._swept:
            return
        await self._patiently(lambda: self._sweep(today))
        self._swept = today

    async def _sweep(self, today: date) -> None:
        async with self._pool.connection() as connection:
            await connection.execute(_EXPIRE, (_begin(kept_from(today, LONGEST_DAYS)),))
            rows = await connection.execute(_WORKSPACES)
            for (workspace_id,) in await rows.fetchall():
                days = await _days_of(connection, workspace_id, today)
                if days < LONGEST_DAYS:
                    await _expire_of(connection, workspace_id, _begin(kept_from(today, days)))


async def _days_of(connection: Connection, workspace_id: UUID, today: date) -> int:
    """How many days a workspace's rule has its access entries kept."""
    entries = await read_stream(connection, workspace_id)
    events = (entry.event for entry in entries)
    workspace = WORKSPACE.fold(event for event in events if isinstance(event, WorkspaceEvent))
    found = workspace.settings.retention.explain(Kept.access_entries, None, today)
    period = found.ruling.period
    if period is None or period.unit is not Unit.days:
        return LONGEST_DAYS
    return period.length


async def _expire_of(connection: Connection, workspace_id: UUID, before: datetime) -> None:
    deleted = DELETED_AT_ONCE
    while deleted == DELETED_AT_ONCE:
        parameters = (workspace_id, before, DELETED_AT_ONCE)
        ((deleted,),) = await (await connection.execute(_EXPIRE_OF, parameters)).fetchall()


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
