"""Erasure: the key and the lookup in one transaction with its entry, then the boxes.

The erasure ledger outside the database has it before that transaction can commit. In the same
transaction what must outlive the lookup is kept: to whom nothing is marketed; and what a hold
keeps of single calls goes into escrow. An erasure that a hold stands in the way of is
written down, waits, and is carried out once that is released.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol, TypeVar
from uuid import UUID, uuid4

import psycopg

from adapters.erasure_ledger.gate import Gate
from adapters.erasure_ledger.lines import Act, Kind, Line
from adapters.event_store.appending import APPEND, STALE, STREAM_VERSION
from adapters.event_store.escrow import HELD, NOT_ESCROWED, escrow_ahead, escrow_subject
from adapters.event_store.history import LAST_POSITION, read_stream, read_streams
from adapters.event_store.rows import EntryRow, entry_rows, parameters
from adapters.event_store.suppressions import marketing_consents, suppression_of
from adapters.event_store.writer import Clock
from adapters.keys.keyring import Keyring
from adapters.postgres.pool import Connection, Pool
from domain.errors import NotFound, Refused
from domain.messages import Context, Entry
from domain.subjects.commands import ConfirmDeletion, EraseSubject, SubjectCommand
from domain.subjects.events import ErasureReason
from domain.subjects.subject import SUBJECT, Subject

Result = TypeVar("Result")

NO_LIVING_SUBJECT = "RL002"
SAID_MEANWHILE = "RL005"
DELETED_AT_ONCE = 5_000
"""Boxes deleted in one transaction: erasing somebody with many calls stops nobody else."""

_ERASE = "SELECT erase_and_suppress(%s, %s, %s, %s, %s, %s, %s, %b, %s, %b, %b)"
_STATE = """
    SELECT erased_at, deleted_at, ARRAY(
        SELECT DISTINCT hold_id FROM held WHERE workspace_id = %(workspace)s AND erased_at IS NULL
        AND held_id IN (%(subject)s, %(workspace)s) ORDER BY hold_id
    ) FROM subjects WHERE subject_id = %(subject)s AND workspace_id = %(workspace)s
"""
_EPOCH = "SELECT epoch FROM counter"
_UNFINISHED = """
    SELECT workspace_id, subject_id FROM subjects
    WHERE erased_at IS NOT NULL AND deleted_at IS NULL AND (
        NOT EXISTS (SELECT 1 FROM escrow WHERE subject_ids @> ARRAY[subject_id])
        OR EXISTS (
            SELECT 1 FROM vault v
            WHERE (v.subject_ids[1] = subject_id OR v.subject_ids[2] = subject_id)
            AND NOT EXISTS (SELECT 1 FROM escrow e WHERE e.stream_id = v.stream_id
                            AND e.subject_ids = v.subject_ids AND e.bucket_id = v.bucket_id)
        )
    ) ORDER BY erased_at LIMIT 100
"""
"""What is in escrow stays, and is not waited for here."""

_WAITING = """
    SELECT s.workspace_id, s.subject_id FROM subjects s
    WHERE s.erased_at IS NULL AND s.subject_id IN (
        SELECT stream_id FROM entries WHERE name = 'subject.erasure_asked'
    ) AND NOT EXISTS (SELECT 1 FROM held WHERE held_id IN (s.subject_id, s.workspace_id))
"""
"""Whose erasure was asked for, with no hold in its way any more."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """How far a subject's erasure is."""

    subject_id: UUID
    erased_at: datetime | None
    """Since then no value of the subject opens, but what a hold keeps; ``None`` while it waits."""

    deleted_at: datetime | None
    """Since then no sealed box of the subject is left either."""

    waits_for: tuple[UUID, ...] = ()
    """The holds in its way, while it waits."""


class _Asked(NamedTuple):
    """An erasure that somebody asks for."""

    workspace_id: UUID
    subject_id: UUID
    reason: ErasureReason
    context: Context
    resumed: Line | None = None
    """The line of the erasure ledger that says that it was done before."""

    @property
    def place(self) -> tuple[UUID, UUID]:
        """Whose it is."""
        return self.workspace_id, self.subject_id

    @property
    def act(self) -> Act:
        """What the erasure ledger holds of it."""
        return Act(Kind.subject_erased, *self.place, self.reason)


class Patience(Protocol):
    """Does a piece of work again for as long as its cell is being moved."""

    async def __call__(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """The result of the time that it was done."""


Before = Callable[[Connection, UUID, UUID], Awaitable[None]]
"""What is done for an erased subject while their boxes still lead to where they took part."""


class Erasures:
    """Erases data subjects of one cell."""

    def __init__(
        self,
        pool: Pool,
        keyring: Keyring,
        clock: Clock,
        patiently: Patience,
        gate: Gate,
        before_boxes_go: Before,
    ) -> None:
        self._gate = gate
        self._before_boxes_go = before_boxes_go
        self._pool = pool
        self._keyring = keyring
        self._clock = clock
        self._patiently = patiently

    async def erase(
        self, workspace_id: UUID, subject_id: UUID, reason: ErasureReason, context: Context
    ) -> Erasure:
        """Make every value of the subject unreadable. Twice is as good as once.

        When it returns, the key and the lookup are gone, durably; ``finish`` deletes the
        boxes. It waits for the appends under way; those that come after find it. Where a hold
        stands in its way, that it was asked for is durable, and ``finish`` carries it out once
        the hold is released. What a hold on single calls keeps of it is in escrow.

        Raises:
            NotFound: The workspace has no such subject.
            Refused: A restriction stands, and the subject does not ask for it themselves.
            Unavailable: The erasure ledger cannot be written: nobody was erased.
        """
        asked = _Asked(workspace_id, subject_id, reason, context)
        return await self._patiently(lambda: self._erase(asked))

    async def do_again(self, act: Act, line: Line) -> None:
        """Erase whom the erasure ledger says, if they are here and living.

        Whether it might be was decided then. A hold that stands here is waited for.
        """
        reason = ErasureReason(act.reason or ErasureReason.requested)
        context = Context("policy:erasure_ledger", uuid4())
        asked = _Asked(act.workspace_id, act.id, reason, context, line)
        with suppress(NotFound):
            await self._patiently(lambda: self._erase(asked))

    async def finish(self) -> int:
        """Carry out what waited for a hold, delete the boxes of whoever is erased; how many boxes.

        Safe to break off anywhere: what a transaction deleted, its entry says.
        """
        await self._patiently(self._carry_out)
        return await self._patiently(self._finish)

    async def _erase(self, asked: _Asked) -> Erasure:
        is_kept = False
        async with self._pool.connection() as connection:
            while True:
                state = await self._state_of(connection, asked)
                if state.erased_at is not None:
                    return state
                try:
                    return await self._attempt(connection, asked, state.waits_for, is_kept=is_kept)
                except psycopg.DatabaseError as error:
                    if error.sqlstate == NO_LIVING_SUBJECT:
                        return await self._state(connection, asked)
                    if not _is_overtaken(error):
                        raise
                    is_kept = is_kept or error.sqlstate == NOT_ESCROWED

    async def _attempt(
        self, connection: Connection, asked: _Asked, holds: tuple[UUID, ...], *, is_kept: bool
    ) -> Erasure:
        """Decide on what is known now. The database refuses it where that is not so any more."""
        command = EraseSubject(
            reason=asked.reason,
            occurred_at=self._clock(),
            holds=holds,
            is_again=asked.resumed is not None,
        )
        consents = marketing_consents(*asked.place)
        entries = await read_streams(connection, [asked.subject_id, *consents], LAST_POSITION)
        told = [entry for entry in entries if entry.stream_id == asked.subject_id]
        said = [entry for entry in entries if entry.stream_id != asked.subject_id]
        rows = _rows(*asked.place, told, command, asked.context)
        if holds:
            return await self._wait(connection, asked, rows, holds)
        if not rows:
            return await self._state(connection, asked)  # somebody else was first
        key = await self._keyring.get(connection, asked.workspace_id) if is_kept else None
        if key is not None:
            await escrow_ahead(connection, key, asked.subject_id)
        async with self._gate.destroying(connection, asked.resumed) as destruction:
            if key is not None:
                await escrow_subject(connection, key, asked.subject_id)
            await destruction.intend(asked.act)
            return await self._destroy(connection, rows[0], said)

    async def _wait(
        self,
        connection: Connection,
        asked: _Asked,
        rows: Sequence[EntryRow],
        holds: tuple[UUID, ...],
    ) -> Erasure:
        """Write down that it waits, if that is new."""
        if rows:
            ((epoch,),) = await (await connection.execute(_EPOCH)).fetchall()
            await connection.execute(APPEND, parameters(epoch, self._clock(), rows))
        return Erasure(asked.subject_id, None, None, waits_for=holds)

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

    async def _carry_out(self) -> None:
        """Erase whose erasure waited, for the reason that was given for it."""
        async with self._pool.connection() as connection:
            waiting = await (await connection.execute(_WAITING)).fetchall()
            asked = [
                (*place, _folded(await read_stream(connection, place[1]))) for place in waiting
            ]
        for workspace_id, subject_id, subject in asked:
            if subject.asked is not None:
                with suppress(Refused):
                    context = Context("policy:erasure", uuid4())
                    reason = subject.asked.reason
                    await self._erase(_Asked(workspace_id, subject_id, reason, context))

    async def _finish(self) -> int:
        deleted = 0
        async with self._pool.connection() as connection:
            while unfinished := await (await connection.execute(_UNFINISHED)).fetchall():
                for workspace_id, subject_id in unfinished:
                    await self._before_boxes_go(connection, workspace_id, subject_id)
                    deleted += await self._delete(connection, workspace_id, subject_id)
        return deleted

    async def _delete(self, connection: Connection, workspace_id: UUID, subject_id: UUID) -> int:
        deleted, last = 0, DELETED_AT_ONCE
        while last == DELETED_AT_ONCE:
            async with connection.transaction():
                found = await connection.execute(
                    "SELECT deleted, is_complete, current_epoch FROM delete_values(%s, %s)",
                    (subject_id, DELETED_AT_ONCE),
                )
                last, is_complete, epoch = (await found.fetchall())[0]
                command = ConfirmDeletion(
                    values_deleted=last, is_complete=is_complete, occurred_at=self._clock()
                )
                context = Context("policy:erasure", uuid4())
                told = await read_stream(connection, subject_id)
                rows = _rows(workspace_id, subject_id, told, command, context)
                if rows and (last or is_complete):
                    await connection.execute(APPEND, parameters(epoch, self._clock(), rows))
            deleted += last
        return deleted

    async def _state(self, connection: Connection, asked: _Asked) -> Erasure:
        """How far the erasure is that there is."""
        found = await self._state_of(connection, asked)
        if found.erased_at is None:
            raise NotFound("subject")
        return found

    async def _state_of(self, connection: Connection, asked: _Asked) -> Erasure:
        place = {"subject": asked.subject_id, "workspace": asked.workspace_id}
        rows = await (await connection.execute(_STATE, place)).fetchall()
        if not rows:
            raise NotFound("subject")
        erased_at, deleted_at, holds = rows[0]
        return Erasure(asked.subject_id, erased_at, deleted_at, tuple(holds))


def _folded(told: Sequence[Entry]) -> Subject:
    events: Iterator[Any] = (entry.event for entry in told)
    return SUBJECT.fold(events)


def _is_overtaken(error: psycopg.DatabaseError) -> bool:
    """Whether something was said, placed or taken meanwhile: it is to be decided anew."""
    return (
        error.sqlstate in {SAID_MEANWHILE, HELD, NOT_ESCROWED, STALE}
        or error.diag.constraint_name == STREAM_VERSION
    )


def _rows(
    workspace_id: UUID,
    subject_id: UUID,
    told: Sequence[Entry],
    command: SubjectCommand,
    context: Context,
) -> list[EntryRow]:
    """What the command appends to a stream that was read under the writers' lock."""
    decided = SUBJECT.decide(_folded(told), command)
    return entry_rows(workspace_id, subject_id, len(told), decided, context)
