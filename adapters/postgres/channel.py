"""Calls prepared statements with binary parameters, at little more than libpq's own cost.

A cursor of psycopg costs some 100 µs a statement, more than a small append takes; here it is about
25. Several calls go out together and come back together (libpq's pipeline mode).
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple, Self, TypeAlias

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


Answer: TypeAlias = asyncio.Future[list[Rows]]
"""The rows of each call that went out together."""


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
        self._answer: Answer | None = None
        self._timer: asyncio.TimerHandle | None = None
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
            await channel._go()
        except BaseException:
            await channel.close()
            raise
        return channel

    def send(self, *calls: Call) -> Answer:
        """Send the calls, for who does not wait at once; together they are one transaction.

        Raises:
            psycopg.OperationalError: The connection is broken. What the server says of a call
                that fails, and that the connection broke meanwhile, is the answer's exception.
        """
        if self._answer is not None:
            # It is still to come, and the next caller would take it for his.
            self._break(psycopg.OperationalError("its caller left"))
        if self._broken is not None:
            raise self._broken
        for name, parameters in calls:
            formats = [_BINARY] * len(parameters)
            self._pg.send_query_prepared(name, parameters, formats, _BINARY)
        return self._go()

    async def call(self, *calls: Call) -> list[Rows]:
        """The rows of each call, in one round trip; together they are one transaction.

        Raises:
            psycopg.Error: What the server said of the first that failed. None is done.
            psycopg.OperationalError: The connection broke; what was asked may be done or not.
        """
        return await self.send(*calls)

    async def close(self) -> None:
        """Give the connection up. What is under way is not waited for."""
        self._break(psycopg.OperationalError("closed"))
        await self._connection.close()

    def _go(self) -> Answer:
        """Send what was queued, to be answered as one."""
        self._results = []
        self._answer = self._loop.create_future()
        self._timer = self._loop.call_later(SILENCE_SECONDS, self._give_up)
        self._pg.pipeline_sync()
        self._write()
        return self._answer

    def _give_up(self) -> None:
        self._break(psycopg.OperationalError("the server fell silent"))

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
            while self._answer is not None and not self._pg.is_busy():
                if self._pg.status != pq.ConnStatus.OK:
                    raise psycopg.OperationalError("the connection was lost")
                result = self._pg.get_result()
                if result is None:
                    continue  # libpq's mark between two statements
                if result.status == pq.ExecStatus.PIPELINE_SYNC:
                    self._finish(self._failure())
                else:
                    self._results.append(result)
        except psycopg.Error as error:
            self._break(error)

    def _failure(self) -> Exception | None:
        failed = (result for result in self._results if result.status not in _DONE)
        return next((error_from_result(result) for result in failed), None)

    def _finish(self, error: Exception | None) -> None:
        answer, self._answer = self._answer, None
        if self._timer is not None:
            self._timer.cancel()
        if answer is None or answer.done():
            return
        if error is None:
            answer.set_result([_rows(result) for result in self._results])
        else:
            answer.set_exception(error)

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
