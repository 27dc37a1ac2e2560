"""A server that has recordings' audio, and does with it whatever a server may do."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web
from serving import AUTH_TOKEN
from twilio_forms import ACCOUNT_SID

from adapters.twilio.client import Login

LOGIN: Final = Login(ACCOUNT_SID, AUTH_TOKEN)


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one answer."""

    status: int | None = None
    body: bytes = b""
    location: str = ""
    cut_after: int | None = None
    """Bytes of the body after which the connection breaks."""

    too_long: int = 0
    """So many bytes more are promised than there are."""

    ignores_range: bool = False
    has_no_size: bool = False
    tag: str | None = None
    hangs: bool = False
    """After the bytes of ``cut_after`` nothing comes any more."""


@dataclass(slots=True)
class MediaServer:
    """Its audio by RecordingSid, and the faults of its next answers, one each."""

    audio: dict[str, bytes] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    asked: list[web.Request] = field(default_factory=list)
    login: Login = LOGIN
    origin: str = ""
    has_hung: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One request."""
        self.asked.append(request)
        fault = self.faults.pop(0) if self.faults else Fault()
        wanted = "Basic " + b64encode(":".join(self.login).encode()).decode()
        audio = self.audio.get(request.path.rpartition("/")[2])
        if request.headers.get("Authorization") != wanted:
            return web.Response(status=401)
        if fault.status is not None:
            headers = {"Location": fault.location}
            return web.Response(status=fault.status, body=fault.body, headers=headers)
        if audio is None:
            return web.Response(status=404)
        return await self._send(request, audio, fault)

    async def _send(self, request: web.Request, audio: bytes, fault: Fault) -> web.StreamResponse:
        tag = fault.tag or '"one"'
        holds = request.headers.get("If-Range", tag) == tag
        start = request.http_range.start or 0 if holds and not fault.ignores_range else 0
        response = web.StreamResponse(status=206 if start else 200, headers={"ETag": tag})
        if start:
            response.headers["Content-Range"] = f"bytes {start}-{len(audio) - 1}/{len(audio)}"
        if fault.has_no_size:
            response.enable_chunked_encoding()
        else:
            response.content_length = len(audio) - start + fault.too_long
        await response.prepare(request)
        is_cut = fault.cut_after is not None
        await response.write(audio[start:][: fault.cut_after])
        if fault.hangs:
            self.has_hung.set()
            await asyncio.sleep(60)
        if (is_cut or fault.too_long) and request.transport is not None:
            request.transport.abort()
        return response


@asynccontextmanager
async def media_server(**audio: bytes) -> AsyncIterator[MediaServer]:
    """The server on a port of its own, with this audio by RecordingSid."""
    server = MediaServer(dict(audio))
    app = web.Application()
    app.router.add_route("*", "/2010-04-01/Accounts/{account}/Recordings/{sid}", server.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    server.origin = f"http://{host}:{port}"
    try:
        yield server
    finally:
        await runner.cleanup()
