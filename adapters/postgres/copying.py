"""COPY in binary form: rows by the thousand, at a fraction of what a query's rows cost.

Both sides work at once: what one has sent waits in the socket until the other takes it.
"""

import struct
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, LiteralString, TypeAlias

from psycopg import Error, pq, sql
from psycopg.errors import error_from_result

from adapters.postgres.arrays import Array, columns
from adapters.postgres.pool import Connection

AT_ONCE: Final = 500
"""Rows taken at a time: whoever else runs in the process waits for no more than these."""

_SIGNATURE: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER: Final = b"\xff\xff"
_COUNT: Final = struct.Struct("!h")

Row: TypeAlias = memoryview
"""As it came: how many columns it has (two bytes), then each after its length (four bytes)."""


async def copy_out(
    connection: Connection, query: LiteralString, *parameters: object
) -> AsyncIterator[list[Row]]:
    """The rows of a query, as many at a time as have arrived."""
    asked = sql.SQL(query).format(*map(sql.Literal, parameters))
    statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT binary)").format(asked)
    async with connection.cursor().copy(statement) as copying:
        # The signature comes in one piece with what follows it.
        rows = [memoryview(await copying.read())[len(_SIGNATURE) :]]
        while not _is_trailer(rows[-1]):
            rows += _arrived(connection.pgconn)
            if not _is_trailer(rows[-1]):
                yield rows
                rows = [memoryview(await copying.read())]
        yield rows[:-1]
        await copying.read()  # to the end of the statement


def _arrived(pg: pq.abc.PGconn) -> list[Row]:
    """What can be had without waiting, and nothing after the trailer."""
    rows = list[Row]()
    while len(rows) < AT_ONCE:
        length, row = pg.get_copy_data(1)
        if not length:
            pg.consume_input()
            length, row = pg.get_copy_data(1)
        if length < 0:
            raise _error(pg)
        if not length:
            break
        rows.append(row)
        if length == len(_TRAILER):
            break
    return rows


def _error(pg: pq.abc.PGconn) -> Error:
    """What the server says in the place of a trailer; the end of its answer follows at once."""
    first, *_ = iter(pg.get_result, None)
    return error_from_result(first)


def _is_trailer(row: Row) -> bool:
    return len(row) == len(_TRAILER)  # no row is so short: none has no columns


@asynccontextmanager
async def copy_in(
    connection: Connection, table: str, kinds: Sequence[Callable[[Any], Array]]
) -> AsyncIterator[Callable[[Sequence[tuple[Any, ...]]], Any]]:
    """Puts rows into a table whose columns are of the arrays' types, until it is left."""
    statement = sql.SQL("COPY {} FROM STDIN (FORMAT binary)").format(sql.Identifier(table))
    count = _COUNT.pack(len(kinds))

    async with connection.cursor().copy(statement) as copying:

        async def put(rows: Sequence[tuple[Any, ...]]) -> None:
            elements = [array.elements for array in columns(rows, kinds)]
            fields = zip(*elements, strict=True)
            await copying.write(b"".join([count + b"".join(row) for row in fields]))

        await copying.write(_SIGNATURE)
        yield put
        await copying.write(_TRAILER)
