"""Calls prepared statements with binary parameters, at little more than libpq's own cost.

A cursor of psycopg costs some 100 µs a statement, more than a small append takes; here it is about
25. Several calls go out together and come back together (libpq's pipeline mode).
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple, Self

import psycopg
from psycopg import pq
from psycopg.errors import error_from_result

from adapters.postgres.pool import Connection

SILENCE_SECONDS: Final = 10.0
"""The server itself gives up on a statement before that: one that says nothing is not there."""

_BINARY: Final = 1
_DONE: Final = frozenset({pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK})

Rows = list[tuple[Any, ...]]
"""What a statement answered: the bytes of PostgreSQL's binary form, or ``None`` for NULL."""


class Call(NamedTuple):
    """A prepared statement's name and its parameters in binary form."""

    statement: bytes
    parameters: Sequence[bytes | None] = ()


class Channel:
    """One connection for one caller at a time. What breaks it breaks it for good: open another."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._pg = connection.pgconn
        self._loop = asyncio.get_running_loop()
        self._socket = self._pg.socket
        self._results: list[pq.abc.PGresult] = []
        self._waiter: asyncio.Future[None] | None = None
        self._broken: Exception | None = None

    @classmethod
    async def open(cls, connection: Connection, statements: Mapping[bytes, str]) -> Self:
        """Take the connection over and prepare these statements on it.

        Raises:
            psycopg.Error: One of them was refused, or the connection broke.
        """
        channel = cls(connection)
        channel._pg.enter_pipeline_mode()
        channel._loop.add_reader(channel._socket, channel._read)
        for name, query in statements.items():
            channel._pg.send_prepare(name, query.encode())
        try:
            await channel._answered()
        except BaseException:
            await channel.close()
            raise
        return channel

    async def call(self, *calls: Call) -> list[Rows]:
        """The rows of each call, in one round trip; together they are one transaction.

        Raises:
            psycopg.Error: What the server said of the first that failed. None is done.
            psycopg.OperationalError: The connection broke; what was asked may be done or not.
        """
        if self._broken is not None:
            raise self._broken
        for name, parameters in calls:
            formats = [_BINARY] * len(parameters)
            self._pg.send_query_prepared(name, parameters, formats, _BINARY)
        return [_rows(result) for result in await self._answered()]

    async def close(self) -> None:
        """Give the connection up. What is under way is not waited for."""
        self._break(psycopg.OperationalError("closed"))
        await self._connection.close()

    async def _answered(self) -> list[pq.abc.PGresult]:
        """Send what was queued and wait for all of it."""
        self._results = []
        self._waiter = self._loop.create_future()
        silent = psycopg.OperationalError("the server fell silent")
        timer = self._loop.call_later(SILENCE_SECONDS, self._break, silent)
        try:
            self._pg.pipeline_sync()
            self._write()
            await self._waiter
        except asyncio.CancelledError:
            # An answer is still to come; the next caller would take it for his.
            self._break(psycopg.OperationalError("its caller left"))
            raise
        finally:
            timer.cancel()
            self._waiter = None
        for result in self._results:
            if result.status not in _DONE:
                raise error_from_result(result)
        return self._results

    def _write(self) -> None:
        """Send what libpq still holds; a batch may be larger than the socket takes at once."""
        try:
            self._loop.remove_writer(self._socket)
            if self._pg.flush():
                self._loop.add_writer(self._socket, self._write)
        except psycopg.Error as error:
            self._break(error)

    def _read(self) -> None:
        """Take in what arrived, up to the end of the round trip."""
        try:
            self._pg.consume_input()
            while self._waiter is not None and not self._pg.is_busy():
                if self._pg.status != pq.ConnStatus.OK:
                    raise psycopg.OperationalError("the connection was lost")
                result = self._pg.get_result()
                if result is None:
                    continue  # libpq's mark between two statements
                if result.status == pq.ExecStatus.PIPELINE_SYNC:
                    self._finish(None)
                else:
                    self._results.append(result)
        except psycopg.Error as error:
            self._break(error)

    def _finish(self, error: Exception | None) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is None or waiter.done():
            return
        if error is None:
            waiter.set_result(None)
        else:
            waiter.set_exception(error)

    def _break(self, error: Exception) -> None:
        if self._broken is None:
            self._broken = error
            with suppress(OSError, ValueError):  # the socket may be closed already
                self._loop.remove_writer(self._socket)
                self._loop.remove_reader(self._socket)
        self._finish(error)


def _rows(result: pq.abc.PGresult) -> Rows:
    columns = range(result.nfields)
    return [
        tuple(result.get_value(row, column) for column in columns) for row in range(result.ntuples)
    ]
