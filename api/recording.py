"""What goes on for recordings behind the API: they are fetched, and deleted when they ended.

What is to be done stands in the view; this goes round and does it. Each round outlives what
breaks it and says so in the log, and whatever it left undone the next one finds.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime
from typing import Final

import structlog

from adapters.cell import Cell
from adapters.event_store.writer import Clock
from adapters.objects.store import ObjectStore
from adapters.recordings.copies import Copies
from adapters.recordings.ending import Ender
from adapters.recordings.keeping import Keeper
from adapters.twilio.media import Media
from projections.recordings.build import Work
from projections.recordings.read import Place, due, ended_with, ends_since, released_since

PAUSE_SECONDS: Final = 5.0
AT_ONCE: Final = 2
"""Recordings that are fetched at the same time; each has some megabytes in memory."""

NOT_YET_SECONDS: Final = 30.0
"""After that a recording is looked at again for which nothing could be done."""

_BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)
log = structlog.get_logger()

Doing = Callable[[Place], Awaitable[object]]


class RecordingRounds:
    """Goes round the recordings of one cell."""

    def __init__(self, cell: Cell, objects: ObjectStore, media: Media, clock: Clock) -> None:
        self._cell = cell
        self._keeper = Keeper(cell, objects, media, clock)
        self._copies = Copies(cell, media, clock)
        self._ender = Ender(cell, objects)
        self._not_before: dict[tuple[Doing, Place], float] = {}
        self._ended_until = _BEGINNING

    async def run(self, pause: float = PAUSE_SECONDS) -> None:
        """Go round until cancelled."""
        while True:
            try:
                await self.go_round()
            except Exception:
                log.exception("recordings.unfinished", cell=self._cell.name)
            await asyncio.sleep(pause)

    async def go_round(self) -> None:
        """Do what is to be done by now."""
        async with await self._cell.follow() as connection:
            fetch = await due(connection, Work.fetch)
            delete = await due(connection, Work.delete_copy)
            undo = await due(connection, Work.undo)
        await self._each(fetch, self._keep)
        await self._each(undo, self._undo)
        await self._each(delete, self._delete)
        await self._end()

    async def _keep(self, place: Place) -> None:
        """Keep it; where somebody who is heard was erased before it came, end their track."""
        if await self._keeper.keep(*place):
            await self._ender.end(*place)

    async def _undo(self, place: Place) -> None:
        """Delete what there is of one that may not be kept, with us first, unless it is held."""
        await self._ender.end(*place)
        await self._copies.ask_of_forbidden(*place)
        await self._copies.delete(*place)

    async def _delete(self, place: Place) -> None:
        await self._copies.delete(*place)

    async def _each(self, places: Collection[Place], do: Doing) -> None:
        """Do it for each of these, a few at a time. One that fails holds up no other."""
        now = asyncio.get_running_loop().time()
        self._not_before = {one: at for one, at in self._not_before.items() if at > now}
        free = asyncio.Semaphore(AT_ONCE)

        async def done(place: Place) -> None:
            async with free:
                try:
                    await do(place)
                except Exception:
                    log.exception("recording.failed", recording_id=str(place.recording_id))
            self._not_before[do, place] = now + NOT_YET_SECONDS

        await asyncio.gather(*(done(one) for one in places if (do, one) not in self._not_before))

    async def _end(self) -> None:
        """Delete the audio of whoever was erased, or whose time has come, since the last round.

        What a hold kept of it goes after the release.
        """
        async with self._cell.writing.connection() as connection:
            ends = await ends_since(connection, self._ended_until)
        async with await self._cell.follow() as connection:
            places = set(await released_since(connection, self._ended_until))
            if ends.subjects or ends.buckets:
                places.update(await ended_with(connection, ends))
        for place in places:
            await self._copies.ask_at_expiry(*place)
            await self._ender.end(*place)
        self._ended_until = ends.until
