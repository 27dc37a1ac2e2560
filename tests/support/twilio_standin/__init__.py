"""Twilio's other side, for tests: a real HTTP server and a sender of signed callbacks.

    async with standing_in() as twilio:
        account = twilio.open_account()
        ...

It answers as Twilio's OpenAPI description and documentation say: a request they do not allow is
refused with Twilio's own error. What it was told to do wrong (``faults``) it does first.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final

from aiohttp import web

from twilio_standin.books import Account
from twilio_standin.rest import Fault, Rest

SHUTDOWN_SECONDS: Final = 0.2


class Standin:
    """The server: its accounts, the time it goes by, and what it is to do wrong."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.rest = Rest(clock)
        self.url = ""

    @property
    def faults(self) -> list[Fault]:
        """What it does to the next requests, one each."""
        return self.rest.faults

    @property
    def asked(self) -> list[str]:
        """The path of every request so far, with its query."""
        return self.rest.asked

    def open_account(self, number: int = 0) -> Account:
        """An account with an auth token and one API key."""
        account = Account(number)
        self.rest.accounts[account.sid] = account
        return account


@asynccontextmanager
async def standing_in(
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> AsyncIterator[Standin]:
    """The stand-in on a port of its own."""
    standin = Standin(clock)
    runner = web.AppRunner(standin.rest.app(), access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    standin.url = f"http://{host}:{port}"
    try:
        yield standin
    finally:
        await runner.cleanup()
