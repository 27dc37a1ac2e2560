"""Copies a cell to another database and keeps the copy up to date: publication, subscription.

The names carry the move's id, so that what an earlier, broken off move left is told apart.
"""

import asyncio
from collections.abc import Iterable
from typing import Final, NamedTuple

import psycopg
from psycopg import sql

from adapters.cells.side import Side
from domain.errors import Refused, Unavailable

LOOK_SECONDS: Final = 0.02
_DROP_ATTEMPTS: Final = 50
_SUBSCRIPTION: Final = """
    SELECT oid, subenabled FROM pg_subscription WHERE subname = %s
    AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_SUBSCRIBE: Final = """
    CREATE SUBSCRIPTION {name} CONNECTION {source} PUBLICATION {name}
    WITH (create_slot = false, slot_name = {slot}, copy_data = true, disable_on_error = true)
"""
_TABLES: Final = """
    SELECT count(*) FILTER (WHERE srsubstate = 'r'), count(*) FROM pg_subscription_rel
    WHERE srsubid = %s
"""
_SLOTS: Final = """
    SELECT slot_name::text, active_pid FROM pg_replication_slots
    WHERE database = current_database() AND (slot_name = %s OR slot_name LIKE %s)
"""
_REACHED: Final = """
    SELECT confirmed_flush_lsn >= %s::pg_lsn FROM pg_replication_slots WHERE slot_name = %s
"""


class Copied(NamedTuple):
    """How much of the first copy is there."""

    tables: int
    of: int


class Replication:
    """The stream of one move."""

    def __init__(self, name: str, source: Side, target: Side, source_url: str) -> None:
        self._name = name
        self._source = source
        self._target = target
        self._source_url = source_url

    async def start(self, tables: Iterable[str]) -> None:
        """Begin to copy, unless it goes on already."""
        (level,) = (await self._source.run("SHOW wal_level"))[0]
        if level != "logical":
            raise Refused(
                f"the cell's server has wal_level = {level}, and a move needs logical; "
                "the embedded one takes it on when it is next started"
            )
        if await self._subscription():
            return
        names = sql.SQL(", ").join(sql.Identifier(self._source.schema, name) for name in tables)
        await stop_source(self._source, self._name)
        # What the migrations put in is the source's to say.
        await self._target.run("TRUNCATE {tables}", tables=names)
        await self._source.run(
            "CREATE PUBLICATION {name} FOR TABLE {tables}", name=self._name, tables=names
        )
        # Made here and not by the subscription, which on one and the same server waits for itself.
        await self._source.run(
            "SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", self._name
        )
        await self._target.run(
            _SUBSCRIBE,
            name=self._name,
            slot=sql.Literal(self._name),
            source=sql.Literal(self._source_url),
        )

    async def copied(self) -> Copied:
        """How much of the first copy is there.

        Raises:
            Unavailable: The stream has stopped; the target's own log says why.
        """
        found = await self._subscription()
        if not found or not found[1]:
            raise Unavailable("the copying has stopped: see the log of the target's server")
        return Copied(*(await self._target.run(_TABLES, found[0]))[0])

    async def reaches(self, lsn: str) -> None:
        """Wait until the target has all up to this place, on its disk."""
        while True:
            # Our commit takes the copied ones before it to the disk.
            await self._target.run("SELECT pg_logical_emit_message(true, 'ringledger', '')")
            found = await self._source.run(_REACHED, lsn, self._name)
            if not found:
                raise Unavailable("the copying has stopped: its slot is gone")
            if found[0][0]:
                return
            await asyncio.sleep(LOOK_SECONDS)

    async def stop(self) -> None:
        """End the stream on both sides. Twice is as good as once."""
        oid = await stop_target(self._target, self._name)
        await stop_source(self._source, self._name, oid)

    async def _subscription(self) -> tuple[int, bool] | None:
        found = await self._target.run(_SUBSCRIPTION, self._name)
        return (found[0][0], found[0][1]) if found else None


async def stop_target(target: Side, name: str) -> int | None:
    """End the subscription; its number, for the slots that it may leave at the source."""
    found = await target.run(_SUBSCRIPTION, name)
    if not found:
        return None
    await target.run("ALTER SUBSCRIPTION {name} DISABLE", name=name)
    await target.run("ALTER SUBSCRIPTION {name} SET (slot_name = NONE)", name=name)
    await target.run("DROP SUBSCRIPTION {name}", name=name)
    return int(found[0][0])


async def stop_source(source: Side, name: str, subscription: int | None = None) -> None:
    """End the publication, and forget how far it was read: such a slot keeps the log for ever."""
    await source.run("DROP PUBLICATION IF EXISTS {name}", name=name)
    copying = f"pg\\_{subscription or 'none'}\\_sync\\_%"
    for _ in range(_DROP_ATTEMPTS):
        slots = await source.run(_SLOTS, name, copying)
        if not slots:
            return
        for slot, reader in slots:
            await _drop_slot(source, slot, reader)
    raise Unavailable("somebody still reads the source's log")


async def _drop_slot(source: Side, slot: str, reader: int | None) -> None:
    try:
        if reader is not None:
            await source.run("SELECT pg_terminate_backend(%s, 1000)", reader)
        await source.run("SELECT pg_drop_replication_slot(%s)", slot)
    except (psycopg.errors.ObjectInUse, psycopg.errors.UndefinedObject):
        await asyncio.sleep(LOOK_SECONDS)
