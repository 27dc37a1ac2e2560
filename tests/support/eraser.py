"""Another process that erases somebody in a test's cell, for whoever kills it on the way."""

import asyncio
import json
import sys
from asyncio.subprocess import Process
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from cells import Address, open_home

from adapters.postgres.embedded import Urls


async def another_erases(address: Address, subject_id: UUID) -> Process:
    """It runs; nobody waits for it."""
    where = [
        *address.urls,
        address.schema,
        str(address.master_key_file),
        str(address.workspace_id),
        str(subject_id),
    ]
    return await asyncio.create_subprocess_exec(sys.executable, __file__, json.dumps(where))


async def kill(process: Process) -> None:
    """As the kernel does it: nothing of the program runs any more."""
    with suppress(ProcessLookupError):
        process.kill()
    await process.wait()


async def _erase(where: list[str]) -> None:
    admin, app, schema, key, workspace_id, subject_id = where
    address = Address(Urls(admin, app), schema, Path(key), UUID(workspace_id))
    async with open_home(address) as home:
        await home.erase(UUID(subject_id))


if __name__ == "__main__":
    asyncio.run(_erase(json.loads(sys.argv[1])))
