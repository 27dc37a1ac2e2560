"""Another process that works in a test's cell: it has its own writer, caches and connections.

Run as a program, it handles calls, and prints one line when it begins and one when it is done.
"""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from cells import Address, open_home
from twilio_forms import call_sid, leg_callbacks

from adapters.postgres.embedded import Urls

_AT_ONCE = 16


def number_of(index: int) -> str:
    """The telephone number of the test's n-th person."""
    return f"+3247000{index:04d}"


@asynccontextmanager
async def neighbour(
    address: Address, *, calls: int, first: int, numbers: int
) -> AsyncIterator[None]:
    """A process that handles so many calls from so many numbers, under way; awaited at the end."""
    where = [
        *address.urls,
        address.schema,
        str(address.master_key_file),
        str(address.workspace_id),
    ]
    what = [calls, first, numbers]
    program = [sys.executable, __file__, json.dumps([where, what])]
    process = await asyncio.create_subprocess_exec(*program, stdout=PIPE)
    assert process.stdout is not None
    try:
        assert await process.stdout.readline() == b"begun\n"
        yield
        assert await process.stdout.read() == b"done\n"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _work(where: list[str], what: list[int]) -> None:
    admin, app, schema, key, workspace_id = where
    calls, first, numbers = what
    address = Address(Urls(admin, app), schema, Path(key), UUID(workspace_id))
    async with open_home(address) as home:
        print("begun", flush=True)  # noqa: T201 - the one who waits reads it
        for start in range(first, first + calls, _AT_ONCE):
            for status in (0, 3):
                forms = [
                    leg_callbacks(call_sid(call), caller=number_of(call % numbers))[status]
                    for call in range(start, min(start + _AT_ONCE, first + calls))
                ]
                await home.hear(*forms)
    print("done", flush=True)  # noqa: T201 - as above


if __name__ == "__main__":
    asyncio.run(_work(*json.loads(sys.argv[1])))
