"""What surrounds every request: an id, a bounded body, one line in the log, and no bare error."""

import time
from typing import Final
from uuid import UUID, uuid4

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from adapters.logging import request_answered
from api.errors import answer_error, problem_of

MAX_BODY: Final = 256 * 1024
CLIENT_LEFT: Final = 499
log = structlog.get_logger()


class Requests:
    """Numbers each request, bounds its body, and logs what became of it.

    The log names the route's template: a path or a query may hold a number.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send)
        # Nothing unbinds it: a request has a task, and so a context, of its own.
        bind_contextvars(request_id=exchange.request_id)
        try:
            await self._app(scope, exchange.receive, exchange.send)
        except ClientDisconnect:
            exchange.status = CLIENT_LEFT
        except Exception as error:
            if exchange.status or problem_of(error).name == "internal":
                log.exception("request.failed")
            if not exchange.status:
                response = await answer_error(Request(scope), error)
                await response(scope, receive, exchange.send)
        finally:
            exchange.log()


class _Exchange:
    """One request and its response under way."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.request_id = uuid4()
        self.status = 0
        self._scope = scope
        self._receive = receive
        self._send = send
        self._began = self._ended = time.monotonic()
        self._received = 0
        scope.setdefault("state", {})["request_id"] = self.request_id

    async def receive(self) -> Message:
        """The next part of the body, as long as it stays within bounds."""
        message = await self._receive()
        self._received += len(message.get("body", b""))
        if self._received > MAX_BODY:
            raise HTTPException(413)
        return message

    async def send(self, message: Message) -> None:
        """Pass a part of the response on, with the request's id in its head."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [
                *message["headers"],
                (b"x-request-id", str(self.request_id).encode()),
            ]
        await self._send(message)
        self._ended = time.monotonic()

    def log(self) -> None:
        """The request's one line."""
        request_answered(
            self.request_id,
            method=self._scope["method"],
            status=self.status or CLIENT_LEFT,
            duration_ms=round((self._ended - self._began) * 1000, 1),
            route=self._route(),
            workspace_id=_uuid(self._scope.get("path_params", {}).get("workspace_id")),
        )

    def _route(self) -> str | None:
        """The route's template; nothing for a path that is none of ours."""
        path: str = getattr(self._scope.get("route"), "path", "")
        return self._scope.get("root_path", "") + path if path else None


class HeadAsGet:
    """Answers HEAD as GET without the body, for a framework that routes them apart."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            scope["method"] = "HEAD"  # the server must know that no body will come
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        scope["method"] = "GET"
        scope.setdefault("state", {})["is_head"] = True  # for who must not do what GET would
        await self._app(scope, receive, send_head)


def _uuid(value: object) -> UUID | None:
    try:
        return value if isinstance(value, UUID) else UUID(str(value))
    except ValueError:
        return None
