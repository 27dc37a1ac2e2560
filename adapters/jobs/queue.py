"""The queue of jobs: procrastinate, in a schema of its own beside the directory.

Not in the cells: a job is the deployment's, a cell may move away while one waits, and a cell's
schema has no triggers. Its tables are made by our migrations; its arguments are ids.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import UUID

import structlog
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, UniqueViolation
from procrastinate.jobs import Status

from adapters.cells.place import inside
from adapters.postgres.migrate import JOBS
from adapters.postgres.pool import acting_as

KEPT_HOURS = 72
"""How long a job that failed can be looked at."""

log = structlog.get_logger()


@asynccontextmanager
async def open_queue(own_url: str) -> AsyncIterator[App]:
    """The queue of a deployment, with connections of its own."""
    url = acting_as(inside(own_url, JOBS), "ringledger_writer")
    app = App(connector=PsycopgConnector(conninfo=url, min_size=1, max_size=4))
    async with app.open_async():
        yield app


async def put_turn(app: App, name: str, workspace_id: UUID) -> None:
    """Put a workspace's turn at a job into the queue, unless one waits there.

    Never two of one workspace are done at once.
    """
    lock = f"{name}/{workspace_id}"
    job = app.configure_task(name, lock=lock, queueing_lock=lock)
    with suppress(AlreadyEnqueued):
        await job.defer_async(workspace_id=str(workspace_id))


async def tidy(app: App) -> None:
    """Put back what a process had begun when it died, and forget what ended long ago."""
    for job in await app.job_manager.get_stalled_jobs():
        log.warning("job.put_back", action=job.task_name)
        try:
            await app.job_manager.retry_job(job)
        except UniqueViolation:
            # Its like waits already, and will do all that there is to do.
            await app.job_manager.finish_job(job, Status.ABORTED, delete_job=True)
    await app.job_manager.delete_old_jobs(
        KEPT_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
    )
