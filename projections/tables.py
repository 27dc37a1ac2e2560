"""Writing rows of any view, set by set: thousands in one statement."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from psycopg import sql

from adapters.postgres.arrays import Array
from adapters.postgres.pool import Connection
from projections.projection import Projection

Rows = Sequence[tuple[Any, ...]]


async def upsert(connection: Connection, projection: Projection[Any], rows: Rows) -> None:
    """Put the rows into the view, each in the place of the one with its key."""
    if rows:
        query = _upsert(projection)
        await connection.execute(query, _arrays(projection, rows), prepare=True)


async def add(connection: Connection, projection: Projection[Any], rows: Rows, table: str) -> None:
    """Put the rows, whose keys are new there, into a table of the view's shape."""
    if rows:
        query = _insert(projection, table)
        await connection.execute(query, _arrays(projection, rows), prepare=True)


def _arrays(projection: Projection[Any], rows: Rows) -> list[Array]:
    columns = zip(projection.columns, zip(*rows, strict=True), strict=True)
    return [column.array(values) for column, values in columns]


@cache
def _upsert(projection: Projection[Any]) -> sql.Composed:
    names = [sql.Identifier(column.name) for column in projection.columns]
    return _insert(projection, projection.name) + sql.SQL(
        " ON CONFLICT ({key}) DO UPDATE SET ({names}) = ROW ({excluded})"
    ).format(
        key=sql.Identifier(projection.key),
        names=sql.SQL(", ").join(names),
        excluded=sql.SQL(", ").join(sql.SQL("excluded.{}").format(name) for name in names),
    )


@cache
def _insert(projection: Projection[Any], table: str) -> sql.Composed:
    names = [sql.Identifier(column.name) for column in projection.columns]
    return sql.SQL(
        "INSERT INTO {table} ({names}) SELECT {read} FROM unnest({arrays}) AS t ({names})"
    ).format(
        table=sql.Identifier(table),
        names=sql.SQL(", ").join(names),
        read=sql.SQL(", ").join(
            sql.SQL(column.expression).format(name)
            for column, name in zip(projection.columns, names, strict=True)
        ),
        arrays=sql.SQL(", ").join([sql.SQL("%b")] * len(names)),
    )
