"""COPY in binary form gives back what it was given, however many rows, and whatever breaks."""

import struct
from collections.abc import Sequence

import psycopg
import pytest
from cells import asynchronous

from adapters.postgres.arrays import Ints, Texts
from adapters.postgres.copying import AT_ONCE, copy_in, copy_out
from adapters.postgres.embedded import Urls
from adapters.postgres.pool import Connection

Pair = tuple[int | None, str | None]
SLICE = "SELECT one, other FROM pairs WHERE one >= {} ORDER BY one"


async def _connect(urls: Urls) -> Connection:
    return await psycopg.AsyncConnection.connect(urls.app, autocommit=True)


async def _copied(connection: Connection, rows: Sequence[Pair], at_once: int) -> list[bytes]:
    """What comes out again of a table that was filled with these rows, so many at a time."""
    await connection.execute("CREATE TEMPORARY TABLE pairs (one integer, other text)")
    async with copy_in(connection, "pairs", (Ints, Texts)) as put:
        for start in range(0, len(rows), at_once):
            await put(rows[start : start + at_once])
    return [bytes(row) async for page in copy_out(connection, SLICE, 0) for row in page]


def _sent(row: Pair) -> bytes:
    one, other = row
    said = (
        struct.pack("!i", -1) if other is None else struct.pack("!i", len(other)) + other.encode()
    )
    return struct.pack("!hii", 2, 4, one) + said


@pytest.mark.parametrize("count", [0, 1, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 7 * AT_ONCE])
@asynchronous
async def test_every_row_comes_out_once_and_in_order(postgres: Urls, count: int) -> None:
    """None is lost where a page ends, and neither end of the stream is taken for a row."""
    rows: list[Pair] = [(n, None if n % 3 else "x" * (n % 500)) for n in range(count)]
    async with await _connect(postgres) as connection:
        assert await _copied(connection, rows, at_once=400) == [_sent(row) for row in rows]


@asynchronous
async def test_nobody_holds_more_than_a_page(postgres: Urls) -> None:
    """Whatever the other side has sent, at most so many rows are taken at a time."""
    async with await _connect(postgres) as connection:
        pages = [
            len(page)
            async for page in copy_out(connection, "SELECT generate_series(1, {})", 9 * AT_ONCE)
        ]
    assert sum(pages) == 9 * AT_ONCE
    assert max(pages) <= AT_ONCE + 1


@asynchronous
async def test_a_query_that_breaks_halfway(postgres: Urls) -> None:
    """Its error is raised, and the connection goes on."""
    broken = "SELECT 1 / ({} - n) FROM generate_series(1, 100000) AS n"
    async with await _connect(postgres) as connection:
        for number in (1, 3 * AT_ONCE, 99_999):
            with pytest.raises(psycopg.errors.DivisionByZero):
                [page async for page in copy_out(connection, broken, number)]
            assert await (await connection.execute("SELECT 1")).fetchall() == [(1,)]


@asynchronous
async def test_rows_that_are_refused(postgres: Urls) -> None:
    """None of them is kept, and the connection goes on."""
    async with await _connect(postgres) as connection:
        await connection.execute("CREATE TEMPORARY TABLE pairs (one integer NOT NULL, other text)")
        with pytest.raises(psycopg.errors.NotNullViolation):
            async with copy_in(connection, "pairs", (Ints, Texts)) as put:
                await put([(1, "kept?"), (None, "refused")])
        assert await (await connection.execute("SELECT * FROM pairs")).fetchall() == []
