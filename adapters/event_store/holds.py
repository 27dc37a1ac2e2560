"""Places and releases legal holds, restricts subjects: in one transaction with what stands then.

It takes the writers' lock, as every destruction of a key does. So a hold that is placed while an
erasure is under way comes before it and wins, or finds it done and says so.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

import psycopg

from adapters.event_store.appending import STREAM_VERSION
from adapters.event_store.codec import encode
from adapters.event_store.erasures import NO_LIVING_SUBJECT, Patience
from adapters.event_store.history import read_stream
from adapters.event_store.writer import Clock
from adapters.postgres.pool import Connection, Pool
from domain.decider import AnyDecider
from domain.errors import NotFound, Refused
from domain.holds.commands import HoldCommand, PlaceHold
from domain.holds.hold import HOLD, Hold
from domain.messages import Command, Context, Event
from domain.subjects.commands import LiftRestriction, RestrictSubject
from domain.subjects.subject import SUBJECT, Subject

ERASED: Final = "RL003"

_TELL_HOLD: Final = "SELECT tell_hold(%s, %s, %s, %s, %s, %s, %b, %s, %s)"
_TELL_RESTRICTION: Final = "SELECT tell_restriction(%s, %s, %s, %s, %s, %s, %b, %s)"
_SUBJECTS: Final = """
    SELECT count(*) FROM subjects WHERE workspace_id = %s AND subject_id = ANY(%s)
"""
_CALLS: Final = """
    SELECT count(*) FROM entries WHERE workspace_id = %s AND stream_id = ANY(%s) AND version = 1
    AND starts_with(name, 'call.')
"""

_HOLDS: Final = """
    SELECT count(*) FROM entries WHERE workspace_id = %s AND stream_id = ANY(%s)
    AND name = 'hold.placed'
"""


class Stream(NamedTuple):
    """Whose stream it is, of what, and how it is written."""

    workspace_id: UUID
    stream_id: UUID
    decider: AnyDecider
    statement: str
    stands: Callable[[Any], tuple[object, ...]]
    """What stands after it, as the statement takes it."""


class Holds:
    """The holds and the restrictions of one cell."""

    def __init__(self, pool: Pool, clock: Clock, patiently: Patience) -> None:
        self._pool = pool
        self._clock = clock
        self._patiently = patiently

    async def tell(
        self, workspace_id: UUID, hold_id: UUID, command: HoldCommand, context: Context
    ) -> Hold:
        """Place, review or release a hold; the hold after it.

        When it returns, nothing that the hold reaches is destroyed any more, by any process; or
        what it kept in escrow is. What waited for its release is carried out by the next sweep.

        Raises:
            NotFound: The workspace has no such hold, subject or call.
            Refused: A rule said no, or a subject is erased: there is nothing to hold.
        """

        def stands(hold: Hold) -> tuple[object, ...]:
            ground = hold.placed.ground if hold.placed else ""
            return str(ground), list(hold.reaches(workspace_id))

        async def work() -> Hold:
            async with self._pool.connection() as connection:
                if isinstance(command, PlaceHold):
                    await _check(connection, _SUBJECTS, workspace_id, command.subjects, "subject")
                    await _check(connection, _CALLS, workspace_id, command.calls, "call")
                else:
                    await _check(connection, _HOLDS, workspace_id, (hold_id,), "hold")
                stream = Stream(workspace_id, hold_id, HOLD, _TELL_HOLD, stands)
                hold: Hold = await self._tell(connection, stream, command, context)
                return hold

        return await self._patiently(work)

    async def restrict(
        self,
        workspace_id: UUID,
        subject_id: UUID,
        command: RestrictSubject | LiftRestriction,
        context: Context,
    ) -> Subject:
        """Restrict what is known of a subject, or lift that; the subject after it.

        Raises:
            NotFound: The workspace has no such subject.
            Refused: A rule said no, or they are erased.
        """

        def stands(subject: Subject) -> tuple[object, ...]:
            return (subject.restriction is not None,)

        async def work() -> Subject:
            async with self._pool.connection() as connection:
                await _check(connection, _SUBJECTS, workspace_id, (subject_id,), "subject")
                stream = Stream(workspace_id, subject_id, SUBJECT, _TELL_RESTRICTION, stands)
                subject: Subject = await self._tell(connection, stream, command, context)
                return subject

        return await self._patiently(work)

    async def _tell(
        self, connection: Connection, stream: Stream, command: Command, context: Context
    ) -> Any:  # noqa: ANN401 - the state of whichever decider it is
        """Decide, and decide again where somebody else was first."""
        while True:
            told = await read_stream(connection, stream.stream_id)
            if any(entry.workspace_id != stream.workspace_id for entry in told):
                raise NotFound("hold")
            before = stream.decider.fold(entry.event for entry in told)
            new: Sequence[Event] = stream.decider.decide(before, command)
            after = stream.decider.fold(new, before)
            entries = self._entries(stream, len(told), new, context)
            if await _write(connection, stream, entries, after):
                return after

    def _entries(
        self, stream: Stream, version: int, new: Iterable[Event], context: Context
    ) -> list[tuple[object, ...]]:
        own, now = stream.stream_id, self._clock()
        return [
            (
                *(stream.workspace_id, own, now, number),
                *(event.schema_version, event.name, encode(event, context, own)),
            )
            for number, event in enumerate(new, version + 1)
        ]


async def _write(
    connection: Connection, stream: Stream, entries: Iterable[tuple[object, ...]], after: object
) -> bool:
    """Whether it is written; not where somebody else appended to the stream."""
    try:
        async with connection.transaction():
            for entry in entries:
                await connection.execute(stream.statement, (*entry, *stream.stands(after)))
    except psycopg.errors.UniqueViolation as error:
        if error.diag.constraint_name != STREAM_VERSION:
            raise
        return False
    except psycopg.DatabaseError as error:
        if error.sqlstate in (ERASED, NO_LIVING_SUBJECT):
            raise Refused("subject_erased") from None
        raise
    return True


async def _check(
    connection: Connection, query: str, workspace_id: UUID, ids: Sequence[UUID], noun: str
) -> None:
    """Each of these is the workspace's; else as if there were no such thing."""
    wanted = list(set(ids))
    rows = await connection.execute(query, (workspace_id, wanted)) if wanted else None
    if rows is not None and (await rows.fetchall())[0][0] != len(wanted):
        raise NotFound(noun)
