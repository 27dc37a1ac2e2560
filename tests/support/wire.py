"""A wire to PostgreSQL that can be cut in the one moment that matters: at an append, or a commit.

Before it, the server never hears of it. After it, the server has committed, and nobody is told.
"""

import asyncio
from asyncio import FIRST_COMPLETED, StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import parse_qs, urlsplit

_SOCKET = ".s.PGSQL.5432"
_CHUNK = 65_536
APPEND: Final = b"call.leg_registered"
"""What an append sends and no other statement does: the name of an event."""

COMMIT: Final = b"COMMIT"
"""What ends a transaction of several statements."""

_READY = b"Z\x00\x00\x00\x05I"
"""The server's last word on a statement: it is idle, and outside any transaction."""


class Cut(Enum):
    """Where the wire is to be cut."""

    before = "before"
    after = "after"


class Wire:
    """Passes everything on until it is told to cut."""

    def __init__(self, socket: Path, moment: bytes) -> None:
        self._socket = socket
        self._moment = moment
        self.plan: Cut | None = None
        """How the next such moment ends; afterwards the wire works again."""

    async def serve(self, client: StreamReader, back: StreamWriter) -> None:
        """Carry one connection, until either end leaves or the wire is cut."""
        answers, server = await asyncio.open_unix_connection(self._socket)
        muted = asyncio.Event()
        ways = [self._ask(client, server, muted), _answer(answers, back, muted)]
        try:
            await asyncio.wait(map(asyncio.create_task, ways), return_when=FIRST_COMPLETED)
        finally:
            for end in (server, back):
                end.close()

    async def _ask(self, client: StreamReader, server: StreamWriter, muted: asyncio.Event) -> None:
        while chunk := await client.read(_CHUNK):
            if self.plan and self._moment in chunk:
                plan, self.plan = self.plan, None
                if plan is Cut.before:
                    return
                muted.set()
            server.write(chunk)


async def _answer(answers: StreamReader, back: StreamWriter, muted: asyncio.Event) -> None:
    while chunk := await answers.read(_CHUNK):
        if not muted.is_set():
            back.write(chunk)
        elif chunk.endswith(_READY):
            return


@asynccontextmanager
async def wire_to(url: str, moment: bytes = APPEND) -> AsyncIterator[tuple[Wire, str]]:
    """A wire to the server of this URL, and the URL that goes through it."""
    base, host = url.split("?", 1)[0], parse_qs(urlsplit(url).query)["host"][0]
    wire = Wire(Path(host) / _SOCKET, moment)
    # In a folder of its own: the path of a test's may be too long for a socket.
    with TemporaryDirectory() as folder:
        async with await asyncio.start_unix_server(wire.serve, Path(folder, _SOCKET)):
            yield wire, f"{base}?host={folder}"
