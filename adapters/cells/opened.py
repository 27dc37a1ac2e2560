"""The cells that a process has open: all there are, also those that are made while it runs."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import psycopg
import structlog

from adapters.cell import Cell, open_cell
from adapters.cells.place import Place
from adapters.cells.whereabouts import Whereabouts
from adapters.erasure_ledger.file import ErasureLedger
from adapters.event_store.writer import Clock
from adapters.keys.master_keys import MasterKeys
from adapters.workspaces.directory import Directory
from domain.errors import Unavailable

LOOK_SECONDS: Final = 2.0
"""How often a process looks into the directory, for new cells and for those that moved."""

log = structlog.get_logger()


class OpenCells(Mapping[str, Cell]):
    """The open cells by name."""

    def __init__(
        self,
        directory: Directory,
        master_keys: MasterKeys,
        clock: Clock,
        erasure_ledgers: Path,
        *,
        is_gated: bool,
    ) -> None:
        self._directory = directory
        self._master_keys = master_keys
        self._clock = clock
        self._erasure_ledgers = erasure_ledgers
        self._is_gated = is_gated
        self._cells: dict[str, Cell] = {}
        self._opening = asyncio.Lock()
        self._stack = AsyncExitStack()

    def __getitem__(self, name: str) -> Cell:
        return self._cells[name]

    def __iter__(self) -> Iterator[str]:
        # A copy: whoever goes through them may wait, and one may be opened meanwhile.
        return iter(tuple(self._cells))

    def __len__(self) -> int:
        return len(self._cells)

    async def get_open(self, name: str) -> Cell:
        """A cell that the directory names, opened if it was not; ``Unavailable`` if it cannot."""
        if name not in self._cells:
            await self.look()
        if name not in self._cells:
            raise Unavailable("cell")
        return self._cells[name]

    async def each(self) -> AsyncIterator[Cell]:
        """Every cell, then every new one when it is there. It has no end."""
        seen: set[str] = set()
        while True:
            for name in self:
                if name not in seen:
                    seen.add(name)
                    yield self._cells[name]
            await asyncio.sleep(LOOK_SECONDS / 2)

    async def look(self) -> None:
        """Take note of what the directory says: open what is new, follow what has moved."""
        async with self._opening:
            for place in await self._directory.cells():
                if cell := self._cells.get(place.name):
                    await cell.whereabouts.found(place)
                    continue
                try:
                    self._cells[place.name] = await self._open(place)
                except psycopg.OperationalError:
                    # Of one that cannot be asked nobody knows whether it may be served.
                    log.warning("cell.unreachable", cell=place.name)

    async def watch(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - whoever watches must not end
                log.warning("directory.silent", error=type(error).__name__)

    async def close(self) -> None:
        """Close every cell; all who wait are answered first."""
        await self._stack.aclose()

    async def _open(self, place: Place) -> Cell:
        whereabouts = Whereabouts(place, self._directory.place_of)
        ledger = ErasureLedger(self._erasure_ledgers, place.name, self._clock)
        cell = open_cell(
            whereabouts, self._master_keys, self._clock, ledger, is_gated=self._is_gated
        )
        return await self._stack.enter_async_context(cell)


@asynccontextmanager
async def open_cells(
    directory: Directory,
    master_keys: MasterKeys,
    clock: Clock,
    erasure_ledgers: Path,
    *,
    is_gated: bool = True,
) -> AsyncIterator[OpenCells]:
    """Open every cell of the directory, and keep up with it.

    Args:
        directory: Says which there are, and where.
        master_keys: Open the workspaces' keys.
        clock: Tells the time.
        erasure_ledgers: The folder of the cells' erasure ledgers.
        is_gated: Whether a cell that is older than its ledger stays shut.
    """
    cells = OpenCells(directory, master_keys, clock, erasure_ledgers, is_gated=is_gated)
    try:
        await cells.look()
        watching = asyncio.create_task(cells.watch(), name="directory watch")
        try:
            yield cells
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
    finally:
        await cells.close()
