"""The application over a real ledger, for tests: signed callbacks in, answers out.

Requests go through the whole application in this process; ``over_http`` puts a real server and a
real socket in between.
"""

import asyncio
import json
from base64 import b64decode
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import httpx
import uvicorn
from cells import READER
from pydantic import SecretStr
from starlette.applications import Starlette
from twilio_forms import ACCOUNT_SID, Form, form_bytes
from waiting import LONGEST_SECONDS, eventually

from adapters.cell import Cell
from adapters.event_store.history import LAST_POSITION, read_between
from adapters.event_store.values import open_values, references
from adapters.event_store.writer import Clock
from adapters.postgres.embedded import Urls
from adapters.settings import Settings
from adapters.twilio.signature import sign
from adapters.wiring import Ledger, now, open_ledger
from adapters.workspaces.api_keys import Scope, create_api_key
from adapters.workspaces.credentials import Kind
from api.app import create_app
from api.following import VIEWS
from projections.follower import Follower

BASE_URL: Final = "http://127.0.0.1:8000"
AUTH_TOKEN: Final = "12345678901234567890123456789012"
DIAL_TARGET: Final = "+12025550123"
NOWHERE: Final = "http://127.0.0.1:9"
"""Where Twilio is for whoever stands in for it in no other way: no test asks the real one."""

FORM: Final = "application/x-www-form-urlencoded; charset=UTF-8"


@dataclass(frozen=True, slots=True)
class House:
    """A workspace of a ledger that is served, and a client with an API key of it."""

    ledger: Ledger
    app: Starlette
    client: httpx.AsyncClient
    workspace_id: UUID
    api_key: str
    base_url: str = BASE_URL

    @property
    def here(self) -> str:
        """Where the workspace's resources are."""
        return f"/v1/workspaces/{self.workspace_id}"

    async def cell(self) -> Cell:
        """The workspace's cell."""
        return await self.ledger.cell_of(self.workspace_id)

    async def get(
        self,
        path: str,
        *,
        key: str | None = None,
        **options: Any,  # noqa: ANN401 - httpx's own
    ) -> httpx.Response:
        """Ask for one of the workspace's resources."""
        return await self.ask("GET", self.here + path, key=key, **options)

    async def ask(
        self,
        method: str,
        url: str,
        *,
        key: str | None = None,
        **options: Any,  # noqa: ANN401 - httpx's own
    ) -> httpx.Response:
        """Ask for anything, with the workspace's key or another."""
        headers = {"Authorization": f"Bearer {key or self.api_key}", **options.pop("headers", {})}
        return await self.client.request(method, url, headers=headers, **options)

    async def post(
        self,
        form: Form,
        channel: str = "voice/status",
        *,
        token: str = AUTH_TOKEN,
        query: str = "",
    ) -> httpx.Response:
        """Post a form as Twilio does, signed."""
        url = f"/twilio/{self.workspace_id}/{channel}{query}"
        signature = sign(self.base_url + url, form, token.encode())
        headers = {"X-Twilio-Signature": signature, "Content-Type": FORM}
        return await self.client.post(url, content=form_bytes(form), headers=headers)

    async def deliver(self, channel: str, said: object) -> httpx.Response:
        """Post JSON as Twilio does: signed over a query that names the body's hash."""
        body = json.dumps(said).encode()
        url = f"/twilio/{self.workspace_id}/{channel}?bodySHA256={sha256(body).hexdigest()}"
        signature = sign(self.base_url + url, (), AUTH_TOKEN.encode())
        headers = {"X-Twilio-Signature": signature, "Content-Type": "application/json"}
        return await self.client.post(url, content=body, headers=headers)

    async def opened(self) -> str:
        """Every personal value of the workspace that opens, as one text."""
        cell = await self.cell()
        async with cell.scoped(self.workspace_id) as connection:
            entries = await read_between(connection, 0, LAST_POSITION)
            key = await cell.workspace_key(connection, self.workspace_id)
            wanted = [one for entry in entries for one in references(entry)]
            readings = await open_values(connection, key, wanted, cell.access(READER))
        values = [reading.value or {} for reading in readings]
        bodies = [b64decode(value.get("body_base64", "")).decode() for value in values]
        return json.dumps([*values, *bodies], ensure_ascii=False)

    async def hear(self, *forms: Form) -> None:
        """Post status callbacks, see each acknowledged, and bring the views up to date."""
        for answer in await asyncio.gather(*(self.post(form) for form in forms)):
            assert answer.status_code == 204, answer.text
        await self.follow()

    async def follow(self) -> None:
        """Bring the views up to date."""
        cell = await self.cell()
        for view in VIEWS.values():
            async with await cell.follow() as connection:
                await Follower(cell.follow, view).catch_up(connection)

    async def new_key(self, *scopes: Scope) -> str:
        """Make another API key of the workspace, with these scopes only."""
        cell = await self.cell()
        async with cell.writing.connection() as connection:
            return (await create_api_key(connection, self.workspace_id, scopes)).text

    async def neighbour(self, *, account_sid: str = ACCOUNT_SID) -> "House":
        """Make another workspace in the same ledger; the same house, seen from it."""
        made = await self.ledger.create_workspace("Neighbour", credentials(account_sid))
        return replace(self, workspace_id=made.workspace_id, api_key=made.api_key.text)


def credentials(
    account_sid: str = ACCOUNT_SID, dial_target: str | None = DIAL_TARGET
) -> Collection[tuple[Kind, str]]:
    """What a workspace's provider signs with and dials to."""
    found = [(Kind.account_sid, account_sid), (Kind.auth_token, AUTH_TOKEN)]
    return found + ([(Kind.dial_target, dial_target)] if dial_target else [])


def settings_for(database: Urls, home: Path, twilio: str = NOWHERE) -> Settings:
    """The settings of a deployment whose database is this one."""
    return Settings(
        database_url=SecretStr(database.app),
        migration_url=SecretStr(database.admin),
        home=home,
        twilio_api_url=twilio,
    )


@asynccontextmanager
async def serving(
    database: Urls,
    home: Path,
    dial_target: str | None = DIAL_TARGET,
    clock: Clock = now,
    twilio: str = NOWHERE,
) -> AsyncIterator[House]:
    """A new ledger with one workspace, served; ``twilio`` is who stands in for the REST API."""
    async with open_ledger(settings_for(database, home, twilio), clock=clock) as ledger:
        made = await ledger.create_workspace("Test", credentials(dial_target=dial_target))
        app = create_app(ledger, own_url=BASE_URL)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
            yield House(ledger, app, client, made.workspace_id, made.api_key.text)


@asynccontextmanager
async def over_http(house: House) -> AsyncIterator[House]:
    """The same house behind a real server on a port of its own."""
    config = uvicorn.Config(house.app, port=0, log_config=None, access_log=False, lifespan="on")
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        url = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(base_url=url, timeout=LONGEST_SECONDS) as client:
            yield replace(house, client=client)
    finally:
        server.should_exit = True
        await running
