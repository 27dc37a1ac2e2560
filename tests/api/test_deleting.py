"""Deletions as a deployment does them: by the queue's jobs, in one process or the next."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

from cells import asynchronous
from serving import settings_for
from twilio_forms import CALLER, START, call_callbacks, call_sid
from twilio_standin import Standin, standing_in
from twilio_standin.books import Account
from twilio_standin.rest import BROKEN
from waiting import eventually

from adapters.event_store.requests import Request
from adapters.jobs.queue import open_queue
from adapters.objects.store import ObjectStore, new_name
from adapters.postgres.embedded import Urls
from adapters.recordings.ending import STRAY
from adapters.settings import Settings
from adapters.twilio.addresses import lookup_of
from adapters.twilio.callbacks import read_callback
from adapters.wiring import Ledger, now, open_ledger
from adapters.workspaces.credentials import Kind
from api.following import following
from domain.calls.call import CALL
from domain.messages import Context
from domain.subjects.events import ErasureReason

COUNT = 3


@dataclass
class Deployment:
    """A deployment that deletes at the stand-in what it erases."""

    ledger: Ledger
    twilio: Standin
    account: Account
    workspace_id: UUID

    async def furnish(self) -> None:
        """Some calls of one caller, each put through, at Twilio and here."""
        cell = await self.ledger.cell_of(self.workspace_id)
        for number in range(COUNT):
            legs = call_sid(number), call_sid(number + 500)
            for form in call_callbacks(*legs):
                stream_id, command = read_callback(self.workspace_id, form)
                context = Context("twilio", uuid4())
                await cell.writer.handle(
                    Request(self.workspace_id, stream_id, CALL, command, context)
                )
            for sid, parent in zip(legs, (None, legs[0]), strict=True):
                self.account.add_call(sid, START, status="completed", parent_call_sid=parent)

    async def erase(self, number: str = CALLER) -> None:
        """Erase whoever has it."""
        cell = await self.ledger.cell_of(self.workspace_id)
        async with cell.scoped(self.workspace_id) as connection:
            key = await cell.workspace_key(connection, self.workspace_id)
            digest = key.digest(lookup_of(number) or "")
            rows = await connection.execute(
                "SELECT subject_id FROM lookups WHERE digest = %s", (digest,)
            )
            ((subject_id,),) = await rows.fetchall()
        context = Context("cli", uuid4())
        await cell.erasures.erase(self.workspace_id, subject_id, ErasureReason.requested, context)
        await cell.erasures.finish()

    async def is_gone(self) -> bool:
        """Whether Twilio has nothing any more; asks for what is scheduled otherwise."""
        async with open_queue(self.ledger.directory.own_url) as app:
            await app.configure_task("delete_copies").defer_async(timestamp=0)
        await asyncio.sleep(0.5)
        return not self.account.calls


@asynccontextmanager
async def deployed(settings: Settings, twilio: Standin) -> AsyncIterator[Deployment]:
    """A deployment of one workspace."""
    account = twilio.open_account(1)
    told = settings.model_copy(update={"twilio_api_url": twilio.url})
    async with open_ledger(told) as ledger:
        secrets = [(Kind.account_sid, account.sid), (Kind.auth_token, account.auth_token)]
        made = await ledger.create_workspace("Test", secrets)
        yield Deployment(ledger, twilio, account, made.workspace_id)


@asynchronous
async def test_what_is_erased_here_goes_at_twilio(database: Urls, tmp_path: Path) -> None:
    """Every call of theirs, one that fails holding up no other; the jobs' arguments are ids."""
    async with (
        standing_in() as twilio,
        deployed(settings_for(database, tmp_path), twilio) as here,
    ):
        await here.furnish()
        await here.erase()
        async with open_queue(here.ledger.directory.own_url) as app:
            async with following(here.ledger):
                await eventually(here.is_gone)
            jobs = await app.job_manager.list_jobs_async()
        assert all(set(job.task_kwargs) <= {"workspace_id", "timestamp"} for job in jobs)
        assert not any(job.status == "doing" for job in jobs)


@asynchronous
async def test_the_next_process_goes_on(database: Urls, tmp_path: Path) -> None:
    """Ended between the erasure and the deletion, with nothing in memory."""
    settings = settings_for(database, tmp_path)
    async with standing_in() as twilio:
        async with deployed(settings, twilio) as here:
            await here.furnish()
            await here.erase()
        told = settings.model_copy(update={"twilio_api_url": twilio.url})
        async with open_ledger(told) as ledger, following(ledger):
            await eventually(Deployment(ledger, twilio, here.account, here.workspace_id).is_gone)


@asynchronous
async def test_objects_of_nobody_go_daily(database: Urls, tmp_path: Path) -> None:
    """As soon as it is certain whose the others are."""
    async with (
        standing_in() as twilio,
        deployed(settings_for(database, tmp_path), twilio) as here,
    ):
        stray = new_name(here.workspace_id)
        store: ObjectStore = here.ledger.objects
        async with store.writing(stray) as file:
            await file.write(b"nobody's")
        long_ago = (now() - STRAY - timedelta(hours=1)).timestamp()
        os.utime(here.ledger.settings.objects_folder / stray, (long_ago, long_ago))
        twilio.faults.append(BROKEN)

        async def is_empty() -> bool:
            return [one async for one in store.each(here.workspace_id)] == []

        async with (
            following(here.ledger),
            open_queue(here.ledger.directory.own_url) as app,
        ):
            await app.configure_task("delete_strays").defer_async(timestamp=0)
            await eventually(is_empty)
