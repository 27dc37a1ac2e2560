"""Servers that die or are told to stop, under load: acknowledged is stored, once.

Two servers work on one cell throughout, and the callbacks of each call go to both in any order.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from random import Random

from cells import asynchronous
from command_line import Running
from deployments import (
    Deployment,
    assert_stored_once,
    children,
    new_deployment,
    stalled,
    unread_bytes,
)
from senders import ACKNOWLEDGED, BROKEN, Senders, sending, shuffled_calls
from waiting import LONGEST_SECONDS, eventually

from adapters.event_store.writer import PATIENCE_SECONDS
from adapters.postgres.embedded import Urls
from api.stopping import STOPPED_WITHIN_SECONDS
from api.up import DRAIN_SECONDS

SERVERS = 2


@asynccontextmanager
async def two_servers(deployment: Deployment, port: int = 0) -> AsyncIterator[Running]:
    """Two servers, both up."""
    with deployment.program("serve", "--workers", "2", "--port", str(port)) as program:
        await eventually(lambda: program.log.read_text().count('"ledger.up"') == 2)
        yield program


async def stop(program: Running) -> None:
    """Tell the deployment to stop, and see it end well."""
    assert await asyncio.to_thread(program.end, signal.SIGTERM) == 0


@asynchronous
async def test_two_servers_on_one_cell_lose_and_double_nothing(
    database: Urls, tmp_path: Path
) -> None:
    """Both decide on the same calls at once, some callbacks come twice, and all is as it was."""
    deployment = await new_deployment(database, tmp_path)
    forms = shuffled_calls(150, repeated=60)
    async with two_servers(deployment) as program:
        workspace_id = deployment.address.workspace_id
        async with sending(program.url, workspace_id, forms, 32) as senders:
            pass
        assert senders.answers == {ACKNOWLEDGED: len(forms)}
        await assert_stored_once(deployment.address, forms)
        await stop(program)


@asynchronous
async def test_servers_killed_again_and_again_lose_and_double_nothing(
    database: Urls, tmp_path: Path
) -> None:
    """What was on a broken connection was stored or not; sent again, it adds what is missing."""
    deployment = await new_deployment(database, tmp_path)
    forms, rng = shuffled_calls(150, repeated=50), Random(1)
    async with two_servers(deployment) as program:
        workspace_id = deployment.address.workspace_id
        async with sending(program.url, workspace_id, forms, 32) as senders:
            for _ in range(5):
                await senders.more(60)
                os.kill(rng.choice(children(program.process.pid)), signal.SIGKILL)
        assert senders.answers[BROKEN] > 0
        await assert_stored_once(deployment.address, forms)


@asynchronous
async def test_killed_after_the_commit_and_before_the_answer(
    database: Urls, tmp_path: Path
) -> None:
    """Everything is stored and nobody was told: who asks again is told, and nothing is added."""
    deployment = await new_deployment(database, tmp_path)
    forms = shuffled_calls(8)
    async with two_servers(deployment) as program:
        workspace_id, servers = deployment.address.workspace_id, children(program.process.pid)
        async with sending(program.url, workspace_id, forms, len(forms)) as senders:
            with killed_in_the_end(servers):
                async with stalled(deployment.address):
                    await taken(program, deployment, len(forms))
                    for server in servers:
                        os.kill(server, signal.SIGSTOP)
                await statements(deployment, "true", 0)
                ((stored,),) = await deployment.address.sql("SELECT count(*) FROM entries")
                assert stored > 0
                assert senders.acknowledged == 0
        assert senders.answers[BROKEN] >= len(forms)
        await assert_stored_once(deployment.address, forms)


@contextmanager
def killed_in_the_end(servers: Sequence[int]) -> Iterator[None]:
    """Whatever comes of the block: a stopped process would stay for ever."""
    try:
        yield
    finally:
        for server in servers:
            os.kill(server, signal.SIGKILL)


async def taken(program: Running, deployment: Deployment, requests: int) -> None:
    """Wait until the servers have read so many requests, and an append of each stands still."""
    port = int(program.url.rpartition(":")[2])
    await eventually(lambda: unread_bytes(port) == [0] * requests)
    await statements(deployment, "wait_event_type = 'Lock'", 2)


async def statements(deployment: Deployment, such: str, amount: int) -> None:
    """Wait until so many such statements are under way in the database, ours apart."""
    query = f"""
        SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        AND pid <> pg_backend_pid() AND state = 'active' AND {such}
    """  # noqa: S608 - ours

    async def is_so() -> bool:
        return await deployment.address.sql(query) == [(amount,)]

    await eventually(is_so)


@asynchronous
async def test_stopping_answers_all_who_were_taken(database: Urls, tmp_path: Path) -> None:
    """Told to stop while everybody waits for the database, it stays until all are answered."""
    deployment = await new_deployment(database, tmp_path)
    forms = shuffled_calls(16)
    async with two_servers(deployment) as program:
        senders = Senders(program.url, deployment.address.workspace_id, forms)
        async with (
            asyncio.timeout(LONGEST_SECONDS),
            asyncio.TaskGroup() as group,
            stalled(deployment.address),
        ):
            for _ in forms:
                group.create_task(senders.send())
            await taken(program, deployment, len(forms))
            stopped = group.create_task(stop(program))
            await eventually(lambda: program.log.read_text().count('"ledger.stops"') == 2)
            await asyncio.sleep(0.5)
            assert not stopped.done()
        assert senders.answers == {ACKNOWLEDGED: len(forms)}
    await assert_stored_once(deployment.address, forms)


@asynchronous
async def test_restarts_under_load_lose_and_double_nothing(database: Urls, tmp_path: Path) -> None:
    """The senders go on while the deployment stops in good order and starts again."""
    deployment = await new_deployment(database, tmp_path)
    forms = shuffled_calls(150)
    async with two_servers(deployment) as program:
        url, workspace_id = program.url, deployment.address.workspace_id
        async with sending(url, workspace_id, forms, 32) as senders:
            await senders.more(150)
            await stop(program)
            async with two_servers(deployment, int(url.rpartition(":")[2])):
                await senders.more(len(forms))
                await assert_stored_once(deployment.address, forms)


def test_nobody_is_cut_off_while_the_writer_is_patient() -> None:
    """A server drains until its writer has given up, and is not killed before it has drained."""
    assert PATIENCE_SECONDS < DRAIN_SECONDS < STOPPED_WITHIN_SECONDS
