"""Writing rows of any view, set by set: thousands in one statement."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from psycopg import sql

from adapters.postgres.pool import Connection
from projections.projection import Projection


async def upsert(
    connection: Connection,
    projection: Projection[Any],
    rows: Sequence[tuple[Any, ...]],
    table: str | None = None,
) -> None:
    """Put the rows in, each in the place of the one with its key."""
    columns = zip(*rows, strict=True)
    arrays = [
        column.array(values) for column, values in zip(projection.columns, columns, strict=True)
    ]
    await connection.execute(_upsert(projection, table or projection.name), arrays, prepare=True)


@cache
def _upsert(projection: Projection[Any], table: str) -> sql.Composed:
    names = [sql.Identifier(column.name) for column in projection.columns]
    return sql.SQL(
        "INSERT INTO {table} ({names}) SELECT {read} FROM unnest({arrays}) AS t ({names}) "
        "ON CONFLICT ({key}) DO UPDATE SET ({names}) = ROW ({excluded})"
    ).format(
        table=sql.Identifier(table),
        names=sql.SQL(", ").join(names),
        read=sql.SQL(", ").join(
            sql.SQL(column.expression).format(name)  # type: ignore[arg-type] # our own constants
            for column, name in zip(projection.columns, names, strict=True)
        ),
        arrays=sql.SQL(", ").join([sql.SQL("%b")] * len(names)),
        key=sql.Identifier(projection.key),
        excluded=sql.SQL(", ").join(sql.SQL("excluded.{}").format(name) for name in names),
    )
