"""Twilio as a test's server sees it: signed callbacks, sent until they are acknowledged.

It takes nothing for granted: a connection that breaks may have been heard or not, so what was
on it is sent again, on another.
"""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from random import Random
from typing import Final, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from neighbour import number_of
from serving import AUTH_TOKEN, FORM
from twilio_forms import Form, call_sid, form_bytes, leg_callbacks
from waiting import LONGEST_SECONDS

from adapters.twilio.signature import sign

ACKNOWLEDGED: Final = 204
BROKEN: Final = 0
"""What stands for an answer that never came."""

OVERLOADED: Final = 503
_PAUSE_SECONDS: Final = 0.02
_HEAD_ENDS: Final = b"\r\n\r\n"


class Answer(NamedTuple):
    """What the server said."""

    status: int
    head: bytes = b""
    body: bytes = b""


def shuffled_calls(calls: int, *, repeated: int = 0, seed: int = 1) -> list[Form]:
    """All callbacks of so many answered calls in no order, and so many of them twice."""
    rng = Random(seed)
    forms = [
        form
        for call in range(calls)
        for form in leg_callbacks(call_sid(call), caller=number_of(call % 50))
    ]
    forms += rng.sample(forms, repeated)
    rng.shuffle(forms)
    return forms


def signed(url: str, workspace_id: UUID, form: Form) -> bytes:
    """A callback as it goes over the wire."""
    path, body = f"/twilio/{workspace_id}/voice/status", form_bytes(form)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\nContent-Type: {FORM}\r\n"
        f"X-Twilio-Signature: {sign(url + path, form, AUTH_TOKEN.encode())}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def get(path: str) -> bytes:
    """A question as it goes over the wire."""
    return f"GET {path} HTTP/1.1\r\nHost: here\r\n\r\n".encode()


class Line:
    """One connection to the server, opened when it is needed and again after it broke."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._place = parts.hostname, parts.port
        self._ends: tuple[StreamReader, StreamWriter] | None = None

    async def ask(self, request: bytes) -> Answer:
        """The answer to a request; ``BROKEN`` if none came."""
        try:
            if self._ends is None:
                self._ends = await asyncio.open_connection(*self._place)
            reader, writer = self._ends
            writer.write(request)
            return await _answer(reader)
        except (OSError, EOFError):
            await self.close()
            return Answer(BROKEN)

    async def close(self) -> None:
        """Hang up."""
        if self._ends is not None:
            self._ends[1].close()
            with suppress(OSError):
                await self._ends[1].wait_closed()
            self._ends = None


async def _answer(reader: StreamReader) -> Answer:
    head = await reader.readuntil(_HEAD_ENDS)
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if line)
    body = await reader.readexactly(int(fields.get(b"content-length", 0)))
    return Answer(int(head.split()[1]), head, body)


class Senders:
    """So many connections that share the callbacks; each is repeated until it is acknowledged."""

    def __init__(self, url: str, workspace_id: UUID, forms: Iterable[Form]) -> None:
        self.answers: Counter[int] = Counter()
        self._url = url
        self._left = deque(signed(url, workspace_id, form) for form in forms)
        self._all = len(self._left)

    @property
    def acknowledged(self) -> int:
        """How many were."""
        return self.answers[ACKNOWLEDGED]

    async def more(self, callbacks: int) -> None:
        """Wait until so many more were acknowledged, or all are."""
        enough = min(self.acknowledged + callbacks, self._all)
        while self.acknowledged < enough:  # noqa: ASYNC110 - nobody tells us
            await asyncio.sleep(0.002)

    async def send(self) -> None:
        """Be one of the connections, until nothing is left."""
        line = Line(self._url)
        while self._left:
            request = self._left.popleft()
            while (answer := await line.ask(request)).status != ACKNOWLEDGED:
                self.answers[answer.status] += 1
                assert answer.status != OVERLOADED or b"retry-after:" in answer.head.lower()
                await asyncio.sleep(_PAUSE_SECONDS)
            self.answers[ACKNOWLEDGED] += 1
        await line.close()


@asynccontextmanager
async def sending(
    url: str, workspace_id: UUID, forms: Sequence[Form], connections: int = 16
) -> AsyncIterator[Senders]:
    """Callbacks under way while the block runs; at its end all of them are acknowledged."""
    senders = Senders(url, workspace_id, forms)
    async with asyncio.timeout(LONGEST_SECONDS), asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(senders.send())
        yield senders
    assert senders.acknowledged == len(forms)
    assert senders.answers.keys() <= {ACKNOWLEDGED, BROKEN, OVERLOADED}
