"""Another process that reads a test's cell, over and over, and says when and what it saw.

Run as a program, it prints one line for each time: the clock that all processes of a machine
share, before it asked, and the state of a stream's first value.
"""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import NamedTuple
from uuid import UUID

from cells import Address, open_home

from adapters.postgres.embedded import Urls


class Look(NamedTuple):
    """One time that it read."""

    began: float
    state: str


@asynccontextmanager
async def another_reads(
    address: Address, stream_id: UUID, field: str
) -> AsyncIterator[list[Look]]:
    """What another process reads while the block runs; all of it is there after it."""
    where = [
        *address.urls,
        address.schema,
        str(address.master_key_file),
        str(address.workspace_id),
        str(stream_id),
        field,
    ]
    program = [sys.executable, __file__, json.dumps(where)]
    process = await asyncio.create_subprocess_exec(*program, stdin=PIPE, stdout=PIPE)
    assert process.stdin
    assert process.stdout
    looks = [_look(await process.stdout.readline())]
    try:
        yield looks
        process.stdin.close()
        looks += [_look(line) for line in (await process.stdout.read()).splitlines()]
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _look(line: bytes) -> Look:
    began, state = line.split()
    return Look(float(began), state.decode())


async def _read(where: list[str]) -> None:
    admin, app, schema, key, workspace_id, stream_id, field = where
    address = Address(Urls(admin, app), schema, Path(key), UUID(workspace_id))
    is_over = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    async with open_home(address) as home:
        while not is_over.done():
            began = monotonic()
            (readings,) = await home.read([UUID(stream_id)])
            print(began, readings[1, field].state, flush=True)  # noqa: T201 - whoever waits reads it


if __name__ == "__main__":
    asyncio.run(_read(json.loads(sys.argv[1])))
