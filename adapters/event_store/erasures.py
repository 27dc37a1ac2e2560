"""Erasure: the key and the lookup in one transaction with its entry, then the boxes.

In the same transaction what must outlive the lookup is kept: to whom nothing is marketed.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID, uuid4

import psycopg

from adapters.event_store.appending import APPEND
from adapters.event_store.codec import encode
from adapters.event_store.history import LAST_POSITION, read_stream, read_streams
from adapters.event_store.rows import EntryRow, parameters
from adapters.event_store.suppressions import marketing_consents, suppression_of
from adapters.event_store.writer import Clock
from adapters.keys.keyring import Keyring
from adapters.postgres.pool import Connection, Pool
from domain.errors import NotFound
from domain.messages import Context, Entry
from domain.subjects.commands import ConfirmDeletion, EraseSubject, SubjectCommand
from domain.subjects.events import ErasureReason
from domain.subjects.subject import SUBJECT

Result = TypeVar("Result")

NO_LIVING_SUBJECT = "RL002"
SAID_MEANWHILE = "RL005"
DELETED_AT_ONCE = 5_000
"""Boxes deleted in one transaction: erasing somebody with many calls stops nobody else."""

_ERASE = "SELECT erase_and_suppress(%s, %s, %s, %s, %s, %s, %s, %b, %s, %b, %b)"
_STATE = "SELECT erased_at, deleted_at FROM subjects WHERE subject_id = %s AND workspace_id = %s"
_UNFINISHED = """
    SELECT workspace_id, subject_id FROM subjects
    WHERE erased_at IS NOT NULL AND deleted_at IS NULL ORDER BY erased_at LIMIT 100
"""


@dataclass(frozen=True, slots=True)
class Erasure:
    """How far a subject's erasure is."""

    subject_id: UUID
    erased_at: datetime
    """Since then no value of the subject opens."""

    deleted_at: datetime | None
    """Since then no sealed box of the subject is left either."""


class Patience(Protocol):
    """Does a piece of work again for as long as its cell is being moved."""

    async def __call__(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """The result of the time that it was done."""


class Erasures:
    """Erases data subjects of one cell."""

    def __init__(self, pool: Pool, keyring: Keyring, clock: Clock, patiently: Patience) -> None:
        self._pool = pool
        self._keyring = keyring
        self._clock = clock
        self._patiently = patiently

    async def erase(
        self, workspace_id: UUID, subject_id: UUID, reason: ErasureReason, context: Context
    ) -> Erasure:
        """Make every value of the subject unreadable. Twice is as good as once.

        When it returns, the key and the lookup are gone, durably; ``finish`` deletes the
        boxes. It waits for the appends under way; those that come after find it.

        Raises:
            NotFound: The workspace has no such subject.
        """
        return await self._patiently(
            lambda: self._erase(workspace_id, subject_id, reason, context)
        )

    async def finish(self) -> int:
        """Delete the boxes of every erased subject that still has some; how many boxes.

        Safe to break off anywhere: what a transaction deleted, its entry says.
        """
        return await self._patiently(self._finish)

    async def _erase(
        self, workspace_id: UUID, subject_id: UUID, reason: ErasureReason, context: Context
    ) -> Erasure:
        command = EraseSubject(reason=reason, occurred_at=self._clock())
        consents = marketing_consents(workspace_id, subject_id)
        async with self._pool.connection() as connection:
            while True:
                entries = await read_streams(connection, [subject_id, *consents], LAST_POSITION)
                told = [entry for entry in entries if entry.stream_id == subject_id]
                rows = _rows(workspace_id, subject_id, told, command, context)
                if not rows:
                    return await self._state(connection, workspace_id, subject_id)
                said = [entry for entry in entries if entry.stream_id != subject_id]
                try:
                    return await self._destroy(connection, rows[0], said)
                except psycopg.DatabaseError as error:
                    if error.sqlstate == NO_LIVING_SUBJECT:
                        return await self._state(connection, workspace_id, subject_id)
                    if error.sqlstate != SAID_MEANWHILE:
                        raise

    async def _destroy(
        self, connection: Connection, row: EntryRow, said: Sequence[Entry]
    ) -> Erasure:
        workspace_id, subject_id = row[:2]
        kept = await suppression_of(connection, self._keyring, workspace_id, subject_id, said)
        found = await connection.execute(
            _ERASE, (workspace_id, subject_id, self._clock(), *row[2:], *kept)
        )
        self._keyring.forget_recent(workspace_id)
        return Erasure(subject_id, (await found.fetchall())[0][0], None)

    async def _finish(self) -> int:
        deleted = 0
        async with self._pool.connection() as connection:
            while unfinished := await (await connection.execute(_UNFINISHED)).fetchall():
                for workspace_id, subject_id in unfinished:
                    deleted += await self._delete(connection, workspace_id, subject_id)
        return deleted

    async def _delete(self, connection: Connection, workspace_id: UUID, subject_id: UUID) -> int:
        deleted, last = 0, DELETED_AT_ONCE
        while last == DELETED_AT_ONCE:
            async with connection.transaction():
                found = await connection.execute(
                    "SELECT deleted, current_epoch FROM delete_values(%s, %s)",
                    (subject_id, DELETED_AT_ONCE),
                )
                last, epoch = (await found.fetchall())[0]
                command = ConfirmDeletion(
                    values_deleted=last,
                    is_complete=last < DELETED_AT_ONCE,
                    occurred_at=self._clock(),
                )
                context = Context("policy:erasure", uuid4())
                told = await read_stream(connection, subject_id)
                rows = _rows(workspace_id, subject_id, told, command, context)
                if rows:
                    await connection.execute(APPEND, parameters(epoch, self._clock(), rows))
            deleted += last
        return deleted

    async def _state(
        self, connection: Connection, workspace_id: UUID, subject_id: UUID
    ) -> Erasure:
        rows: Sequence[tuple[datetime | None, datetime | None]] = await (
            await connection.execute(_STATE, (subject_id, workspace_id))
        ).fetchall()
        if not rows or rows[0][0] is None:
            raise NotFound("subject")
        return Erasure(subject_id, rows[0][0], rows[0][1])


def _rows(
    workspace_id: UUID,
    subject_id: UUID,
    told: Sequence[Entry],
    command: SubjectCommand,
    context: Context,
) -> list[EntryRow]:
    """What the command appends to a stream that was read under the writers' lock."""
    events: Iterator[Any] = (entry.event for entry in told)
    decided = SUBJECT.decide(SUBJECT.fold(events), command)
    return [
        EntryRow(
            workspace_id,
            subject_id,
            version,
            event.schema_version,
            event.name,
            encode(event, context, subject_id),
        )
        for version, event in enumerate(decided, len(told) + 1)
    ]
