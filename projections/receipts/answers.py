"""What each store says of a subject, asked in one snapshot. One more store is one more function.

A view may be behind the history: while it has not seen the erasure, it cannot say that it is done.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from typing import Any, Final
from uuid import UUID

from adapters.event_store.history import read_stream
from adapters.event_store.standing import waiting_for
from adapters.postgres.pool import Connection
from domain.messages import Entry
from domain.provider_copies.events import Residual
from domain.provider_copies.words import CopyState
from domain.receipts.answers import Answer
from domain.receipts.words import AnswerState, Store, Until
from domain.subjects.events import SubjectValuesDeleted
from domain.workspaces.events import OldMasterKeyDestroyed, WorkspaceKeyRotated
from projections.provider_copies.read import copies_of


@dataclass(frozen=True, slots=True)
class Asked:
    """Of whom, in which snapshot, and what their stream tells."""

    connection: Connection
    workspace_id: UUID
    subject_id: UUID
    stream: list[Entry]
    erased: Entry | None
    """Where the history says that they were erased; ``None`` while that waits for a hold."""

    now: datetime

    @property
    def today(self) -> date:
        """The UTC day."""
        return self.now.date()

    async def one(self, query: str, *more: object) -> Any:  # noqa: ANN401 - a column
        """The one value that a query has for them."""
        found = await self.connection.execute(query, (self.workspace_id, self.subject_id, *more))
        return (await found.fetchall())[0][0]


Ask = Callable[[Asked], Awaitable[Sequence[Answer]]]

_KEYS: Final = "SELECT count(*) FROM subject_keys WHERE workspace_id = %s AND subject_id = %s"
_LOOKUPS: Final = "SELECT count(*) FROM lookups WHERE workspace_id = %s AND subject_id = %s"
_VAULT: Final = """
    SELECT count(*) FROM vault
    WHERE workspace_id = %s AND (subject_ids[1] = %s OR subject_ids[2] = %s)
"""
_TRACKS: Final = """
    SELECT count(*) FROM recordings WHERE workspace_id = %s AND owners @> ARRAY[%s]
"""
_HAS_SEEN: Final = "SELECT position >= %s FROM positions WHERE view = %s"
_MASTER_KEY: Final = "SELECT master_key_id FROM workspace_keys WHERE workspace_id = %s"


async def keys(asked: Asked) -> Sequence[Answer]:
    """The subject's key: gone in the transaction that erased them."""
    return (_gone(asked, Store.keys, await asked.one(_KEYS), were=1),)


async def lookups(asked: Asked) -> Sequence[Answer]:
    """The way from their number to them."""
    return (_gone(asked, Store.lookups, await asked.one(_LOOKUPS)),)


async def vault(asked: Asked) -> Sequence[Answer]:
    """Their sealed values, which are deleted after the key; but for what a hold keeps."""
    left = await asked.one(_VAULT, asked.subject_id)
    if left:
        return (Answer(store=Store.vault, state=AnswerState.waiting, count=left),)
    told = (e.event for e in asked.stream if isinstance(e.event, SubjectValuesDeleted))
    deleted = sum(one.values_deleted for one in told)
    return (Answer(store=Store.vault, state=AnswerState.done, count=deleted),)


async def objects(asked: Asked) -> Sequence[Answer]:
    """The audio that they are heard in."""
    left = await asked.one(_TRACKS)
    if left or not await _has_seen(asked, "recordings"):
        return (Answer(store=Store.objects, state=AnswerState.waiting, count=left),)
    return (Answer(store=Store.objects, state=AnswerState.done),)


async def exports(_asked: Asked) -> Sequence[Answer]:
    """Nothing is put together for anybody to fetch."""
    return (Answer(store=Store.exports, state=AnswerState.none),)


async def provider_copies(asked: Asked) -> Sequence[Answer]:
    """What the provider holds of their calls: asked for, confirmed, and what remains of it."""
    place, store = (asked.workspace_id, asked.subject_id), Store.provider_copies
    found = await copies_of(asked.connection, *place, asked.today)
    left = found.states[CopyState.asked] + found.states[CopyState.retrying]
    if not found.is_done:
        return (Answer(store=store, state=AnswerState.waiting, count=left),)
    if found.residuals:
        return [_residual(one) for one in found.residuals]
    count = sum(found.states.values())
    state = AnswerState.done if count else AnswerState.none
    return (Answer(store=store, state=state, count=count or None),)


def _residual(one: Residual) -> Answer:
    return Answer(
        store=Store.provider_copies,
        state=AnswerState.residual,
        what=one.what,
        until=one.until,
        ends_with=None if one.until else Until.controller,
    )


async def jobs(_asked: Asked) -> Sequence[Answer]:
    """Jobs name workspaces and days, and nobody."""
    return (Answer(store=Store.jobs, state=AnswerState.none),)


async def holds(asked: Asked) -> Sequence[Answer]:
    """The holds because of which something of them is there still."""
    found = await waiting_for(asked.connection, asked.workspace_id, asked.subject_id)
    if found:
        return (Answer(store=Store.holds, state=AnswerState.waiting, count=len(found)),)
    return (Answer(store=Store.holds, state=AnswerState.none),)


async def backups(asked: Asked) -> Sequence[Answer]:
    """Older copies of the database have the key, wrapped under the master key of their time.

    With the first rotation after the erasure that one is destroyed, and they are dead.
    """
    if asked.erased is None:
        return (Answer(store=Store.backups, state=AnswerState.waiting),)
    told = [e.event for e in await read_stream(asked.connection, asked.workspace_id)]
    rotated = (e for e in told if isinstance(e, WorkspaceKeyRotated))
    next_one = next((e for e in rotated if e.begun_at > asked.erased.recorded_at), None)
    if next_one is None:
        found = await asked.connection.execute(_MASTER_KEY, (asked.workspace_id,))
        ((key_id,),) = await found.fetchall()
        return (_dies_with(key_id),)
    key_id = next_one.old_master_key_id
    gone = (e for e in told if isinstance(e, OldMasterKeyDestroyed) and e.master_key_id == key_id)
    destroyed = next(gone, None)
    if destroyed is None:
        return (_dies_with(key_id),)
    state = AnswerState.done if destroyed.destroyed_from <= asked.now else AnswerState.residual
    until = destroyed.destroyed_from.date()
    return (Answer(store=Store.backups, state=state, until=until, key_id=key_id),)


def _dies_with(key_id: str) -> Answer:
    return Answer(
        store=Store.backups,
        state=AnswerState.residual,
        ends_with=Until.master_key_destroyed,
        key_id=key_id,
    )


STORES: Final[tuple[Ask, ...]] = (
    *(keys, lookups, vault, objects, exports, provider_copies, jobs, holds, backups),
)
"""Every store there is."""


async def ask_every_store(asked: Asked) -> tuple[Answer, ...]:
    """Answers of each, in their order."""
    return tuple(chain.from_iterable([await ask(asked) for ask in STORES]))


def _gone(asked: Asked, store: Store, left: int, were: int | None = None) -> Answer:
    if not left:
        return Answer(store=store, state=AnswerState.done, count=were)
    state = AnswerState.failed if asked.erased else AnswerState.waiting
    return Answer(store=store, state=state, count=left)


async def _has_seen(asked: Asked, view: str) -> bool:
    """Whether the view is as far as the erasure."""
    if asked.erased is None:
        return False
    rows = await asked.connection.execute(_HAS_SEEN, (asked.erased.position, view))
    return (await rows.fetchall()) == [(True,)]
