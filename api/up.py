"""Runs the parts of a deployment in one process until it is told to stop."""

import asyncio
import signal
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
from domain.errors import Unavailable

BACKLOG: Final = 2048
DRAIN_SECONDS: Final = 10
log = structlog.get_logger()


class PortTaken(Unavailable):
    """Somebody else listens there, or we may not."""


def listen(host: str, port: int) -> socket.socket:
    """Take the port, before anything else is done; port 0 is any that is free.

    Raises:
        PortTaken: It cannot be had.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise PortTaken(f"cannot listen on {host}: {error.strerror}") from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise PortTaken(f"cannot listen on {host} port {port}: {error.strerror}") from None
    return listener


def url_of(listener: socket.socket) -> str:
    """The address of a listener, as a browser on this machine may use it."""
    host, port = listener.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared with, not listened on
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextmanager
def told_to_stop() -> Iterator[asyncio.Event]:
    """An event that Ctrl-C or SIGTERM sets, the second time as calmly as the first."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


@asynccontextmanager
async def serving(app: ASGIApp, listener: socket.socket) -> AsyncIterator[None]:
    """Serve until left; whoever is being answered then is answered still."""
    config = uvicorn.Config(
        app,
        http="httptools",
        log_config=None,
        access_log=False,
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
