"""Whether two copies of a fenced cell are the same, asked in bounded time.

The counter is compared whole; of every table the number of rows, if there are not too many to
count while everybody waits, and the content of its first and last rows by key.
"""

import asyncio
from typing import Any, Final

from psycopg import sql

from adapters.cells.side import Side
from domain.errors import IntegrityAlarm

COUNTED: Final = 2_000_000
"""A table that has more rows than these, as PostgreSQL estimates it, is not counted."""

ENDS: Final = 5_000
_ESTIMATE: Final = "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass"
_COUNT: Final = "SELECT count(*) FROM {table}"
_CONTENT: Final = """
    SELECT count(*), coalesce(sum(('x' || left(md5(t::text), 15))::bit(60)::bigint), 0)
    FROM ((SELECT * FROM {table} ORDER BY {first} LIMIT {ends})
          UNION ALL (SELECT * FROM {table} ORDER BY {last} LIMIT {ends})) AS t
"""


async def compare(source: Side, target: Side) -> None:
    """See that the target has what the source has.

    Raises:
        IntegrityAlarm: It has not; the message names the table.
    """
    tables = await source.tables()
    if tables != await target.tables():
        raise IntegrityAlarm("the copied cell does not have the tables of the cell")
    for table, key in tables.items():
        name = f"{source.schema}.{table}"
        ((estimate,),) = await source.run(_ESTIMATE, name)
        pair = [_digest(side, table, key, counts=estimate <= COUNTED) for side in (source, target)]
        ours, theirs = await asyncio.gather(*pair)
        if ours != theirs:
            raise IntegrityAlarm(f"the copied cell differs from the cell in its table {table}")


async def _digest(side: Side, table: str, key: list[str], *, counts: bool) -> list[Any]:
    columns = [sql.Identifier(column) for column in key]
    content = await side.run(
        _CONTENT,
        table=table,
        first=sql.SQL(", ").join(columns),
        last=sql.SQL(", ").join(sql.SQL("{} DESC").format(column) for column in columns),
        ends=sql.Literal(ENDS),
    )
    return [content, await side.run(_COUNT, table=table) if counts else None]
