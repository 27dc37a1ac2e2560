"""Twilio's side of the wire: signed callbacks over kept connections, as fast as they are answered.

It speaks just enough HTTP/1.1 to cost next to nothing beside the server.
"""

import asyncio
import math
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, cast
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from adapters.twilio.signature import sign
from api.demo.forms import Form
from bench import traffic
from bench.ground import AUTH_TOKEN, PUBLIC_URL, Home
from bench.measure import MILLISECONDS, percentile

CONNECTIONS: Final = 32
LONGEST_SECONDS: Final = 120
_DURABLE: Final = b"HTTP/1.1 204"
_END: Final = b"\r\n\r\n"


def requests(home: Home, amount: int) -> list[bytes]:
    """Callbacks of new calls, of each workspace as many."""
    ids = [place.workspace_id for place in home.places]
    return [signed(ids[report.call % len(ids)], report.form) for report in traffic.reports(amount)]


def signed(workspace_id: UUID, form: Form) -> bytes:
    """The request, byte for byte."""
    path = f"/twilio/{workspace_id}/voice/status"
    signature = sign(PUBLIC_URL + path, form, AUTH_TOKEN.encode())
    body = urlencode(form).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {urlsplit(PUBLIC_URL).netloc}\r\n"
        "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n"
        f"X-Twilio-Signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Answer(NamedTuple):
    """When a request was sent and when it was acknowledged, by the loop's clock."""

    number: int
    sent_at: float
    acknowledged_at: float

    @property
    def seconds(self) -> float:
        """How long that took."""
        return self.acknowledged_at - self.sent_at


async def send(
    url: str,
    requests: Sequence[bytes],
    connections: int = CONNECTIONS,
    per_second: float = math.inf,
) -> list[Answer]:
    """Send them all in their order, none before its time; every one must be acknowledged.

    Whichever connection is free takes the next: a call's callbacks go to any of the workers.
    """
    loop = asyncio.get_running_loop()
    start = loop.time()
    left = ((n, start + n / per_second, request) for n, request in enumerate(requests))
    answers = list[Answer]()
    host, _, port = urlsplit(url).netloc.partition(":")
    senders = [
        (await loop.create_connection(lambda: _Sender(left, answers), host, int(port)))[1]
        for _ in range(connections)
    ]
    async with asyncio.timeout(LONGEST_SECONDS):
        await asyncio.gather(*(sender.done for sender in senders))
    assert len(answers) == len(requests)
    return answers


def rate_of(answers: Sequence[Answer]) -> float:
    """Acknowledged ones a second, from the first request to the last answer."""
    first, last = min(a.sent_at for a in answers), max(a.acknowledged_at for a in answers)
    return len(answers) / (last - first)


def percentile_ms(answers: Sequence[Answer], percent: int) -> float:
    """How long so many of a hundred took at most."""
    return percentile([answer.seconds for answer in answers], percent) * MILLISECONDS


class _Sender(asyncio.Protocol):
    """One connection: the next request goes when the last one was answered, and is due."""

    def __init__(self, left: Iterator[tuple[int, float, bytes]], answers: list[Answer]) -> None:
        self._loop = asyncio.get_running_loop()
        self.done: asyncio.Future[None] = self._loop.create_future()
        self._left = left
        self._answers = answers
        self._number = 0
        self._sent_at = 0.0
        self._answer = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.WriteTransport", transport)  # uvloop's is, undeclared
        self._next()

    def data_received(self, data: bytes) -> None:
        """An answer, or a part of one."""
        self._answer += data
        if not self._answer.endswith(_END):
            return
        if not self._answer.startswith(_DURABLE):
            self._stop(RuntimeError(self._answer.split(b"\r\n")[0].decode()))
            return
        self._answers.append(Answer(self._number, self._sent_at, self._loop.time()))
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        """The server must not hang up on us."""
        self._stop(exc or ConnectionError("closed by the server"))

    def _next(self) -> None:
        number, due, request = next(self._left, (0, 0.0, None))
        if request is None:
            self._stop()
        elif due > self._loop.time():
            self._loop.call_at(due, self._write, number, request)
        else:
            self._write(number, request)

    def _write(self, number: int, request: bytes) -> None:
        assert self._transport is not None
        self._answer, self._number, self._sent_at = b"", number, self._loop.time()
        self._transport.write(request)

    def _stop(self, error: Exception | None = None) -> None:
        if self.done.done():
            return
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)
        if self._transport is not None:
            self._transport.close()
