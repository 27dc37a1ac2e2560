"""Writing rows of any view, set by set: thousands in one statement."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import cache
from typing import Any, Final, LiteralString

from psycopg import sql

from adapters.postgres.arrays import Array, columns
from adapters.postgres.copying import copy_in
from adapters.postgres.pool import Connection
from projections.projection import Projection

Rows = Sequence[tuple[Any, ...]]

_UPSERT: Final = """
    INSERT INTO {view} ({names}) SELECT {shaped} FROM unnest({arrays}) AS t ({names})
    ON CONFLICT ({key}) DO UPDATE SET ({names}) = ROW ({excluded})
"""
_NEW_TABLE: Final = """
    CREATE TEMPORARY TABLE {sent} AS SELECT * FROM unnest({arrays}) AS t ({names})
"""
_SHAPED: Final = """
    CREATE TEMPORARY VIEW {table} ({names}) AS SELECT {shaped} FROM {sent}
"""


async def upsert(connection: Connection, projection: Projection[Any], rows: Rows) -> None:
    """Put the rows into the view, each in the place of the one with its key."""
    if rows:
        arrays = columns(rows, _kinds(projection))
        await connection.execute(_upsert(projection), arrays, prepare=True)


@asynccontextmanager
async def new_table(
    connection: Connection, projection: Projection[Any], name: str
) -> AsyncIterator[Callable[[Rows], Awaitable[None]]]:
    """Make a temporary table of the view's shape; whoever is in here fills it with rows."""
    kinds, sent = _kinds(projection), f"{name}_as_sent"
    names = {"table": sql.Identifier(name), "sent": sql.Identifier(sent)}
    await connection.execute(_of(projection, _NEW_TABLE, **names), columns((), kinds))
    await connection.execute(_of(projection, _SHAPED, **names))
    async with copy_in(connection, sent, kinds) as put:
        yield put


def _kinds(projection: Projection[Any]) -> list[Callable[[Any], Array]]:
    return [column.array for column in projection.columns]


@cache
def _upsert(projection: Projection[Any]) -> sql.Composed:
    return _of(projection, _UPSERT)


def _of(
    projection: Projection[Any], statement: LiteralString, **more: sql.Composable
) -> sql.Composed:
    names = [sql.Identifier(column.name) for column in projection.columns]
    shaped = [sql.SQL(column.expression) for column in projection.columns]
    return sql.SQL(statement).format(
        view=sql.Identifier(projection.name),
        key=sql.Identifier(projection.key),
        names=_listed(names),
        shaped=_listed([s.format(name) for s, name in zip(shaped, names, strict=True)]),
        excluded=_listed([sql.SQL("excluded.{}").format(name) for name in names]),
        arrays=_listed([sql.SQL("%b")] * len(names)),
        **more,
    )


def _listed(parts: Sequence[sql.Composable]) -> sql.Composed:
    return sql.SQL(", ").join(parts)
