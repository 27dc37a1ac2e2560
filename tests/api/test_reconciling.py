"""Reconciliation as a deployment does it: by the queue's jobs, and on the command line."""

import json
from asyncio import to_thread
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from cells import asynchronous
from command_line import ringledger
from serving import AUTH_TOKEN, settings_for
from twilio_forms import call_sid, leg_callbacks
from twilio_standin import Standin, standing_in
from twilio_standin.books import Account, rfc2822
from twilio_standin.rest import Fault
from waiting import eventually

from adapters.event_store.history import read_stream
from adapters.event_store.requests import Request
from adapters.jobs.queue import open_queue
from adapters.postgres.embedded import Urls
from adapters.settings import Settings
from adapters.twilio.callbacks import read_callback
from adapters.twilio.client import rest_session
from adapters.wiring import Ledger, open_ledger
from adapters.workspaces.credentials import Kind
from api.deleting import DAILY, EVERY_MINUTE, Deletions
from api.following import following
from api.reconciling import EVERY_FIVE_MINUTES, HOURLY, Rounds
from domain.calls.call import CALL
from domain.calls.outcome import is_over
from domain.calls.state import Call
from domain.decider import AnyDecider
from domain.identifiers import call_id
from domain.messages import Context

BEGAN: Final = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)


@dataclass
class Deployment:
    """A ledger with a workspace whose account keeps its books at the stand-in."""

    ledger: Ledger
    twilio: Standin
    account: Account
    workspace_id: UUID
    settings: Settings

    async def lose_an_end(self, number: int) -> UUID:
        """A call of which we hear all but the end; the books have it."""
        sid = call_sid(number)
        told = leg_callbacks(sid, direction="outbound-api", start=BEGAN)
        cell = await self.ledger.cell_of(self.workspace_id)
        for form in told[:-1]:
            stream_id, command = read_callback(self.workspace_id, form)
            context = Context("twilio", self.workspace_id)
            await cell.writer.handle(Request(self.workspace_id, stream_id, CALL, command, context))
        end = BEGAN + timedelta(seconds=51)
        self.account.add_call(
            sid,
            BEGAN,
            status="completed",
            start_time=rfc2822(BEGAN),
            end_time=rfc2822(end),
            duration="42",
            **{"from": "+447700900123", "to": "+12025550100"},
        )
        return call_id(self.workspace_id, "twilio", sid)

    async def is_over(self, stream_id: UUID) -> bool:
        """Whether the call is."""
        cell = await self.ledger.cell_of(self.workspace_id)
        async with cell.scoped(self.workspace_id) as connection:
            entries = await read_stream(connection, stream_id)
        decider: AnyDecider = CALL
        call: Call = decider.fold(entry.event for entry in entries)
        return is_over(call)

    async def ask_for_all(self) -> None:
        """Put the hourly job into the queue now."""
        async with open_queue(self.ledger.directory.own_url) as app:
            await app.configure_task("reconcile_all").defer_async(timestamp=0)


@asynccontextmanager
async def deployed(database: Urls, home: Path) -> AsyncIterator[Deployment]:
    """A deployment of one workspace."""
    async with standing_in() as twilio:
        account = twilio.open_account(1)
        plain = settings_for(database, home)
        settings = plain.model_copy(update={"twilio_api_url": twilio.url})
        async with open_ledger(settings) as ledger:
            made = await ledger.create_workspace(
                "Test",
                [
                    (Kind.account_sid, account.sid),
                    (Kind.auth_token, AUTH_TOKEN),
                    (Kind.api_key, " ".join(account.api_key)),
                ],
            )
            yield Deployment(ledger, twilio, account, made.workspace_id, settings)


@asynchronous
async def test_who_follows_also_reconciles(database: Urls, tmp_path: Path) -> None:
    """The hourly job leads to one for each workspace; its arguments are ids and nothing else."""
    async with deployed(database, tmp_path) as here:
        lost = await here.lose_an_end(1)
        await here.ask_for_all()
        async with open_queue(here.ledger.directory.own_url) as app:
            async with following(here.ledger):
                await eventually(lambda: here.is_over(lost))
            jobs = await app.job_manager.list_jobs_async()
        assert all(set(job.task_kwargs) <= {"workspace_id", "timestamp"} for job in jobs)
        assert not any(job.status == "doing" for job in jobs)


@asynchronous
async def test_a_workspace_without_a_key_is_left_alone(database: Urls, tmp_path: Path) -> None:
    """Nothing is asked of Twilio for it, and a Twilio that is away ends no job of others."""
    async with deployed(database, tmp_path) as here:
        keyless = [(Kind.account_sid, here.account.sid), (Kind.auth_token, AUTH_TOKEN)]
        await here.ledger.create_workspace("Keyless", keyless)
        lost = await here.lose_an_end(1)
        here.twilio.faults.append(Fault(400, 20001))

        async def is_asked() -> bool:
            return len(here.twilio.asked) >= 1

        async with following(here.ledger):
            await here.ask_for_all()
            await eventually(is_asked)
            await here.ask_for_all()
            await eventually(lambda: here.is_over(lost))
        accounts = {one.split("/")[3] for one in here.twilio.asked}
        assert accounts == {here.account.sid}


@asynchronous
async def test_what_is_scheduled(database: Urls, tmp_path: Path) -> None:
    """All workspaces hourly, every five minutes what dead processes left, and what is deleted."""
    async with (
        deployed(database, tmp_path) as here,
        open_queue(here.ledger.directory.own_url) as app,
        rest_session() as session,
    ):
        Rounds(app, here.ledger, session).schedule()
        Deletions(app, here.ledger, session).schedule()
        scheduled = app.periodic_registry.periodic_tasks.values()
        found = {one.task.name: one.cron for one in scheduled}
        assert found == {
            "reconcile_all": HOURLY,
            "tidy": EVERY_FIVE_MINUTES,
            "delete_copies": EVERY_MINUTE,
            "delete_strays": DAILY,
        }


def _told(settings: Settings, *arguments: str) -> Any:  # noqa: ANN401 - the program's end
    assert settings.database_url is not None
    assert settings.migration_url is not None
    return ringledger(
        settings.home,
        "reconcile",
        *arguments,
        RINGLEDGER_DATABASE_URL=settings.database_url.get_secret_value(),
        RINGLEDGER_MIGRATION_URL=settings.migration_url.get_secret_value(),
        RINGLEDGER_TWILIO_API_URL=settings.twilio_api_url or "",
    )


@asynchronous
async def test_on_the_command_line(database: Urls, tmp_path: Path) -> None:
    """It says what it found, by workspace; a day is looked at closely, one to come is refused."""
    async with deployed(database, tmp_path) as here:
        lost = await here.lose_an_end(1)
        done = await to_thread(_told, here.settings, "--json")
        assert done.returncode == 0, done.stderr
        (found,) = json.loads(done.stdout)["data"]
        assert found["workspace_id"] == str(here.workspace_id)
        assert (found["legs"], found["entries"], found["not_understood"]) == (1, 1, 0)
        assert await here.is_over(lost)

        again = await to_thread(_told, here.settings, "--day", f"{BEGAN:%Y-%m-%d}")
        assert again.returncode == 0, again.stderr
        assert str(here.workspace_id) in again.stdout
        assert "+4477" not in done.stdout + again.stdout

        assert (await to_thread(_told, here.settings, "--day", "2999-01-01")).returncode == 2
        unknown = "00000000-0000-4000-8000-000000000000"
        assert (await to_thread(_told, here.settings, "-w", unknown)).returncode == 3
        here.twilio.faults.append(Fault(400, 20001))
        refused = await to_thread(_told, here.settings, "--day", f"{BEGAN:%Y-%m-%d}")
        assert (refused.returncode, "20001" in refused.stderr) == (2, True)
