"""The library behind HTTP, as its documents and FastAPI's would have it: a thread per request.

``python -m bench.library.server URL`` keeps signed callbacks in the database of the URL. The
signature is checked by Twilio's own ``RequestValidator``; the form is read by our own reader, for
the library has none.
"""

import asyncio
import sys
from contextlib import suppress
from urllib.parse import parse_qsl
from uuid import UUID

import uvloop
from eventsourcing.persistence import IntegrityError
from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]  # it has none

from adapters.event_store import requests
from api.collector import settle
from api.listening import listen, url_of
from api.stopping import told_to_stop
from api.up import serving
from bench import traffic
from bench.ground import AUTH_TOKEN, PUBLIC_URL
from bench.library.application import Calls, environment
from bench.load import CONNECTIONS
from bench.server import IS_UP


def create_app(calls: Calls) -> FastAPI:
    """One route: verified, kept, and only then acknowledged."""
    app = FastAPI()
    validator = RequestValidator(AUTH_TOKEN)

    @app.post("/twilio/{workspace_id}/voice/status", status_code=204)
    async def status(workspace_id: UUID, request: Request) -> Response:
        form = tuple(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        signature = request.headers.get("X-Twilio-Signature", "")
        if not validator.validate(PUBLIC_URL + request.url.path, dict(form), signature):
            return Response(status_code=403)
        reported = traffic.request(workspace_id, (form, None))
        await run_in_threadpool(_keep, calls, reported)
        return Response(status_code=204)

    return app


def _keep(calls: Calls, reported: requests.Request) -> None:
    """Again, where another callback of the call came first."""
    while True:
        with suppress(IntegrityError):
            return calls.handle(reported)


async def serve(url: str) -> None:
    """Serve until told to stop; say where on stderr."""
    calls = Calls(environment(url, CONNECTIONS))
    listener = listen("127.0.0.1", 0)
    with told_to_stop() as stop:
        async with serving(create_app(calls), listener):
            settle()  # as our own server does
            print(url_of(listener), IS_UP, file=sys.stderr, flush=True)
            await stop.wait()
    await asyncio.to_thread(calls.close)


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1]))
