"""Rotates the master key of a deployment: a new one is made, the old ones are destroyed.

How far it is stands in the directory and in each cell: broken off anywhere, the same call goes on.
The old master keys are destroyed last, once every cell was seen to need none of them, and once
nobody reads a snapshot that does.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from functools import partial
from typing import Final, NamedTuple

import psycopg
from psycopg import sql

from adapters.cells.provisioner import Registered, registered
from adapters.cells.side import Side, side
from adapters.event_store.requests import Clock
from adapters.keys.master_keys import KeyId, MasterKeys
from adapters.postgres.embedded import Urls
from adapters.postgres.migrate import DIRECTORY
from adapters.rotation.in_cell import CellRotation
from domain.errors import IntegrityAlarm, Refused

ALONE_SECONDS: Final = 3.0
"""So long one waits for another: the server may not have noticed yet that it was killed."""

GRACE_SECONDS: Final = 15.0
"""So long a reader may go on in a snapshot that is older than the rotation's end."""

_LOOK_SECONDS: Final = 0.05
TAKE_TURN: Final = "SELECT pg_advisory_lock(hashtext('ringledger rotation'), 0)"
_FIND: Final = """
    SELECT master_key_id, old_master_key_ids FROM key_rotations WHERE ended_at IS NULL
"""
_BEGIN: Final = """
    INSERT INTO key_rotations (master_key_id, old_master_key_ids) VALUES (%s, %s)
"""
_END: Final = "UPDATE key_rotations SET ended_at = now() WHERE master_key_id = %s"
_USED: Final = "SELECT DISTINCT master_key_id FROM workspace_keys"
_NOW: Final = "SELECT clock_timestamp()"
_OLDER: Final = """
    SELECT 1 FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend'
    AND pid <> pg_backend_pid()
    -- Without a state it is somebody's of whom we may not see how long he has been at it.
    AND (xact_start < %s OR state IS NULL) LIMIT 1
"""

Progress = Callable[[str, int, int], None]
"""Hears how many keys of which cell are done, and of how many."""


class Rotated(NamedTuple):
    """What a rotation came to."""

    master_key_id: KeyId
    keys: int
    """That were wrapped anew, by whoever ended each cell."""

    destroyed: dict[KeyId, datetime]
    """From when on each old master key is gone for good."""


class _Rotation(NamedTuple):
    """A rotation as the directory has it."""

    master_key_id: KeyId
    old: Sequence[KeyId]


async def rotate(
    own: Urls,
    master_keys: MasterKeys,
    clock: Clock,
    progress: Progress,
    *,
    keeps_old: bool = False,
) -> Rotated:
    """Rotate the master key, or go on with a rotation that broke off.

    Args:
        own: The deployment's own database, with the directory.
        master_keys: Where the master keys lie.
        clock: What its entries are dated by.
        progress: Hears how far it is.
        keeps_old: Stop before anything is destroyed; the next call destroys it.

    Raises:
        Refused: Somebody else rotates just now, or a cell is being moved. Nothing was destroyed.
        KeyStoreUnavailable: The master keys cannot be had; the same call goes on.
        IntegrityAlarm: A key does not unwrap. Nothing was destroyed.
        psycopg.OperationalError: A cell cannot be reached; the same call goes on.
    """
    async with _alone(own) as directory:
        cells = await _all_still(directory)
        rotation = await _find(directory) or await _begin(directory, own, cells, master_keys)
        keys = 0
        for cell in cells:
            async with _in(cell, own, master_keys, rotation, clock) as part:
                keys += await part.run(partial(progress, cell.name))
        destroyed: dict[KeyId, datetime] = {}
        if not keeps_old:
            await _see_that_all_is_done(directory, own, master_keys, rotation, clock)
            for key_id in rotation.old:
                destroyed[key_id] = await master_keys.destroy(key_id)
            for cell in cells:
                async with _in(cell, own, master_keys, rotation, clock) as part:
                    for key_id, gone_from in destroyed.items():
                        await part.tell_destroyed(key_id, gone_from)
            await directory.run(_END, rotation.master_key_id)
        return Rotated(rotation.master_key_id, keys, destroyed)


async def _find(directory: Side) -> _Rotation | None:
    found = await directory.run(_FIND)
    return _Rotation(*found[0]) if found else None


async def _begin(
    directory: Side, own: Urls, cells: Sequence[Registered], master_keys: MasterKeys
) -> _Rotation:
    """Make a new master key and write down what is to be destroyed."""
    old = set(await master_keys.ids())
    for cell in cells:
        async with _side(cell, own) as inside:
            old |= {key_id for (key_id,) in await inside.run(_USED)}
    # Killed after this, it is the newest one and one of the old ones of the next rotation.
    rotation = _Rotation(await master_keys.create(), sorted(old))
    await directory.run(_BEGIN, rotation.master_key_id, rotation.old)
    return rotation


async def _all_still(directory: Side) -> list[Registered]:
    """Every cell, none of which moves: a key that is swapped where a cell was is lost."""
    cells = await registered(directory.connection)
    if moving := [cell.name for cell in cells if cell.is_moving]:
        raise Refused(f"{moving[0]} is being moved: end that move, or abort it")
    return cells


async def _see_that_all_is_done(
    directory: Side, own: Urls, master_keys: MasterKeys, rotation: _Rotation, clock: Clock
) -> None:
    """Look once more whether anything needs an old master key: what follows is for ever."""
    for cell in await _all_still(directory):
        async with _side(cell, own) as inside, _in(cell, own, master_keys, rotation, clock) as one:
            if not await one.is_done():
                raise IntegrityAlarm(f"{cell.name} still needs an old master key")
            await _outlast_readers(inside)


async def _outlast_readers(inside: Side) -> None:
    """Wait until nobody reads a snapshot in which keys are in the old epoch."""
    ((now,),) = await inside.run(_NOW)
    with suppress(TimeoutError):
        async with asyncio.timeout(GRACE_SECONDS):
            while await inside.run(_OLDER, now):  # noqa: ASYNC110 - the server says when
                await asyncio.sleep(_LOOK_SECONDS)


@asynccontextmanager
async def _in(
    cell: Registered, own: Urls, master_keys: MasterKeys, rotation: _Rotation, clock: Clock
) -> AsyncIterator[CellRotation]:
    async with _side(cell, own) as reading, _side(cell, own) as writing:
        yield CellRotation(reading, writing, master_keys, rotation.master_key_id, clock)


@asynccontextmanager
async def _side(cell: Registered, own: Urls) -> AsyncIterator[Side]:
    async with side(cell.migration_url or own.admin, cell.schema) as inside:
        yield inside


@asynccontextmanager
async def _alone(own: Urls) -> AsyncIterator[Side]:
    """The directory, for the only one who rotates now, and while nobody moves a cell."""
    async with side(own.admin, DIRECTORY) as directory:
        patience = sql.Literal(f"{ALONE_SECONDS}s")
        try:
            async with directory.connection.transaction():
                await directory.run("SET LOCAL lock_timeout = {patience}", patience=patience)
                await directory.run(TAKE_TURN)
        except psycopg.errors.LockNotAvailable:
            raise Refused("somebody else rotates the master key, or moves a cell") from None
        yield directory
