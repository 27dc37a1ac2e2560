"""Twilio's REST API as far as the demo needs it: recordings' audio and end, and deletions."""

import asyncio
import io
import socket
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

_ROOT: Final = "/2010-04-01/Accounts/{account}"
_RATE, _SECONDS = 8000, 2


@dataclass(slots=True)
class Exchange:
    """What is recorded there, by the recording's id."""

    url: str = ""
    states: dict[str, str] = field(default_factory=dict)
    has_stopped: asyncio.Event = field(default_factory=asyncio.Event)
    """Once something was stopped."""

    async def stop(self, request: web.Request) -> web.Response:
        """End what is under way; then its audio is worked on."""
        sid = request.match_info["sid"]
        if self.states.get(sid) != "in-progress":
            return _problem(404, 20404)
        self.states[sid] = "processing"
        self.has_stopped.set()
        return web.json_response({"sid": sid, "status": "processing"})

    async def media(self, request: web.Request) -> web.Response:
        """Two seconds of both sides."""
        if self.states.get(request.match_info["sid"]) != "completed":
            return _problem(404, 20404)
        return web.Response(body=two_tones(), content_type="audio/x-wav")

    async def delete(self, request: web.Request) -> web.Response:
        """Gone, once it is complete."""
        sid = request.match_info["sid"]
        if self.states.get(sid) != "completed":
            return _problem(409, 20009)
        self.states[sid] = "deleted"
        return web.Response(status=204)


@asynccontextmanager
async def exchange() -> AsyncIterator[Exchange]:
    """One on a port of its own, on this machine."""
    found = Exchange()
    app = web.Application()
    app.router.add_post(f"{_ROOT}/Calls/{{call}}/Recordings/{{sid}}.json", found.stop)
    app.router.add_get(f"{_ROOT}/Recordings/{{sid:RE[0-9a-f]+}}", found.media)
    app.router.add_delete(f"{_ROOT}/Recordings/{{sid}}.json", found.delete)
    for kind in ("Calls", "Recordings"):
        app.router.add_get(f"{_ROOT}/{kind}.json", _no_more)
    app.router.add_get(f"{_ROOT}/Calls/{{sid}}.json", _no_call)
    app.router.add_delete(f"{_ROOT}/Calls/{{sid}}.json", _gone)
    app.router.add_route("*", "/{anything:.*}", _unknown)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, listener).start()
    found.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        yield found
    finally:
        await runner.cleanup()


async def _no_more(request: web.Request) -> web.Response:
    """Nothing hangs on a call but what we were told of it."""
    kind = request.path.rpartition("/")[2].removesuffix(".json").lower()
    return web.json_response({kind: [], "next_page_uri": None})


async def _no_call(_: web.Request) -> web.Response:
    return _problem(404, 20404)


async def _gone(_: web.Request) -> web.Response:
    """A call that it never had is gone as well."""
    return web.Response(status=204)


async def _unknown(_: web.Request) -> web.Response:
    """The demo's other accounts are made up: nobody is there to be asked about them."""
    return _problem(503, 20503)


def two_tones() -> bytes:
    """A WAVE file with a tone of its own on each of two channels."""
    frames = bytearray()
    for number in range(_RATE * _SECONDS):
        for period in (40, 25):
            loud = 6000 if number % period < period // 2 else -6000
            frames += loud.to_bytes(2, "little", signed=True)
    file = io.BytesIO()
    with wave.open(file, "wb") as audio:
        audio.setnchannels(2)
        audio.setsampwidth(2)
        audio.setframerate(_RATE)
        audio.writeframes(bytes(frames))
    return file.getvalue()


def _problem(status: int, code: int) -> web.Response:
    return web.json_response({"code": code, "status": status}, status=status)
