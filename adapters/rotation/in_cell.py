"""Rotates the keys of one cell: all of its workspaces enter their next epoch together.

======= ================================================ =======================================
step    what is done                                     broken off before the next one
======= ================================================ =======================================
enter   new workspaces are made under the new master     nothing else has changed
begin   each workspace has a next key; writers wrap with both epochs unwrap, in every process
        it from their next append on
sweep   every key that lies in the old epoch is wrapped  the sweep goes on with what is left
        anew
end     the next key is the key; its entry says so       done
======= ================================================ =======================================
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid4

from adapters.cells.side import Side
from adapters.event_store.appending import APPEND
from adapters.event_store.history import LAST_POSITION, read_streams
from adapters.event_store.requests import Clock
from adapters.event_store.rows import EntryRow, entry_rows, parameters
from adapters.keys.master_keys import KeyId, MasterKeys
from adapters.keys.rewrapping import Turn
from adapters.keys.workspace_secret import WorkspaceSecret
from adapters.postgres.arrays import Bytes, Ints, Uuids, columns
from adapters.rotation.sweep import sweep
from adapters.rotation.wrapped import WRAPPED
from domain.errors import IntegrityAlarm, Refused
from domain.messages import Context, Entry
from domain.workspaces.commands import ConfirmMasterKeyDestroyed, RotateKey, WorkspaceCommand
from domain.workspaces.events import WorkspaceEvent
from domain.workspaces.workspace import WORKSPACE

SWEEPS: Final = 3
"""After the first one nothing can be left; what is left all the same is looked into."""

AT_ONCE: Final = 8
"""So many questions to the store of the master keys."""

_ENTER: Final = """
    INSERT INTO key_rotations (master_key_id, begun_at)
    VALUES (%s, clock_timestamp() - interval '10 s') ON CONFLICT DO NOTHING
"""
"""An erasure is dated by when it began, and lasts 8 seconds at most: one that is dated before this
had destroyed its key before any key was wrapped anew."""

_TO_BEGIN: Final = """
    SELECT workspace_id, master_key_id, wrapped FROM workspace_keys
    WHERE master_key_id <> %s AND next_wrapped IS NULL
"""
_TURNING: Final = """
    SELECT workspace_id, master_key_id, wrapped, next_master_key_id, next_wrapped
    FROM workspace_keys WHERE next_wrapped IS NOT NULL
"""
_BEGIN: Final = """
    UPDATE workspace_keys AS w
    SET epoch = n.epoch, next_master_key_id = %s, next_wrapped = n.next_wrapped
    FROM unnest(%b, %b, %b, %b) AS n (workspace_id, wrapped, epoch, next_wrapped)
    WHERE w.workspace_id = n.workspace_id AND w.wrapped = n.wrapped AND w.next_wrapped IS NULL
"""
_NEXT_EPOCH: Final = """
    UPDATE counter SET epoch = epoch + 1 WHERE NOT fenced RETURNING epoch
"""
_COUNT: Final = """
    SELECT k.workspace_id, count(*), count(*) FILTER (WHERE epoch_of(k.{column}) <> w.epoch)
    FROM {table} k JOIN workspace_keys w USING (workspace_id)
    WHERE w.next_wrapped IS NOT NULL GROUP BY 1
"""
_END: Final = """
    UPDATE workspace_keys SET master_key_id = next_master_key_id, wrapped = next_wrapped,
        next_master_key_id = NULL, next_wrapped = NULL
    WHERE next_wrapped IS NOT NULL RETURNING workspace_id
"""
_REWRAPPED: Final = """
    UPDATE key_rotations SET rewrapped_at = clock_timestamp()
    WHERE master_key_id = %s AND rewrapped_at IS NULL
"""
_BEGUN_AT: Final = "SELECT begun_at FROM key_rotations WHERE master_key_id = %s"
_UNDER_ANOTHER: Final = """
    SELECT 1 FROM workspace_keys
    WHERE master_key_id <> %s OR next_master_key_id IS NOT NULL LIMIT 1
"""


class Turning(NamedTuple):
    """A workspace between two epochs."""

    old_master_key_id: KeyId
    turn: Turn


class CellRotation:
    """One cell's part in the rotation to a new master key. Whatever is done is not done twice."""

    def __init__(
        self,
        reading: Side,
        writing: Side,
        master_keys: MasterKeys,
        master_key_id: KeyId,
        clock: Clock,
    ) -> None:
        self._reading = reading
        self._writing = writing
        self._master_keys = master_keys
        self._master_key_id = master_key_id
        self._clock = clock

    async def run(self, told: Callable[[int, int], None]) -> int:
        """Bring every key of the cell under the new master key; how many there were.

        Args:
            told: Hears how many are done, and of how many.
        """
        await self._enter()
        await self._begin()
        turning, rewrapped = await self._turning(), 0
        for _ in range(SWEEPS):
            await self._sweep(turning, told)
            counts = await self._counts()
            if not any(left for _, left in counts.values()):
                break
        else:
            raise IntegrityAlarm("keys of an epoch that is over")
        if turning:
            await self._end(turning, {workspace: n for workspace, (n, _) in counts.items()})
            rewrapped = sum(n for n, _ in counts.values())
        await self._writing.run(_REWRAPPED, self._master_key_id)
        return rewrapped

    async def is_done(self) -> bool:
        """Whether no workspace of the cell needs another master key."""
        return not await self._reading.run(_UNDER_ANOTHER, self._master_key_id)

    async def tell_destroyed(self, master_key_id: KeyId, destroyed_from: datetime) -> None:
        """Write down, for each workspace that it concerns, that its old master key is gone."""
        command = ConfirmMasterKeyDestroyed(
            occurred_at=self._clock(), master_key_id=master_key_id, destroyed_from=destroyed_from
        )
        async with self._writing.connection.transaction():
            ((epoch,),) = await self._writing.run("SELECT epoch FROM counter FOR UPDATE")
            found = await self._writing.run("SELECT workspace_id FROM workspace_keys")
            await self._append(epoch, {workspace_id: command for (workspace_id,) in found})

    async def _enter(self) -> None:
        """From now on new workspaces are made under the new master key, in every process."""
        async with self._writing.connection.transaction():
            # Whoever makes one under the old key is done before us, and found by what follows.
            await self._next_epoch()
            await self._writing.run(_ENTER, self._master_key_id)

    async def _begin(self) -> None:
        """Give each workspace its next key."""
        found = await self._reading.run(_TO_BEGIN, self._master_key_id)
        rows = await _in_turn(self._next_key, found)
        if not rows:
            return
        async with self._writing.connection.transaction():
            await self._next_epoch()
            kinds = (Uuids, Bytes, Ints, Bytes)
            await self._writing.run(_BEGIN, self._master_key_id, *columns(rows, kinds))

    async def _next_key(
        self, workspace_id: UUID, master_key_id: KeyId, wrapped: bytes
    ) -> tuple[UUID, bytes, int, bytes]:
        """What the begin writes: whose, instead of which, the epoch, its key."""
        packed = await self._master_keys.unwrap(master_key_id, wrapped, workspace_id)
        secret = WorkspaceSecret.read(packed).turned()
        upcoming = await self._master_keys.wrap(self._master_key_id, secret.packed, workspace_id)
        return workspace_id, wrapped, secret.epoch, upcoming

    async def _turning(self) -> dict[UUID, Turning]:
        """The workspaces between two epochs, also those that an earlier attempt left so."""
        return dict(await _in_turn(self._turn, await self._reading.run(_TURNING)))

    async def _turn(
        self, workspace_id: UUID, old_id: KeyId, wrapped: bytes, new_id: KeyId, upcoming: bytes
    ) -> tuple[UUID, Turning]:
        old = await self._master_keys.unwrap(old_id, wrapped, workspace_id)
        new = await self._master_keys.unwrap(new_id, upcoming, workspace_id)
        turn = Turn(WorkspaceSecret.read(old), WorkspaceSecret.read(new))
        return workspace_id, Turning(old_id, turn)

    async def _sweep(
        self, turning: Mapping[UUID, Turning], told: Callable[[int, int], None]
    ) -> None:
        turns = {workspace_id: one.turn for workspace_id, one in turning.items()}
        of = sum(left for _, left in (await self._counts()).values())
        done = 0

        def more(count: int) -> None:
            nonlocal done
            done += count
            told(done, of)

        if of:
            # What a crash takes is wrapped anew once more; what ends the epoch waits for the disk.
            await self._writing.run("SET synchronous_commit = off")
            for wrapped in WRAPPED:
                await sweep(self._reading, self._writing, wrapped, turns, more)
            await self._writing.run("RESET synchronous_commit")

    async def _counts(self) -> dict[UUID, tuple[int, int]]:
        """Of each workspace between two epochs: how many keys, how many of them in the old one."""
        counts: dict[UUID, tuple[int, int]] = {}
        for one in WRAPPED:
            found = await self._reading.run(_COUNT, table=one.table, column=one.column)
            for workspace_id, keys, left in found:
                before = counts.get(workspace_id, (0, 0))
                counts[workspace_id] = before[0] + keys, before[1] + left
        return counts

    async def _end(self, turning: Mapping[UUID, Turning], keys: Mapping[UUID, int]) -> None:
        """Forget the old epoch, in the transaction that says so."""
        ((begun_at,),) = await self._reading.run(_BEGUN_AT, self._master_key_id)
        async with self._writing.connection.transaction():
            epoch = await self._next_epoch()
            ended = [workspace_id for (workspace_id,) in await self._writing.run(_END)]
            commands = {
                workspace_id: RotateKey(
                    occurred_at=self._clock(),
                    epoch=turning[workspace_id].turn.new.epoch,
                    begun_at=begun_at,
                    old_master_key_id=turning[workspace_id].old_master_key_id,
                    new_master_key_id=self._master_key_id,
                    keys_rewrapped=keys.get(workspace_id, 0),
                )
                for workspace_id in ended
            }
            await self._append(epoch, commands)

    async def _next_epoch(self) -> int:
        """Take the writers' lock, and have each of them read the workspaces' keys again."""
        found = await self._writing.run(_NEXT_EPOCH)
        if not found:
            raise Refused("the cell is moving: the rotation goes on after its move")
        return int(found[0][0])

    async def _append(self, epoch: int, commands: Mapping[UUID, WorkspaceCommand]) -> None:
        """Decide and append, under the writers' lock."""
        connection = self._writing.connection
        told = await read_streams(connection, list(commands), LAST_POSITION)
        streams: dict[UUID, list[Entry]] = {workspace_id: [] for workspace_id in commands}
        for entry in told:
            streams[entry.stream_id].append(entry)
        rows = [
            row
            for workspace_id, command in commands.items()
            for row in _rows(workspace_id, streams[workspace_id], command)
        ]
        if rows:
            await connection.execute(APPEND, parameters(epoch, self._clock(), rows))


async def _in_turn(work: Callable[..., Any], rows: Sequence[tuple[Any, ...]]) -> list[Any]:
    """The work on each row, a few at a time: a key service counts its callers."""
    done: list[Any] = []
    for first in range(0, len(rows), AT_ONCE):
        done += await asyncio.gather(*(work(*row) for row in rows[first : first + AT_ONCE]))
    return done


def _rows(workspace_id: UUID, told: Sequence[Entry], command: WorkspaceCommand) -> list[EntryRow]:
    """What the command appends to a stream that was read under the writers' lock."""
    events = (entry.event for entry in told)
    workspace = WORKSPACE.fold(e for e in events if isinstance(e, WorkspaceEvent))
    context = Context("policy:key_rotation", uuid4())
    decided = WORKSPACE.decide(workspace, command)
    return entry_rows(workspace_id, workspace_id, len(told), decided, context)
