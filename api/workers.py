"""Several server processes on one port, and one that follows, kept running until told to stop.

Each is this program again. The supervisor takes the port, prepares the database and sees that it
may be served, once, and then only watches: it holds no key, reads no entry, and when it is gone
all others stop by themselves.
"""

import asyncio
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import structlog

from adapters.settings import Settings
from adapters.wiring import database, open_ledger, prepare
from api.stopping import STOPPED_WITHIN_SECONDS, lifeline, told_to_stop

PROGRAM: Final = (sys.executable, "-P", "-c", "from api.cli import main; main()", "worker")
"""``-P``: a folder named ``api`` where somebody happens to stand is not ours."""

SHORTEST_PAUSE_SECONDS: Final = 0.1
LONGEST_PAUSE_SECONDS: Final = 5.0
LIVED_SECONDS: Final = 60.0
"""Who lived so long may begin again at once; who dies sooner each time waits longer."""

log = structlog.get_logger()


async def up_together(
    settings: Settings, listeners: Sequence[socket.socket], *, follows: bool
) -> None:
    """Serve each listener in a process of its own, and follow in another, until told to stop."""
    with told_to_stop() as stop, lifeline() as line:
        async with database(settings) as urls:
            await prepare(settings, urls)
            async with open_ledger(settings):
                pass  # what may not be served is refused here, and not by each worker anew
            async with asyncio.TaskGroup() as crew:
                places: list[socket.socket | None] = [*listeners, *([None] if follows else [])]
                keepers = [crew.create_task(_keep(place, line)) for place in places]
                await stop.wait()
                for listener in listeners:
                    listener.close()  # who connects now is turned away rather than left waiting
                for keeper in keepers:
                    keeper.cancel()
    log.info("workers.stopped")


async def _keep(listener: socket.socket | None, line: int) -> None:
    """Start a worker, and another whenever it dies, until cancelled; then stop it."""
    role = "server" if listener else "follower"
    clock, pause = asyncio.get_running_loop().time, SHORTEST_PAUSE_SECONDS
    while True:
        began = clock()
        async with _worker(listener, line) as worker:
            log.info("worker.started", role=role, pid=worker.pid)
            status = await worker.wait()
        if clock() - began > LIVED_SECONDS:
            pause = SHORTEST_PAUSE_SECONDS
        log.error("worker.died", role=role, pid=worker.pid, status=status)
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


@asynccontextmanager
async def _worker(listener: socket.socket | None, line: int) -> AsyncIterator[Process]:
    """A worker, out of reach of the terminal's Ctrl-C, which is for us; stopped on leaving."""
    kept = {"--lifeline": line} | ({"--listener": listener.fileno()} if listener else {})
    worker = await asyncio.create_subprocess_exec(
        *PROGRAM,
        *(f"{name}={number}" for name, number in kept.items()),
        pass_fds=tuple(kept.values()),
        stdin=DEVNULL,
        start_new_session=True,
    )
    try:
        yield worker
    finally:
        if worker.returncode is None:
            await _stop(worker)


async def _stop(worker: Process) -> None:
    worker.terminate()
    try:
        async with asyncio.timeout(STOPPED_WITHIN_SECONDS):
            await worker.wait()
    except TimeoutError:
        log.error("worker.hangs", pid=worker.pid)  # noqa: TRY400 - nothing broke here
        worker.kill()
        await worker.wait()
