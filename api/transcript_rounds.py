"""What goes on for transcripts behind the API: what a service has finished is fetched.

What is to be done stands in the view; this goes round and does it. Each round outlives what
breaks it and says so in the log, and whatever it left undone the next one finds.
"""

import asyncio
from typing import Final

import aiohttp
import structlog

from adapters.cell import Cell
from adapters.event_store.writer import Clock
from adapters.transcriptions.fetching import Fetcher
from projections.transcriptions.read import due

PAUSE_SECONDS: Final = 5.0
log = structlog.get_logger()


class TranscriptRounds:
    """Goes round the transcripts of one cell."""

    def __init__(
        self, cell: Cell, session: aiohttp.ClientSession, clock: Clock, standin: str | None = None
    ) -> None:
        self._cell = cell
        self._fetcher = Fetcher(cell, session, clock, standin)

    async def run(self, pause: float = PAUSE_SECONDS) -> None:
        """Go round until cancelled."""
        while True:
            try:
                await self.go_round()
            except Exception:
                log.exception("transcripts.unfinished", cell=self._cell.name)
            await asyncio.sleep(pause)

    async def go_round(self) -> None:
        """Fetch what is to be fetched by now, one by one. One that fails holds up no other."""
        async with await self._cell.follow() as connection:
            places = await due(connection)
        for place in places:
            try:
                await self._fetcher.fetch(*place)
            except Exception:
                log.exception("transcript.failed", transcription_id=str(place.transcription_id))
