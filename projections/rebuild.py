"""Rebuilds a view from the first entry on, beside the live one, then compares and swaps.

Dashboards read the live view until the last moment; its follower waits only for the last
few entries, the comparison and the renaming.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from adapters.event_store.history import read_after
from adapters.postgres.pool import Connection
from projections.projection import Folds, Projection
from projections.tables import upsert

PAGE = 5_000
Progress = Callable[[int, int], None]
"""Called with the entries done and the entries there are."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How the rebuilt view differs from the one it was built beside."""

    rows: int
    missing: int
    """Rows that only the rebuilt view has, or has otherwise."""

    surplus: int
    """Rows that only the live view had, or had otherwise."""

    swapped: bool

    @property
    def is_equal(self) -> bool:
        """Whether the live view was what the history says."""
        return self.missing == self.surplus == 0


async def rebuild(
    url: str,
    projection: Projection[Any],
    progress: Progress = lambda done, total: None,
    *,
    swap: bool = True,
) -> Comparison:
    """Build the view anew, compare, and (unless told not to) put it in the live one's place.

    Args:
        url: The database, for a role that may create tables, with the cell as search path.
        projection: The view.
        progress: Hears how far it is.
        swap: Whether the rebuilt view stays. Without it this is a check.
    """
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(_sql("DROP TABLE IF EXISTS {new}", projection))
        await connection.execute(
            _sql("CREATE TABLE {new} (LIKE {live} INCLUDING ALL)", projection)
        )
        folds = Folds(projection)
        position = await _read(connection, folds, 0, progress)
        async with connection.transaction():
            # From here the live view stands still, at a position that we can meet.
            rows = await connection.execute(
                "SELECT position FROM positions WHERE view = %s FOR UPDATE", (projection.name,)
            )
            live_position: int = (await rows.fetchall())[0][0]
            await _meet(connection, folds, position, live_position)
            return await _compare(connection, projection, folds, swap=swap)


async def _read(
    connection: Connection, folds: Folds[Any], position: int, progress: Progress
) -> int:
    """Fold the history up to where it ended when we began."""
    total: int = (await _one(connection, "SELECT position FROM counter"))[0]
    while position < total:
        entries = await read_after(connection, position, min(PAGE, total - position))
        folds.add([entry for entry in entries if folds.reads(entry)])
        position = entries[-1].position
        progress(position, total)
    return position


async def _meet(
    connection: Connection, folds: Folds[Any], position: int, live_position: int
) -> None:
    """Bring the rebuilt view to the live one's position, which may lie before our own."""
    if position > live_position:
        # We read further than the follower: begin again from what it has, which is rare and small.
        folds.forget()
        position = 0
    while position < live_position:
        entries = await read_after(connection, position, min(PAGE, live_position - position))
        folds.add([entry for entry in entries if folds.reads(entry)])
        position = entries[-1].position


async def _compare(
    connection: Connection, projection: Projection[Any], folds: Folds[Any], *, swap: bool
) -> Comparison:
    rows = folds.all_rows()
    for start in range(0, len(rows), PAGE):
        await upsert(connection, projection, rows[start : start + PAGE], f"{projection.name}_new")
    difference = "SELECT count(*) FROM (TABLE {} EXCEPT ALL TABLE {}) AS d"
    missing = await _one(connection, _sql(difference.format("{new}", "{live}"), projection))
    surplus = await _one(connection, _sql(difference.format("{live}", "{new}"), projection))
    if swap:
        await connection.execute("SELECT secure_view(%s)", (f"{projection.name}_new",))
        await connection.execute(_sql("DROP TABLE {live}", projection))
        await connection.execute(_sql("ALTER TABLE {new} RENAME TO {live}", projection))
    else:
        await connection.execute(_sql("DROP TABLE {new}", projection))
    return Comparison(len(rows), missing[0], surplus[0], swapped=swap)


async def _one(connection: Connection, query: sql.Composed | LiteralString) -> tuple[Any, ...]:
    found = await (await connection.execute(query)).fetchone()
    if found is None:
        raise LookupError(query)
    return found


def _sql(text: LiteralString, projection: Projection[Any]) -> sql.Composed:
    return sql.SQL(text).format(
        live=sql.Identifier(projection.name), new=sql.Identifier(f"{projection.name}_new")
    )
