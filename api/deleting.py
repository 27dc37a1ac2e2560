"""What is deleted on a schedule: the provider's copies, and objects of which no recording knows.

Jobs of the queue, whose arguments are ids. What is due stands in the views, so a job that is lost
is only late; a workspace has a turn at a time, and another at the end of the queue while there is
more, so that a large one keeps no other waiting.
"""

from contextlib import suppress
from typing import Final, NamedTuple
from uuid import UUID

import aiohttp
import structlog
from procrastinate import App

from adapters.jobs.queue import put_turn
from adapters.provider_copies.deleting import Deleter
from adapters.recordings.ending import STRAY, Ender
from adapters.wiring import Ledger
from domain.errors import NotFound
from projections.provider_copies.read import Place, due
from projections.recordings.read import objects_of

EVERY_MINUTE: Final = "* * * * *"
DAILY: Final = "41 3 * * *"
A_TURN: Final = 50
"""Calls and messages whose copies are deleted in one turn: some ten requests each."""

_COPIES: Final = "delete_copies_of"
_STRAYS: Final = "delete_strays_of"
log = structlog.get_logger()


class Deletions(NamedTuple):
    """What is done with these jobs, and when they are put into the queue."""

    app: App
    ledger: Ledger
    session: aiohttp.ClientSession

    def schedule(self) -> None:
        """Make the jobs known to the queue."""
        self.app.task(name=_COPIES)(self.copies_of)
        self.app.task(name=_STRAYS)(self.strays_of)
        for cron, job in ((EVERY_MINUTE, self.delete_copies), (DAILY, self.delete_strays)):
            task = self.app.task(name=job.__name__, queueing_lock=job.__name__)(job)
            self.app.periodic(cron=cron)(task)

    async def delete_copies(self, timestamp: int) -> None:  # noqa: ARG002 - schedules give it
        """A turn for every workspace for which something can be done by now."""
        for cell in self.ledger.cells.values():
            async with await cell.follow() as connection:
                places = await due(connection, self.ledger.clock(), A_TURN * A_TURN)
            for workspace_id in {place.workspace_id for place in places}:
                await put_turn(self.app, _COPIES, workspace_id)

    async def copies_of(self, workspace_id: str) -> None:
        """A turn of a workspace. What fails holds up no other, and is due again."""
        with suppress(NotFound):  # it is being placed in another cell, or its key is gone
            cell = await self.ledger.cell_of(UUID(workspace_id))
            deleter = Deleter(
                cell, self.session, self.ledger.settings.twilio_api_url, self.ledger.clock
            )
            async with await cell.follow() as connection:
                places = await due(connection, self.ledger.clock(), A_TURN, UUID(workspace_id))
            gone_on = [await self._go_on(deleter, place) for place in places]
            if len(places) == A_TURN and any(gone_on):
                await put_turn(self.app, _COPIES, UUID(workspace_id))

    async def delete_strays(self, timestamp: int) -> None:  # noqa: ARG002 - as above
        """A turn for every workspace."""
        for workspace in await self.ledger.directory.all():
            await put_turn(self.app, _STRAYS, workspace.workspace_id)

    async def strays_of(self, workspace_id: str) -> None:
        """Delete a workspace's old objects of which no recording knows, if the view knows all."""
        place, now = UUID(workspace_id), self.ledger.clock()
        with suppress(NotFound):
            cell = await self.ledger.cell_of(place)
            async with cell.scoped(place) as connection:
                known = await objects_of(connection, place, now - STRAY)
            if known is None:
                log.warning("strays.view_behind", workspace_id=workspace_id)
                return
            ender = Ender(cell, self.ledger.objects)
            if found := await ender.delete_strays(place, known, now):
                log.warning("strays.deleted", workspace_id=workspace_id, objects=len(found))

    async def _go_on(self, deleter: Deleter, place: Place) -> bool:
        """Go on with one; whether that was possible."""
        try:
            await deleter.go_on(*place)
        except NotFound:
            raise
        except Exception:
            log.exception("copies.failed", copies_id=str(place.copies_id))
            return False
        return True
