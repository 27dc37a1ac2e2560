"""The database lost, killed, stalled or unwilling, under load: acknowledged is stored, once."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest
from cells import asynchronous
from command_line import PROGRAM, Running
from deployments import (
    Deployment,
    assert_stored_once,
    new_deployment,
    resident_bytes,
    stalled,
)
from senders import ACKNOWLEDGED, OVERLOADED, Line, Senders, get, sending, shuffled_calls
from twilio_forms import Form
from waiting import LONGEST_SECONDS, eventually
from wire import Cut, wire_to

from adapters.postgres.embedded import EmbeddedPostgres, Urls

ANY_APPEND: Final = b"call.leg_"
FEW_WAIT: Final = """
from adapters.event_store import writer
from api.cli import main
writer.{bound}
main()
"""
MEGABYTES_OF_BULKY: Final = "MAX_WAITING_BYTES = 2_000_000"
"""The same hundred callbacks or so, by what they weigh."""

MEGABYTE: Final = 1024 * 1024


@asynccontextmanager
async def server(
    deployment: Deployment,
    command: str = "serve",
    *,
    through: str = "",
    program: Sequence[str] = PROGRAM,
) -> AsyncIterator[Running]:
    """One server process that is up."""
    with deployment.program(command, "--port", "0", through=through, program=program) as running:
        await eventually(lambda: '"ledger.up"' in running.log.read_text())
        yield running


@asynchronous
async def test_appends_that_are_cut_off_are_made_once(database: Urls, tmp_path: Path) -> None:
    """Not done, or done and not reported, again and again: no sender notices any of it."""
    deployment = await new_deployment(database, tmp_path)
    forms, workspace_id = shuffled_calls(120), deployment.address.workspace_id
    async with (
        wire_to(database.app, ANY_APPEND) as (wire, through),
        server(deployment, through=through) as program,
    ):
        async with sending(program.url, workspace_id, forms) as senders:
            for plan in (Cut.before, Cut.after) * 4:
                await senders.more(20)
                wire.plan = plan
                await eventually(lambda: wire.plan is None)
        assert senders.answers == {ACKNOWLEDGED: len(forms)}
    await assert_stored_once(deployment.address, forms)


@asynchronous
async def test_a_database_that_is_killed_and_comes_back(home: Path, tmp_path: Path) -> None:
    """Everybody waits or is told to come again; readiness says so; the views go on as well."""
    forms, again = shuffled_calls(100), EmbeddedPostgres(home)
    async with EmbeddedPostgres(home) as urls:
        deployment = await new_deployment(urls, tmp_path)
        async with server(deployment, "up") as program:
            async with sending(program.url, deployment.address.workspace_id, forms) as senders:
                await senders.more(100)
                kill_postmaster(home)
                await told(program, (OVERLOADED, b""))
                await again.start()
                await senders.more(100)
            await assert_stored_once(deployment.address, forms)
            await told(program, (200, b'{"status":"ready","entries_behind":0}'))
        await again.stop()


async def told(program: Running, readiness: tuple[int, bytes]) -> None:
    """Wait until a load balancer is told so: the status, and how fresh the views are."""

    async def is_told() -> bool:
        line = Line(program.url)
        answer = await line.ask(get("/readyz"))
        await line.close()
        return (answer.status, answer.body if answer.status == 200 else b"") == readiness

    await eventually(is_told)


def kill_postmaster(home: Path) -> None:
    """As the kernel does when memory runs out."""
    pid = int((home / "postgres/postmaster.pid").read_text().splitlines()[0])
    os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("bound", ["MAX_WAITING = 100", MEGABYTES_OF_BULKY], ids=["many", "large"])
@asynchronous
async def test_who_is_too_many_is_turned_away_before_memory_grows(
    database: Urls, tmp_path: Path, bound: str
) -> None:
    """While the database stands still the queue fills, then it is 503; then all is well."""
    deployment = await new_deployment(database, tmp_path)
    forms = [bulky(form) for form in shuffled_calls(100)]
    few_wait = (sys.executable, "-c", FEW_WAIT.format(bound=bound))
    async with server(deployment, program=few_wait) as program:
        pid, workspace_id = program.process.pid, deployment.address.workspace_id
        async with (
            sending(program.url, workspace_id, forms, len(forms)) as senders,
            stalled(deployment.address),
        ):
            await eventually(lambda: senders.answers[OVERLOADED] > 300)
            full = resident_bytes(pid)
            await eventually(lambda: senders.answers[OVERLOADED] > 1500)
            assert resident_bytes(pid) - full < 8 * MEGABYTE
            assert senders.acknowledged == 0
        await assert_stored_once(deployment.address, forms)


def bulky(form: Form) -> Form:
    """The callback with so much beside it that a thousand of them would be noticed."""
    return [*form, ("Unknown", "x" * 20_000)]


@asynchronous
async def test_a_callback_that_the_database_refuses_fails_alone(
    database: Urls, tmp_path: Path
) -> None:
    """It is never acknowledged and disturbs nobody; once what is wrong is mended, it is taken."""
    deployment = await new_deployment(database, tmp_path)
    forms, workspace_id = shuffled_calls(60), deployment.address.workspace_id
    poison = dict(forms[0])["CallSid"]
    poisoned = [form for form in forms if dict(form)["CallSid"] == poison]
    others = [form for form in forms if form not in poisoned]
    await deployment.address.sql(
        "ALTER TABLE entries ADD CONSTRAINT unwilling"
        f" CHECK (position('{poison}' IN convert_from(body, 'UTF8')) = 0)"
    )
    async with (
        server(deployment) as program,
        asyncio.timeout(LONGEST_SECONDS),
        asyncio.TaskGroup() as group,
    ):
        unlucky = Senders(program.url, workspace_id, poisoned)
        for _ in poisoned:
            group.create_task(unlucky.send())
        async with sending(program.url, workspace_id, others) as senders:
            pass
        assert senders.answers == {ACKNOWLEDGED: len(others)}
        assert unlucky.answers.keys() == {500}
        await deployment.address.sql("ALTER TABLE entries DROP CONSTRAINT unwilling")
    assert unlucky.acknowledged == len(poisoned)
    await assert_stored_once(deployment.address, forms)
