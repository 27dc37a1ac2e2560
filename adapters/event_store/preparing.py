"""From what waits to a batch: whatever it needs is read, then each request decides."""

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from adapters.event_store.batch import Batch
from adapters.event_store.keyholders import Keyholders
from adapters.event_store.knowledge import Knowledge, Unread
from adapters.event_store.learning import learn, read_epoch
from adapters.event_store.lines import Lines
from adapters.event_store.living import epochs
from adapters.event_store.requests import Clock, Waiting
from adapters.keys.keyring import Keyring
from adapters.keys.workspace_key import WorkspaceKey
from domain.errors import NotFound, Refused

MAX_BATCH_BYTES = 4 * 1024 * 1024
"""Larger batches would make everybody wait for their biggest."""


class Preparing:
    """Decides and seals, with what is known of the cell."""

    def __init__(self, lines: Lines, keyring: Keyring, clock: Clock) -> None:
        self.knowledge = Knowledge()
        self._lines = lines
        self._keyring = keyring
        self._clock = clock

    async def prepare(self, waiting: Sequence[Waiting]) -> tuple[Batch, Sequence[Waiting]]:
        """A batch of the first of these, and those that it has no room for.

        Who fails alone is answered here: nobody else needs to hear of it.

        Raises:
            psycopg.Error: Something could not be read.
            IntegrityAlarm: A key is not what it should be.
        """
        self.knowledge.age()
        now = self._clock()
        if self.knowledge.epoch is None:
            await self._begin()
        keys = await self._keys(waiting)
        known = [one for one in waiting if one.request.workspace_id in keys]
        holders = Keyholders(self.knowledge, keys, now.date())
        batch = Batch(self.knowledge, holders, now)
        fresh = await self._learn(holders, known, only_new=True)
        for number, one in enumerate(known):
            if batch.bytes > MAX_BATCH_BYTES:
                return batch, known[number:]
            try:
                _decide(batch, one, fresh)
            except Unread:
                fresh |= await self._learn(holders, known[number:])
                _decide(batch, one, fresh)
        return batch, ()

    async def _learn(
        self, holders: Keyholders, waiting: Sequence[Waiting], *, only_new: bool = False
    ) -> set[UUID]:
        """Read what these need, or what those of them need whose streams are not known."""
        requests = [one.request for one in waiting]
        if only_new:
            streams = self.knowledge.streams
            requests = [one for one in requests if streams.get(one.stream_id.int) is None]
            if not requests and self.knowledge.gap is None:
                return set()
        return set(await learn(await self._lines.reading(), self.knowledge, holders, requests))

    async def _keys(self, waiting: Iterable[Waiting]) -> dict[UUID, WorkspaceKey]:
        """The workspaces' keys; whoever asks for a workspace that is not here fails."""
        found: dict[UUID, WorkspaceKey] = {}
        for one in waiting:
            workspace_id = one.request.workspace_id
            if workspace_id in found:
                continue
            key = self._keyring.known(workspace_id) or await self._fetched(workspace_id)
            if key is None:
                fail((one,), NotFound("workspace"))
            else:
                found[workspace_id] = key
        return found

    async def _begin(self) -> None:
        """Read the cell's epoch, then forget every key that is not the workspace's any more.

        In this order: one that goes or is turned later moves the epoch again, and our append
        fails.
        """
        channel = await self._lines.reading()
        await read_epoch(channel, self.knowledge)
        known = self._keyring.begin_check()
        current = await epochs(channel, known)
        for workspace_id in known:
            key = self._keyring.known(workspace_id)
            if key is None or key.epoch != current.get(workspace_id):
                self._keyring.forget(workspace_id)

    async def _fetched(self, workspace_id: UUID) -> WorkspaceKey | None:
        async with await self._lines.other() as connection:
            try:
                return await self._keyring.get(connection, workspace_id)
            except NotFound:
                return None


def _decide(batch: Batch, one: Waiting, fresh: Collection[UUID]) -> None:
    """Put one request into the batch. A refusal that rests on memory may be out of date."""
    if one.answer.done():
        return  # who asked has left
    try:
        batch.add(one)
    except Refused as refusal:
        batch.refuse(one, refusal, is_certain=one.request.stream_id in fresh)
    except Unread:
        raise
    except Exception as error:  # noqa: BLE001 - it breaks this request, and must break no other
        fail((one,), error)


def fail(waiting: Iterable[Waiting], error: Exception) -> None:
    """Tell these what became of their requests."""
    for one in waiting:
        if not one.answer.done():
            one.answer.set_exception(error)
