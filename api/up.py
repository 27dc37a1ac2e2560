"""Runs the parts of a deployment in one process until it is told to stop."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Final

import structlog
import uvicorn
from starlette.types import ASGIApp

from adapters.settings import Settings
from adapters.wiring import open_ledger
from api.app import create_app
from api.following import following
from api.listening import url_of
from api.stopping import told_to_stop

DRAIN_SECONDS: Final = 14
"""Longer than the writer is patient: who waits for a lost database is told so before we leave."""

log = structlog.get_logger()


@asynccontextmanager
async def serving(app: ASGIApp, listener: socket.socket) -> AsyncIterator[None]:
    """Serve until left; whoever is being answered then is answered still."""
    config = uvicorn.Config(
        app,
        http="httptools",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]), name="http server")
    try:
        while not (server.started or task.done()):  # noqa: ASYNC110 - it has no event for it
            await asyncio.sleep(0.01)
        yield
    finally:
        server.should_exit = True
        await task


async def up(settings: Settings, listener: socket.socket | None, *, follows: bool = True) -> None:
    """Serve the API on ``listener`` and keep the views, either or both, until told to stop."""
    with told_to_stop() as stop:
        async with AsyncExitStack() as parts:
            ledger = await parts.enter_async_context(open_ledger(settings))
            if follows:
                await parts.enter_async_context(following(ledger))
            if listener is not None:
                app = create_app(ledger, own_url=url_of(listener))
                await parts.enter_async_context(serving(app, listener))
            log.info("ledger.up", cells=len(ledger.cells))
            await stop.wait()
            log.info("ledger.stops")
    log.info("ledger.stopped")


class _Server(uvicorn.Server):
    """Leaves the signals to us: uvicorn would raise them again after it has stopped."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
