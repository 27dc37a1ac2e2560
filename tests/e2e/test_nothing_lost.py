"""Twilio's calls over real HTTP, through a front that fails: retried as we ask, or found later."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

import aiohttp
from aiohttp import web
from cells import asynchronous
from serving import BASE_URL, House, over_http, serving
from twilio_calls import INCOMING, STATUS
from twilio_forms import call_callbacks, call_sid, incoming_form
from twilio_standin import standing_in
from twilio_standin.books import Account, rfc2822
from twilio_standin.sending import Sender, Told

from adapters.postgres.embedded import Urls
from adapters.reconciler.reconcile import Reconciler
from adapters.twilio.client import rest_session
from adapters.workspaces.credentials import Kind, add_credential

LINE, DESK = call_sid(1), call_sid(2)
BEGAN: Final = datetime(2026, 3, 2, 13, 58, 7, tzinfo=UTC)
LATER: Final = BEGAN + timedelta(days=3)


class Front:
    """A proxy before the application that fails as often as it is told to."""

    def __init__(self, behind: str, session: aiohttp.ClientSession) -> None:
        self.failures = 0
        self._behind = behind
        self._session = session

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Pass a request on, or fail."""
        if self.failures:
            self.failures -= 1
            return web.Response(status=502)
        kept = ("X-Twilio-Signature", "Content-Type")
        headers = {name: request.headers[name] for name in kept}
        async with self._session.post(
            self._behind + request.path, data=await request.read(), headers=headers
        ) as answer:
            kind = answer.content_type
            return web.Response(status=answer.status, body=await answer.read(), content_type=kind)


@asynccontextmanager
async def fronting(
    behind: str, session: aiohttp.ClientSession
) -> AsyncIterator[tuple[Front, str]]:
    """A front on a port of its own."""
    front = Front(behind, session)
    runner = web.ServerRunner(web.Server(front, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        yield front, f"http://{host}:{port}"
    finally:
        await runner.cleanup()


async def given_url(sender: Sender) -> tuple[str, str]:
    """The status URL that our answer to an incoming call hands out, and its fragment."""
    status, answer = await sender.ask(Told(INCOMING, incoming_form(LINE)))
    assert status == 200
    (url,) = (noun.attrib["statusCallback"] for noun in ET.fromstring(answer).iter("Number"))  # noqa: S314 - our own
    return url.partition("#")[0], "#" + url.partition("#")[2]


async def open_books(house: House, account: Account) -> None:
    """Give the workspace the account's key, and sign with its token."""
    cell = await house.cell()
    async with cell.writing.connection() as connection:
        key = await cell.workspace_key(connection, house.workspace_id)
        await add_credential(connection, key, Kind.auth_token, account.auth_token)
        await add_credential(connection, key, Kind.api_key, " ".join(account.api_key))


def enter(account: Account, sid: str, parent: str | None, seconds: int) -> None:
    """Enter a leg that was answered and is over into the books."""
    end = BEGAN + timedelta(seconds=54)
    account.add_call(
        sid,
        BEGAN,
        parent_call_sid=parent,
        direction="outbound-dial" if parent else "inbound",
        status="completed",
        start_time=rfc2822(end - timedelta(seconds=seconds)),
        end_time=rfc2822(end),
        duration=str(seconds),
    )


@asynchronous
async def test_a_failing_front_loses_nothing(database: Urls, tmp_path: Path) -> None:
    """What fails twice arrives, for our URL asks Twilio for it; the rest is read in the books."""
    async with (
        serving(database, tmp_path) as house,
        over_http(house) as served,
        standing_in(lambda: LATER) as twilio,
        aiohttp.ClientSession() as session,
        rest_session() as books,
        fronting(str(served.client.base_url).rstrip("/"), session) as (front, url),
    ):
        account = twilio.open_account(0)
        await open_books(house, account)
        ours = f"/twilio/{house.workspace_id}"
        plain = Sender(account, session, url + ours, known_as=BASE_URL + ours)
        handed_out, overrides = await given_url(plain)
        assert handed_out == f"{BASE_URL}{ours}/{STATUS}"
        sender = Sender(account, session, url + ours, overrides, known_as=BASE_URL + ours)

        told = [Told(STATUS, form) for form in call_callbacks(LINE, DESK, start=BEGAN)]
        for one in told[:-1]:
            front.failures = 2
            assert await sender.send(one) == 204
        front.failures = 4
        assert await sender.send(told[-1]) == 502
        await house.follow()
        (call,) = (await house.get("/calls")).json()["data"]
        assert call["outcome"] is None

        enter(account, LINE, None, 46)
        enter(account, DESK, LINE, 42)
        cell = await house.cell()
        reconciler = Reconciler(cell, books, twilio.url)
        await reconciler.workspace(house.workspace_id, LATER, only=BEGAN.date())
        await house.follow()
        (call,) = (await house.get("/calls")).json()["data"]
        assert (call["outcome"], call["talk_seconds"], call["ring_seconds"]) == (
            "answered",
            42,
            10,
        )
        history = (await house.get(f"/calls/{call['id']}/history")).json()["data"]
        assert [entry["actor"] for entry in history[-1:]] == ["reconciler"]
