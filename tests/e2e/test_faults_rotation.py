"""A rotation in a process of its own that is killed in the middle, while a server serves."""

import asyncio
import signal
from pathlib import Path
from typing import Final
from uuid import uuid4

from cells import asynchronous, open_home
from command_line import ringledger
from deployments import Deployment, new_deployment
from psycopg import AsyncConnection
from rotating import assert_epoch, states
from twilio_forms import call_sid, incoming_form
from waiting import eventually

from adapters.postgres.arrays import Bytes, Uuids
from adapters.postgres.copying import copy_in
from adapters.postgres.embedded import Urls

KEYS: Final = 12_000


async def _fill(deployment: Deployment) -> None:
    """So many keys that a rotation is seen in the middle."""
    address = deployment.address
    async with open_home(address) as home, home.cell.scoped(address.workspace_id) as connection:
        key = await home.cell.workspace_key(connection, address.workspace_id)
    inside = f"-c search_path={address.schema}"
    owner = await AsyncConnection.connect(address.urls.admin, autocommit=True, options=inside)
    async with owner, copy_in(owner, "subject_keys", (Uuids, Uuids, Bytes)) as put:
        subjects = [uuid4() for _ in range(KEYS)]
        rows = [(s, address.workspace_id, key.wrap_subject(s.bytes * 2, s)) for s in subjects]
        await put(rows)


@asynchronous
async def test_a_killed_rotation_is_gone_on_with(database: Urls, tmp_path: Path) -> None:
    """Between two epochs a writer writes and a reader reads; the same command ends it."""
    deployment = await new_deployment(database, tmp_path)
    address = deployment.address
    await _fill(deployment)
    epochs = "SELECT count(DISTINCT epoch_of(wrapped)) FROM subject_keys"

    async def is_in_the_middle() -> bool:
        return await address.sql(epochs) == [(2,)]

    async with open_home(address) as home:
        await home.hear(incoming_form(call_sid(1), caller="+32475000001"))
        with deployment.program("keys", "rotate") as rotation:
            await eventually(is_in_the_middle)
            assert rotation.end(signal.SIGKILL) == -signal.SIGKILL
        assert await is_in_the_middle()
        await home.hear(incoming_form(call_sid(2), caller="+32475000002"))
        assert await states(home) == {"value"}
        urls = {
            "RINGLEDGER_DATABASE_URL": database.app,
            "RINGLEDGER_MIGRATION_URL": database.admin,
        }
        done = await asyncio.to_thread(ringledger, deployment.home, "keys", "rotate", **urls)
        assert done.returncode == 0, done.stderr
        assert await states(home) == {"value"}
    await assert_epoch(address, 2)
    assert len(_lines(address.master_key_file)) == 1


def _lines(file: Path) -> list[str]:
    return file.read_text().splitlines()
