"""`up --workers`: one port, several processes, and none left behind however it ends."""

import asyncio
import os
import re
import signal
import socket
import sys
from collections import Counter
from pathlib import Path

import httpx
import pytest
from command_line import Running, is_stopped, ringledger, running
from deployments import Deployment, children, is_running, new_deployment
from senders import Line, get, sending, shuffled_calls
from waiting import LONGEST_SECONDS, soon

from adapters.postgres.embedded import Urls

SERVERS = 2
CONNECTIONS = 32
IMPATIENT = """
from api import workers
from api.cli import main
workers.STOPPED_WITHIN_SECONDS = 3.0
main()
"""


@pytest.fixture
def deployment(database: Urls, tmp_path: Path) -> Deployment:
    """A workspace in a database of the test's own."""
    return asyncio.run(new_deployment(database, tmp_path))


def told(program: Running, event: str, role: str = "") -> list[int]:
    """The pids that the log names for an event, in order."""
    lines = [line for line in program.log.read_text().splitlines() if f'"{event}"' in line]
    return [int(re.findall(r'"pid":(\d+)', line)[0]) for line in lines if role in line]


def all_up(program: Running, processes: int) -> list[int]:
    """The pids of the workers, once so many of them say that they are up."""
    soon(lambda: len(told(program, "ledger.up")) == processes)
    return told(program, "ledger.up")


async def ask_health(url: str, connections: int) -> list[int]:
    """The statuses that so many new connections get."""
    lines = [Line(url) for _ in range(connections)]
    async with asyncio.timeout(LONGEST_SECONDS):
        answers = await asyncio.gather(*(line.ask(get("/healthz")) for line in lines))
    for line in lines:
        await line.close()
    return [answer.status for answer in answers]


def test_servers_share_the_port(deployment: Deployment) -> None:
    """Connections that come all at once are spread, and each line of the log says by whom."""
    with deployment.program("serve", "--workers", str(SERVERS), "--port", "0") as program:
        servers = all_up(program, SERVERS)
        assert sorted(servers) == sorted(children(program.process.pid))
        assert asyncio.run(ask_health(program.url, CONNECTIONS)) == [200] * CONNECTIONS
        soon(lambda: len(told(program, "request.answered")) >= CONNECTIONS)
        answered = Counter(told(program, "request.answered"))
        assert answered.keys() == set(servers)
        assert min(answered.values()) >= CONNECTIONS // 8
        assert program.end(signal.SIGTERM) == 0


def test_the_views_have_a_process_of_their_own(deployment: Deployment) -> None:
    """Calls are shown, readiness knows how fresh they are, and Ctrl-C ends all of it."""
    forms = shuffled_calls(20)

    async def send(url: str) -> None:
        async with sending(url, deployment.address.workspace_id, forms):
            pass

    with deployment.program("up", "--workers", str(SERVERS), "--port", "0") as program:
        workers = all_up(program, SERVERS + 1)
        assert len(told(program, "worker.started", "follower")) == 1
        asyncio.run(send(program.url))
        with httpx.Client(base_url=program.url, timeout=LONGEST_SECONDS) as client:
            soon(lambda: client.get("/readyz").json()["entries_behind"] == 0)
            key = {"Authorization": f"Bearer {deployment.api_key}"}
            calls = f"/v1/workspaces/{deployment.address.workspace_id}/calls"
            assert len(client.get(calls, headers=key).raise_for_status().json()["data"]) == 20
        assert program.end(signal.SIGINT) == 0
        assert not any(map(is_running, workers))


def test_a_server_that_dies_is_started_again(deployment: Deployment) -> None:
    """Who connects meanwhile is answered, by the others or by the one that takes its place."""
    with deployment.program("serve", "--workers", str(SERVERS), "--port", "0") as program:
        died = all_up(program, SERVERS)[0]
        os.kill(died, signal.SIGKILL)
        soon(lambda: told(program, "worker.died") == [died])
        assert asyncio.run(ask_health(program.url, CONNECTIONS)) == [200] * CONNECTIONS
        assert '"status":-9' in program.log.read_text()
        assert len(set(all_up(program, SERVERS + 1))) == SERVERS + 1
        assert len(children(program.process.pid)) == SERVERS
        assert program.end(signal.SIGTERM) == 0


def test_nothing_outlives_a_supervisor_that_was_killed(home: Path) -> None:
    """Neither a worker nor the embedded PostgreSQL, though nobody could tell them."""
    with running(home, "up", "--workers", str(SERVERS), "--port", "0") as program:
        workers = all_up(program, SERVERS + 1)
        assert not is_stopped(home)
        program.end(signal.SIGKILL)
        soon(lambda: not any(map(is_running, workers)) and is_stopped(home))
        assert len(told(program, "ledger.stopped")) == SERVERS + 1


def test_a_worker_that_hangs_is_killed(deployment: Deployment) -> None:
    """It is told to stop, and does not; after a while the supervisor does without."""
    impatient = (sys.executable, "-c", IMPATIENT)
    arguments = ("serve", "--workers", str(SERVERS), "--port", "0")
    with deployment.program(*arguments, program=impatient) as program:
        hanging = all_up(program, SERVERS)[0]
        os.kill(hanging, signal.SIGSTOP)
        assert program.end(signal.SIGTERM) == 0
        assert told(program, "worker.hangs") == [hanging]
        assert not is_running(hanging)


def test_a_shared_port_is_taken(deployment: Deployment) -> None:
    """Another deployment does not share it unnoticed, with workers of its own or without."""
    with socket.socket() as first, socket.socket() as second:
        for listener in (first, second):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        first.bind(("127.0.0.1", 0))
        second.bind(first.getsockname())
        for listener in (first, second):
            listener.listen()
        for workers in ("1", "2"):
            port = str(first.getsockname()[1])
            done = ringledger(deployment.home, "up", "--port", port, "--workers", workers)
            assert done.returncode == 4
            assert f"port {port}" in done.stderr
