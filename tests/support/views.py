"""Views of a test's cell: followed, rebuilt, and held against the history itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
from cells import Home
from psycopg.conninfo import make_conninfo
from waiting import eventually

from adapters.postgres.arrays import Texts, Uuids
from domain.messages import Entry
from projections.call_log.build import CallSoFar, fold, row
from projections.call_log.view import CALL_LOG
from projections.follower import Follower, lag
from projections.projection import Column, Projection
from projections.rebuild import Comparison, rebuild

Table = list[tuple[Any, ...]]

TALLY: Final[Projection[tuple[Entry, ...]]] = Projection(
    name="tally",
    key="stream_id",
    prefix="call.",
    columns=(
        Column("workspace_id", Uuids),
        Column("stream_id", Uuids),
        Column("positions", Texts),
    ),
    fold=lambda told, entry: (*(told or ()), entry),
    row=lambda told: (
        told[0].workspace_id,
        told[0].stream_id,
        " ".join(str(entry.position) for entry in told),
    ),
)
"""A view in which every entry leaves its mark: one that is applied twice, late or never shows."""

_NEW_TALLY: Final = (
    "CREATE TABLE tally (workspace_id uuid, stream_id uuid PRIMARY KEY, positions text)",
    "INSERT INTO positions VALUES ('tally', 0)",
    "SELECT secure_view('tally')",
)
_TALLY_OF_HISTORY: Final = """
    SELECT workspace_id, stream_id, string_agg(position::text, ' ' ORDER BY position)
    FROM entries WHERE name LIKE 'call.%%' GROUP BY 1, 2 ORDER BY 2
"""


async def add_tally(home: Home) -> None:
    """Make the tally's table, as a migration would."""
    for statement in _NEW_TALLY:
        await home.address.sql(statement)


async def rows_of(home: Home, view: Projection[Any]) -> Table:
    """Every row of a view, in the order of its key."""
    return await home.address.sql(f"SELECT * FROM {view.name} ORDER BY {view.key}")  # noqa: S608 - names of ours


async def rows_owed(home: Home, view: Projection[Any]) -> Table:
    """Every row that the view is to have, by the history and without any of the view's SQL."""
    if view is TALLY:
        return await home.address.sql(_TALLY_OF_HISTORY)
    calls: dict[Any, CallSoFar] = {}
    for entry in await home.entries():
        if entry.event.name.startswith("call."):
            calls[entry.stream_id] = fold(calls.get(entry.stream_id), entry)
    return [_as_read(row(calls[key])) for key in sorted(calls)]


def _as_read(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A row of the call log as PostgreSQL gives it back."""
    values = dict(zip((column.name for column in CALL_LOG.columns), row, strict=True))
    values["leg_statuses"] = [word for word in values["leg_statuses"].split(",") if word]
    for role in ("caller", "callee"):
        values[role] = msgspec.json.decode(msgspec.json.encode(values[role]))
    return tuple(values.values())


async def catch_up(home: Home, view: Projection[Any] = CALL_LOG) -> int:
    """Bring a view up to date, with a follower that has just been born."""
    async with await home.cell.follow() as connection:
        return await Follower(home.cell.follow, view).catch_up(connection)


@asynccontextmanager
async def running(*followers: Follower) -> AsyncIterator[list[asyncio.Task[None]]]:
    """These followers at work; cancelled at the end, unless they are already."""
    tasks = [asyncio.create_task(follower.run()) for follower in followers]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def behind(home: Home, view: Projection[Any] | None = None) -> int:
    """How far a view is behind, or the one that is furthest, as readiness asks."""
    async with home.cell.scoped(home.address.workspace_id) as connection:
        return await lag(connection, view.name if view else None)


async def followed(home: Home, view: Projection[Any] | None = None) -> None:
    """Wait until a view, or every one, has all of the history."""

    async def is_followed() -> bool:
        return await behind(home, view) == 0

    await eventually(is_followed)


def owner_url(home: Home) -> str:
    """The cell for its owner, as a rebuild wants it."""
    return make_conninfo(home.address.urls.admin, options=f"-c search_path={home.address.schema}")


async def rebuilt(
    home: Home, view: Projection[Any] = CALL_LOG, *, swap: bool = True
) -> Comparison:
    """Rebuild a view of the cell."""
    return await rebuild(owner_url(home), view, swap=swap)
