"""Attends to objections to being recorded, behind the API, until each of them is met.

Which they are stands in a view, so that none is forgotten over a restart. Somebody waits on the
line meanwhile: it is looked every second.
"""

import asyncio
from typing import Final

import aiohttp
import structlog

from adapters.cell import Cell
from adapters.event_store.writer import Clock
from adapters.recordings.objections import Objections
from projections.objections.read import Objected, open_objections
from projections.recordings.read import streams_of_call

PAUSE_SECONDS: Final = 1.0
LONGEST_PAUSE_SECONDS: Final = 60.0
"""An objection that cannot be met yet is looked at ever less often, down to this."""

log = structlog.get_logger()


class ObjectionRounds:
    """Goes round the objections of one cell."""

    def __init__(
        self, cell: Cell, session: aiohttp.ClientSession, clock: Clock, standin: str | None = None
    ) -> None:
        self._cell = cell
        self._objections = Objections(cell, session, clock, standin)
        self._next: dict[Objected, tuple[float, float]] = {}
        """When to look again, and how long to wait after that."""

    async def run(self, pause: float = PAUSE_SECONDS) -> None:
        """Go round until cancelled."""
        while True:
            try:
                await self.go_round()
            except Exception:
                log.exception("objections.unfinished", cell=self._cell.name)
            await asyncio.sleep(pause)

    async def go_round(self) -> None:
        """Attend to each that is due. One that fails holds up no other."""
        async with await self._cell.follow() as connection:
            found = await open_objections(connection)
        self._next = {one: self._next[one] for one in found if one in self._next}
        for one in found:
            now = asyncio.get_running_loop().time()
            due, pause = self._next.get(one, (now, PAUSE_SECONDS))
            if due > now:
                continue
            self._next[one] = now + pause, min(pause * 1.5, LONGEST_PAUSE_SECONDS)
            try:
                await self._attend(one)
            except Exception:
                log.exception("objection.failed", call_id=str(one.call_id))

    async def _attend(self, one: Objected) -> None:
        async with self._cell.scoped(one.workspace_id) as connection:
            recordings = await streams_of_call(connection, *one)
        await self._objections.attend(*one, list(recordings))
