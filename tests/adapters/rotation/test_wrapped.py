"""Everything that lies under a workspace's key is known to whoever rotates it."""

import asyncio
from pathlib import Path
from typing import Final

from cells import asynchronous, new_cell, open_home
from holding import hold, placing, read_for
from holding import states as states_of
from rotating import furnished, rotated, states

from adapters.keys.keyring import in_its_epoch
from adapters.postgres.embedded import Urls
from adapters.rotation.wrapped import WRAPPED
from adapters.workspaces.credentials import Kind, add_credential, read_credentials
from domain.personal_data import Need

ELSEWHERE: Final = {
    ("vault", "box"),  # under a subject's and a bucket's key
    ("vault", "key_check"),
    ("workspace_keys", "wrapped"),  # under a master key
    ("workspace_keys", "next_wrapped"),
    ("entries", "body"),  # in the clear, with nothing personal
    ("lookups", "digest"),  # hashes
    ("suppressions", "digest"),
    ("api_keys", "secret_sha256"),
    ("access_entries", "origin"),  # under a key of the workspace's that stays
}
"""What is not under a workspace's key, and why."""

_COLUMNS: Final = """
    SELECT c.relname::text, a.attname::text FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid
    WHERE relnamespace = %s::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
    AND atttypid = 'bytea'::regtype AND attnum > 0
"""


@asynchronous
async def test_no_sealed_column_is_forgotten(postgres: Urls, tmp_path: Path) -> None:
    """A new column of bytes is named in ``WRAPPED``, or here with its reason."""
    async with new_cell(postgres, tmp_path) as home:
        found = set(await home.address.sql(_COLUMNS, home.address.schema))
        wrapped = {(one.table, one.column) for one in WRAPPED}
        assert found >= wrapped
        assert found - wrapped <= ELSEWHERE


@asynchronous
async def test_who_wraps_without_the_history_holds_the_epoch(
    database: Urls, tmp_path: Path
) -> None:
    """A credential that a process adds with a key of the last epoch is wrapped in this one."""
    async with furnished(database, tmp_path, "+32475000001") as (ledger, home):
        own = home.address.workspace_id
        async with open_home(home.address) as late, late.cell.writing.connection() as connection:
            key = await late.cell.keyring.get(connection, own)
            await rotated(database, ledger.master_keys)
            await add_credential(connection, key, Kind.region, "ie1 dublin")
            async with connection.transaction():
                assert (await in_its_epoch(connection, key)).epoch == key.epoch + 1
            assert (await read_credentials(connection, key)).region == "ie1 dublin"
        await rotated(database, ledger.master_keys)
        assert await states(home) == {"value"}


@asynchronous
async def test_an_epoch_does_not_begin_while_somebody_wraps(
    database: Urls, tmp_path: Path
) -> None:
    """What he wraps is found by the sweep."""
    async with furnished(database, tmp_path, "+32475000001") as (ledger, home):
        own = home.address.workspace_id
        async with home.cell.writing.connection() as connection, connection.transaction():
            key = await home.cell.keyring.get(connection, own)
            await in_its_epoch(connection, key)
            rotating = asyncio.create_task(rotated(database, ledger.master_keys))
            waiting = asyncio.create_task(asyncio.sleep(0.3))
            await asyncio.wait((rotating, waiting), return_when=asyncio.FIRST_COMPLETED)
            assert not rotating.done()
            await add_credential(connection, key, Kind.region, "ie1 dublin")
        await rotating
        async with home.cell.scoped(own) as connection:
            key = await home.cell.workspace_key(connection, own)
            assert (await read_credentials(connection, key)).region == "ie1 dublin"


@asynchronous
async def test_what_is_in_escrow_opens_as_before(database: Urls, tmp_path: Path) -> None:
    """Also for who had read the workspace's key before, and after two rotations."""
    number = "+32475000001"
    async with furnished(database, tmp_path, number) as (ledger, home):
        (call,) = {
            e.stream_id for e in await home.entries() if e.event.name == "call.leg_registered"
        }
        await hold(home, placing(calls=[call]))
        await home.erase_number(number)
        before = await read_for(home, call, Need.legal_claims)
        assert "value" in states_of(before).values()
        for _ in range(2):
            done = await rotated(database, ledger.master_keys)
            assert done.keys > 0
            async with open_home(home.address) as late:
                for one in (home, late):
                    assert await read_for(one, call, Need.legal_claims) == before
