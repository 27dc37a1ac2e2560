"""The channel: what goes out together comes back together, and what broke is never used again."""

import asyncio
from uuid import uuid4

import psycopg
import pytest
from cells import asynchronous
from waiting import LONGEST_SECONDS

from adapters.postgres.arrays import Bytes, Uuids, big_int
from adapters.postgres.channel import Call, Channel
from adapters.postgres.embedded import Urls

STATEMENTS = {
    b"add": "SELECT $1::bigint + 1",
    b"list": "SELECT * FROM unnest($1::uuid[])",
    b"length": "SELECT sum(length(x))::bigint FROM unnest($1::bytea[]) AS x",
    b"divide": "SELECT 1 / $1::bigint",
    b"sleep": "SELECT pg_sleep(30)",
    b"die": "SELECT pg_terminate_backend(pg_backend_pid())",
}


async def _open(urls: Urls) -> Channel:
    connection = await psycopg.AsyncConnection.connect(urls.app, autocommit=True)
    return await Channel.open(connection, STATEMENTS)


@asynchronous
async def test_calls_come_back_in_their_order(postgres: Urls) -> None:
    """Each call has its own rows, NULL among them, in one round trip."""
    channel, one = await _open(postgres), uuid4()
    sums, found = await channel.call(
        Call(b"add", (big_int(41),)), Call(b"list", (Uuids([one, None]).data,))
    )
    assert sums == [(big_int(42),)]
    assert found == [(one.bytes,), (None,)]
    await channel.close()


@asynchronous
async def test_more_than_a_socket_takes_at_once(postgres: Urls) -> None:
    """Twenty megabytes go out in pieces, and nothing of them is lost."""
    channel = await _open(postgres)
    ((total,),) = (await channel.call(Call(b"length", (Bytes([b"x" * 1_000_000] * 20).data,))))[0]
    assert int.from_bytes(total, "big") == 20_000_000
    await channel.close()


@asynchronous
async def test_a_refused_call_refuses_its_companions_and_no_later_one(postgres: Urls) -> None:
    """What goes out together is one transaction; the channel goes on."""
    channel = await _open(postgres)
    with pytest.raises(psycopg.errors.DivisionByZero):
        await channel.call(Call(b"divide", (big_int(0),)), Call(b"add", (big_int(1),)))
    assert await channel.call(Call(b"add", (big_int(1),))) == [[(big_int(2),)]]
    await channel.close()


@asynchronous
async def test_a_caller_who_leaves_leaves_no_answer_to_the_next(postgres: Urls) -> None:
    """The answer is still on its way, so nobody may use the channel after that."""
    channel = await _open(postgres)
    leaving = asyncio.create_task(channel.call(Call(b"sleep")))
    await asyncio.sleep(0.05)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    with pytest.raises(psycopg.OperationalError, match="its caller left"):
        await channel.call(Call(b"add", (big_int(1),)))
    await channel.close()


@asynchronous
async def test_a_lost_connection_is_an_error_now_and_later(postgres: Urls) -> None:
    """Whoever waits hears of it at once, whoever comes later too."""
    channel = await _open(postgres)
    for call in (Call(b"die"), Call(b"add", (big_int(1),))):
        with pytest.raises(psycopg.OperationalError):
            await asyncio.wait_for(channel.call(call), LONGEST_SECONDS)
    await channel.close()


@asynchronous
async def test_a_statement_that_is_refused_is_an_error_at_once(postgres: Urls) -> None:
    """A misspelt statement is seen when the channel opens."""
    connection = await psycopg.AsyncConnection.connect(postgres.app, autocommit=True)
    with pytest.raises(psycopg.errors.UndefinedTable):
        await Channel.open(connection, {b"odd": "SELECT * FROM nowhere_at_all"})
    assert connection.closed
