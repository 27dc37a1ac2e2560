"""Wraps every key of one table anew, while everybody works on.

One connection reads, another one puts back what was wrapped anew, by comparing: a row that is not
as it was read stays as it is, so a key that was destroyed meanwhile never comes back. No lock is
held but those of the rows of one small batch.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final, LiteralString
from uuid import UUID

import psycopg

from adapters.cells.side import Side
from adapters.keys.rewrapping import Rewrapping, Turn, WrappedRow
from adapters.postgres.arrays import Bytes, RawUuids
from adapters.postgres.copying import Row, copy_out
from adapters.rotation.wrapped import Wrapped

AT_ONCE: Final = 2_000
"""Keys in one transaction. Whoever erases one of these waits for it, and everybody for them."""

Told = Callable[[int], None]
"""Hears how many more are done."""


async def sweep(
    reading: Side, writing: Side, wrapped: Wrapped, turns: Mapping[UUID, Turn], told: Told
) -> None:
    """Wrap anew whatever is in the last epoch of these workspaces.

    Raises:
        IntegrityAlarm: A key is not what was wrapped for its owner; nothing more is done.
    """
    rewrapping = Rewrapping(turns, wrapped.purpose)
    rows: list[WrappedRow] = []
    swapping: asyncio.Task[None] | None = None
    try:
        async for arrived in copy_out(reading.connection, _left(wrapped)):
            rows += map(_row, arrived)
            if len(rows) >= AT_ONCE:
                new = list(rewrapping.rewrap(rows))
                await _done(swapping)
                told(len(rows))
                swapping = asyncio.create_task(_swap(writing, wrapped, rows, new))
                rows = []
        await _done(swapping)
        await _swap(writing, wrapped, rows, list(rewrapping.rewrap(rows)))
        told(len(rows))
    finally:
        if swapping is not None:
            await asyncio.wait((swapping,))


def _left(wrapped: Wrapped) -> LiteralString:
    return (
        f"SELECT k.{wrapped.owner}, k.workspace_id, k.{wrapped.column} "  # noqa: S608 - ours
        f"FROM {wrapped.table} k JOIN workspace_keys w USING (workspace_id) "
        f"WHERE w.next_wrapped IS NOT NULL AND epoch_of(k.{wrapped.column}) <> w.epoch"
    )


def _row(row: Row) -> WrappedRow:
    """After the number of columns, each after its length; two of them ids."""
    return WrappedRow(bytes(row[6:22]), bytes(row[26:42]), bytes(row[46:]))


async def _done(swapping: asyncio.Task[None] | None) -> None:
    if swapping is not None:
        await swapping


async def _swap(writing: Side, wrapped: Wrapped, rows: list[WrappedRow], new: list[bytes]) -> None:
    arrays = RawUuids([r.owner for r in rows]), Bytes([r.wrapped for r in rows]), Bytes(new)
    while True:
        try:
            await writing.run(
                """
                UPDATE {table} AS k SET {column} = n.new
                FROM unnest(%b, %b, %b) AS n (owner, old, new)
                WHERE k.{owner} = n.owner AND k.{column} = n.old
                """,
                *arrays,
                table=wrapped.table,
                column=wrapped.column,
                owner=wrapped.owner,
            )
        except psycopg.errors.DeadlockDetected:
            continue  # who destroys several keys at once goes first
        return
