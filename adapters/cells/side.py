"""One of the two databases of a move, as the migration role sees it from inside the cell."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, LiteralString

from psycopg import AsyncConnection, sql

from adapters.cells.place import inside
from adapters.postgres.pool import Connection
from domain.errors import Refused

_NETWORK: Final = {"connect_timeout": 5, "tcp_user_timeout": 30_000}
_TABLES: Final = """
    SELECT t.relname::text, array_agg(a.attname::text ORDER BY array_position(i.indkey, a.attnum))
    FROM pg_class t
    LEFT JOIN pg_index i ON i.indrelid = t.oid AND i.indisprimary
    LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY (i.indkey)
    WHERE t.relnamespace = %s::regnamespace AND t.relkind IN ('r', 'p')
    AND t.relname <> 'migration' AND NOT t.relispartition
    GROUP BY 1 ORDER BY 1
"""
_COUNTED_BY_ITSELF: Final = """
    SELECT relname::text FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind = 'S'
    UNION ALL
    SELECT attrelid::regclass::text FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    WHERE relnamespace = %s::regnamespace AND attnum > 0 AND attgenerated <> ''
"""


class Side:
    """A connection in autocommit, the schema, and the statements of a move."""

    def __init__(self, connection: Connection, schema: str, url: str) -> None:
        self.connection = connection
        self.schema = schema
        self.url = url
        """For the migration role, without a search path."""

    async def run(
        self, query: LiteralString, *parameters: object, **names: sql.Composable | str
    ) -> list[tuple[Any, ...]]:
        """Run a statement; a name that is text becomes an identifier."""
        parts = {k: sql.Identifier(v) if isinstance(v, str) else v for k, v in names.items()}
        parts.setdefault("schema", sql.Identifier(self.schema))
        cursor = await self.connection.execute(sql.SQL(query).format(**parts), parameters or None)
        return await cursor.fetchall() if cursor.description else []

    async def exists(self) -> bool:
        """Whether the schema is there."""
        return bool(await self.run("SELECT 1 FROM pg_namespace WHERE nspname = %s", self.schema))

    async def tables(self) -> dict[str, list[str]]:
        """What moves, with its key: every table but the list of migrations.

        Partitions move with the table that they are of.

        Raises:
            Refused: Something in the schema cannot be replicated.
        """
        if found := await self.run(_COUNTED_BY_ITSELF, self.schema, self.schema):
            raise Refused(f"{found[0][0]} counts or computes by itself and would not move")
        tables = dict(await self.run(_TABLES, self.schema))
        for table, key in tables.items():
            if key == [None]:
                raise Refused(f"{table} has no primary key and would not move")
        return tables


@asynccontextmanager
async def side(url: str, schema: str) -> AsyncIterator[Side]:
    """One side of a move, for as long as the block runs."""
    conninfo = inside(url, schema, "-c TimeZone=UTC", **_NETWORK)
    async with await AsyncConnection.connect(conninfo, autocommit=True) as connection:
        yield Side(connection, schema, url)
