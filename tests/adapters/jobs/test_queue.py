"""The queue's tables are the library's own, and nothing that a process began is left undone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files

import procrastinate
import psycopg
import pytest
from cells import asynchronous
from procrastinate import App
from procrastinate.jobs import Status

from adapters.jobs.queue import open_queue, tidy
from adapters.postgres.embedded import Urls
from adapters.postgres.migrate import JOBS, migrate
from adapters.postgres.pool import acting_as


def test_the_tables_are_the_librarys() -> None:
    """Word for word: a newer release changes them with a migration of ours, or fails here."""
    ours = (files("migrations") / "jobs" / "0001_procrastinate.sql").read_text()
    theirs = (files(procrastinate) / "sql" / "schema.sql").read_text()
    assert theirs[theirs.index("-- Enums") :].rstrip() in ours


@asynccontextmanager
async def queue(urls: Urls) -> AsyncIterator[App]:
    """The queue of an empty deployment, with one task."""
    await migrate(urls.admin, cells=())
    async with open_queue(urls.app) as app:
        app.task(name="nothing")(_nothing)
        yield app


async def _nothing(workspace_id: str) -> None:
    """Do nothing."""


async def _die_over(app: App, name: str) -> None:
    """Begin a job as a process does that is killed over it: nobody's heart beats for it."""
    await app.configure_task("nothing", lock=name, queueing_lock=name).defer_async(workspace_id="")
    worker = await app.job_manager.register_worker()
    job = await app.job_manager.fetch_job(queues=None, worker_id=worker)
    assert job is not None
    await app.job_manager.unregister_worker(worker)


async def _statuses(app: App) -> list[str]:
    return sorted(str(job.status) for job in await app.job_manager.list_jobs_async())


@asynchronous
async def test_what_a_dead_process_began_is_put_back(database: Urls) -> None:
    """It is done by another one; until then nobody else has its lock."""
    async with queue(database) as app:
        await _die_over(app, "a")
        assert await _statuses(app) == ["doing"]
        await tidy(app)
        assert await _statuses(app) == ["todo"]
        async with asyncio.timeout(10):
            await app.run_worker_async(wait=False, install_signal_handlers=False)
        assert await _statuses(app) == ["succeeded"]


@asynchronous
async def test_what_waits_already_is_not_put_back(database: Urls) -> None:
    """Its like will do all there is to do: the broken one is dropped."""
    async with queue(database) as app:
        await _die_over(app, "a")
        again = app.configure_task("nothing", lock="a", queueing_lock="a")
        await again.defer_async(workspace_id="")
        await tidy(app)
        assert await _statuses(app) == ["todo"]


@asynchronous
async def test_jobs_that_ended_are_forgotten_some_day(database: Urls) -> None:
    """Failed ones too; yesterday's are still there to look at."""
    async with queue(database) as app:
        for name in ("old", "new"):
            await _die_over(app, name)
        jobs = list(await app.job_manager.list_jobs_async())
        for job in jobs:
            await app.job_manager.finish_job(job, Status.FAILED, delete_job=False)
        async with await psycopg.AsyncConnection.connect(database.admin) as owner:
            await owner.execute(
                "UPDATE jobs.procrastinate_events SET at = now() - interval '4 days'"
                " WHERE job_id = %s",
                (jobs[0].id,),
            )
        await tidy(app)
        assert [job.id for job in await app.job_manager.list_jobs_async()] == [jobs[1].id]


@pytest.mark.parametrize("role", ["ringledger_api", "ringledger_follower"])
@asynchronous
async def test_who_answers_requests_sees_no_jobs(database: Urls, role: str) -> None:
    """The schema is the worker's: neither the API's role nor the views' may read or write it."""
    await migrate(database.admin, cells=())
    url = acting_as(database.app, role)  # type: ignore[arg-type] # one of the roles
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        for statement in ("SELECT FROM {}", "DELETE FROM {}"):
            query = psycopg.sql.SQL(statement).format(
                psycopg.sql.Identifier(JOBS, "procrastinate_jobs")
            )
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await connection.execute(query)
