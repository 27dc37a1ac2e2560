"""Reconciles the deployment's workspaces: hourly, and for whoever asks."""

import asyncio
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

import aiohttp
import structlog
from procrastinate import App
from procrastinate.exceptions import ConnectorException

from adapters.jobs.queue import open_queue, put_turn, tidy
from adapters.reconciler.reconcile import Reconciled, Reconciler
from adapters.twilio.client import RestFailed, rest_session
from adapters.wiring import Ledger, now
from api.deleting import Deletions
from domain.errors import NotFound

HOURLY: Final = "7 * * * *"
EVERY_FIVE_MINUTES: Final = "*/5 * * * *"
AT_ONCE: Final = 4
"""Of how many workspaces one process reads the books at a time."""

_ONE: Final = "reconcile"
LOOK_SECONDS: Final = 2.0
"""How often a process looks for jobs. None is urgent, and to listen takes a connection more."""

LEAVE_SECONDS: Final = 5.0
PAUSE_SECONDS: Final = 5.0
log = structlog.get_logger()


async def reconcile(
    ledger: Ledger, session: aiohttp.ClientSession, workspace_id: UUID, only: date | None = None
) -> Reconciled:
    """One turn of a workspace. See ``Reconciler.workspace``."""
    cell = await ledger.cell_of(workspace_id)
    reconciler = Reconciler(cell, session, ledger.settings.twilio_api_url)
    return await reconciler.workspace(workspace_id, now(), only=only)


class Rounds(NamedTuple):
    """What is done with the queue's jobs, and when they are put there."""

    app: App
    ledger: Ledger
    session: aiohttp.ClientSession

    def schedule(self) -> None:
        """Make the queue's jobs known to it."""
        self.app.task(name=_ONE)(self.one)
        for cron, job in ((HOURLY, self.reconcile_all), (EVERY_FIVE_MINUTES, self.tidy)):
            task = self.app.task(name=job.__name__, queueing_lock=job.__name__)(job)
            self.app.periodic(cron=cron)(task)

    async def one(self, workspace_id: str) -> None:
        """A turn of a workspace, and another at the end of the queue where there is more to do."""
        try:
            turn = await reconcile(self.ledger, self.session, UUID(workspace_id))
        except RestFailed as failure:
            # The next hour goes on where this one stopped.
            log.warning("reconciler.waits", workspace_id=workspace_id, status=failure.status)
            return
        except NotFound:
            return  # it is being placed in another cell
        if turn.tally.entries:
            log.info("reconciler.found", workspace_id=workspace_id, entries=turn.tally.entries)
        if not turn.is_done:
            await put_turn(self.app, _ONE, UUID(workspace_id))

    async def reconcile_all(self, timestamp: int) -> None:  # noqa: ARG002 - schedules give it
        """A turn for every workspace."""
        for workspace in await self.ledger.directory.all():
            await put_turn(self.app, _ONE, workspace.workspace_id)

    async def tidy(self, timestamp: int) -> None:  # noqa: ARG002 - as above
        """Whatever dead processes left."""
        await tidy(self.app)


async def work(ledger: Ledger) -> None:
    """Do the queue's jobs, until cancelled; what is under way then has a moment to end."""
    while True:
        try:
            async with rest_session() as session, open_queue(ledger.directory.own_url) as app:
                Rounds(app, ledger, session).schedule()
                Deletions(app, ledger, session).schedule()
                await app.run_worker_async(
                    concurrency=AT_ONCE,
                    fetch_job_polling_interval=LOOK_SECONDS,
                    listen_notify=False,
                    delete_jobs="successful",
                    install_signal_handlers=False,
                    shutdown_graceful_timeout=LEAVE_SECONDS,
                )
        except ConnectorException as error:
            log.warning("jobs.unreachable", error=type(error).__name__)
        except Exception:
            log.exception("jobs.broke")
        if (task := asyncio.current_task()) is not None and task.cancelling():
            raise asyncio.CancelledError  # whatever broke while we were leaving
        await asyncio.sleep(PAUSE_SECONDS)
