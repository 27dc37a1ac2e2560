"""Server processes of their own, as ``ringledger serve`` or ``up`` starts them."""

import asyncio
import os
import re
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal, NamedTuple

from adapters.settings import PREFIX
from bench.ground import PUBLIC_URL, Home

LONGEST_SECONDS: Final = 30
_URL: Final = re.compile(r"http://[0-9.]+:[0-9]+")
IS_UP: Final = "ledger.up"
_PROGRAM: Final = (sys.executable, "-c", "from api.cli import main; main()")
_PSS: Final = re.compile(r"^Pss: +([0-9]+) kB$", re.MULTILINE)


class Server(NamedTuple):
    """A process that takes callbacks."""

    url: str
    process_id: int

    def megabytes(self) -> float:
        """Its share of the memory; pages that processes share are counted by halves and thirds."""
        rollup = Path(f"/proc/{self.process_id}/smaps_rollup").read_text()
        found = _PSS.search(rollup)
        assert found, "the kernel tells no Pss"
        return int(found[1]) / 1024


@asynccontextmanager
async def serving(
    home: Home, command: Literal["serve", "up"], workers: int = 1
) -> AsyncIterator[Server]:
    """Other processes that serve the same database."""
    ours = {
        "DATABASE_URL": home.urls.app,
        "MIGRATION_URL": home.urls.admin,
        "HOME": str(home.ledger.settings.home),
        "PUBLIC_URL": PUBLIC_URL,
    }
    environment = {PREFIX + name: value for name, value in ours.items()}
    arguments = (command, "--port", "0", "--workers", str(workers))
    async with started((*_PROGRAM, *arguments), environment, workers) as server:
        yield server


@asynccontextmanager
async def started(
    program: Sequence[str], environment: Mapping[str, str], workers: int = 1
) -> AsyncIterator[Server]:
    """A program that says on stderr where it listens and, each worker once, that it is up."""
    with TemporaryDirectory(prefix="ringledger-server-") as folder:
        log = Path(folder) / "log"
        with log.open("wb") as file:
            process = await asyncio.create_subprocess_exec(
                *program, env=os.environ | environment, stdout=DEVNULL, stderr=file
            )
        try:
            url = await asyncio.wait_for(_url(process, log, workers), LONGEST_SECONDS)
            yield Server(url, process.pid)
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _url(process: Process, log: Path, workers: int) -> str:
    """Where all of them listen, once they take connections."""
    while process.returncode is None:
        said = await asyncio.to_thread(log.read_text)
        found = _URL.search(said)
        if found and said.count(IS_UP) >= workers:
            return found[0]
        await asyncio.sleep(0.02)
    raise RuntimeError(await asyncio.to_thread(log.read_text))
