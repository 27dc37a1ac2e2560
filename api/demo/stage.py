"""Sets the stage: a home of its own, a ledger on the demo's clock, two workspaces, a server."""

import fcntl
import secrets
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from adapters.postgres.embedded import EmbeddedPostgres
from adapters.settings import PREFIX, Settings, SettingsError
from adapters.wiring import Ledger, NewWorkspace, open_ledger
from adapters.workspaces.credentials import Kind
from api.app import create_app
from api.demo import recording
from api.demo.cast import Office
from api.demo.clock import DemoClock
from api.demo.day import Day
from api.demo.deleting import delete_copies
from api.demo.exchange import Exchange, exchange
from api.following import following
from api.listening import PortTaken, listen, url_of
from api.up import serving
from domain.errors import Unavailable

FOLDER: Final = "demo"
MARK: Final = ".demo"
"""The file by which a demo knows a home that it may wipe."""

HOST: Final = "127.0.0.1"
BRISK_SECONDS: Final = 0.2
"""Between two rounds of what goes on behind the API: whoever watches the demo waits for them."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What the demo plays on."""

    base_url: str
    workspaces: Mapping[str, NewWorkspace]
    """By the account that the provider knows them as."""

    home: Path
    recorded: NewWorkspace
    """The office whose callers are asked whether they may be recorded."""

    auth_token: str
    """What the provider signs with for that one."""

    exchange: Exchange
    let_twilio_delete: Callable[[], Awaitable[None]]
    """What is asked of Twilio every minute, asked now."""


async def demo_settings(settings: Settings, *, names_home: bool) -> Settings:
    """The settings of the demo: a home that is its own and empty, or the database that is named.

    Raises:
        SettingsError: The home that the environment names holds something else.
        Unavailable: Another demo runs there.
    """
    if settings.database_url is not None:
        return settings
    home = settings.home if names_home else settings.home / FOLDER
    if home.exists() and any(home.iterdir()) and not (home / MARK).exists():
        raise SettingsError(f"{home} holds something else than a demo: unset {PREFIX}HOME")
    await _wipe(home)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    (home / MARK).touch()
    return settings.model_copy(update={"home": home, "erasure_ledger": None})


def any_port(port: int) -> socket.socket:
    """Listen on the port, or on one that is free where it is taken."""
    try:
        return listen(HOST, port)
    except PortTaken:
        return listen(HOST, 0)


@asynccontextmanager
async def set_stage(
    settings: Settings, listener: socket.socket, clock: DemoClock, day: Day
) -> AsyncIterator[Stage]:
    """Everything in this process, as ``ringledger up`` runs it."""
    url = url_of(listener)
    async with (
        exchange() as provider,
        open_ledger(_with(settings, provider), clock=clock) as ledger,
        following(ledger, pause=BRISK_SECONDS),
        serving(create_app(ledger, own_url=url), listener),
    ):
        if await ledger.directory.all():
            # Times of recording never decrease: no yesterday can be played into a ledger in use.
            raise SettingsError(
                f"{PREFIX}DATABASE_URL names a ledger in use: the demo needs its own"
            )
        workspaces = {o.account_sid: await _workspace(ledger, o) for o in day.offices}
        token = secrets.token_hex(16)
        recorded = await ledger.create_workspace(
            recording.NAME,
            [(Kind.account_sid, recording.ACCOUNT), (Kind.auth_token, token)],
        )
        url = settings.public_url or url
        delete = partial(delete_copies, ledger)
        yield Stage(url, workspaces, settings.home, recorded, token, provider, delete)


def _with(settings: Settings, provider: Exchange) -> Settings:
    """The same, with the demo's own exchange in the provider's place."""
    return settings.model_copy(update={"twilio_api_url": provider.url})


async def _workspace(ledger: Ledger, office: Office) -> NewWorkspace:
    credentials = [
        (Kind.account_sid, office.account_sid),
        (Kind.auth_token, office.auth_token),
        (Kind.dial_target, office.desks[0].address),
    ]
    return await ledger.create_workspace(office.name, credentials)


async def _wipe(home: Path) -> None:
    """Remove what an earlier demo left, with its server if that was left behind running."""
    users = home / "postgres.users"
    if users.exists():
        with users.open("ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Unavailable(f"another demo runs in {home}: stop it first") from None
        if (home / "postgres" / "postmaster.pid").exists():
            async with EmbeddedPostgres(home):
                pass  # whoever leaves last stops it
    shutil.rmtree(home, ignore_errors=True)
