"""The drill with an old copy: with today's database and master key nothing in it opens.

The gate of the erasure ledger would refuse it; who has stolen it goes round that.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest
from cells import Home, asynchronous, open_home
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from rotating import assert_epoch, furnished, restore_copy, rotated, states
from servers import new_database

from adapters.keys.sealing import derive, unwrap
from adapters.keys.workspace_key import WorkspaceKey
from adapters.keys.workspace_secret import WorkspaceSecret
from adapters.postgres.embedded import Urls
from adapters.rotation.in_cell import CellRotation
from adapters.rotation.wrapped import WRAPPED
from adapters.twilio.addresses import lookup_of
from adapters.wiring import Ledger
from domain.consents.words import Purpose
from domain.errors import IntegrityAlarm, KeyStoreUnavailable
from domain.identifiers import consent_id

# ruff: noqa: S608 - put together from names of ours
ALICE: Final = "+32475000001"
BOB: Final = "+32475000002"
OURS: Final = "SELECT master_key_id, wrapped, epoch FROM workspace_keys"
GRAFT: Final = "UPDATE workspace_keys SET master_key_id = %s, wrapped = %s, epoch = %s"
USES: Final = (b"wrap", b"lookup", b"etag", b"link", b"suppression")


@pytest.fixture
def elsewhere(postgres: Urls) -> Iterator[Urls]:
    """An empty database for the copy."""
    with new_database(postgres) as urls:
        yield urls


async def assert_nothing_unwraps(copy: Home, secret: WorkspaceSecret) -> None:
    """No key of today opens any wrapped key of the copy, nor does anything derived from one."""
    keys = [*secret[1:], *(derive(key, use) for key in secret[1:] for use in USES)]
    for one in WRAPPED:
        rows = await copy.address.sql(f"SELECT {one.owner}, {one.column} FROM {one.table}")
        assert rows or one.table == "escrow"
        for owner, wrapped in rows:
            for key in keys:
                with pytest.raises(IntegrityAlarm):
                    unwrap(wrapped, AESGCM(key), one.purpose, owner)


@asynchronous
async def test_an_old_copy_opens_with_nothing_of_today(
    database: Urls, elsewhere: Urls, tmp_path: Path
) -> None:
    """Neither who was erased since nor anybody else; also with today's workspace key put in."""
    async with furnished(database, tmp_path / "home", ALICE, BOB) as (ledger, home):
        restore_copy(database, elsewhere)
        then = tmp_path / "then.key"
        shutil.copy(home.address.master_key_file, then)
        await home.erase_number(ALICE)
        copy = home.address._replace(urls=elsewhere)
        async with open_home(copy._replace(master_key_file=then), is_gated=False) as before:
            assert await states(before) == {"value"}
        await rotated(database, ledger.master_keys)
        async with open_home(copy, is_gated=False) as after:
            with pytest.raises(KeyStoreUnavailable):
                await states(after)
        ((key_id, wrapped, epoch),) = await home.address.sql(OURS)
        await copy.sql(GRAFT, key_id, wrapped, epoch)
        async with open_home(copy, is_gated=False) as grafted:
            with pytest.raises(IntegrityAlarm):
                await states(grafted)
            packed = await ledger.master_keys.unwrap(key_id, wrapped, copy.workspace_id)
            await assert_nothing_unwraps(grafted, WorkspaceSecret.read(packed))
        assert await states(home) == {"value", "erased"}


@asynchronous
async def test_a_copy_made_meanwhile_leads_to_no_older_one(
    database: Urls, elsewhere: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two epochs both keys are there; the old one under the old master key alone."""
    async with furnished(database, tmp_path, ALICE) as (ledger, home):
        restore_copy(database, elsewhere)

        async def fail(*_: object) -> None:
            raise RuntimeError

        with monkeypatch.context() as broken:
            broken.setattr(CellRotation, "_sweep", fail)
            with pytest.raises(RuntimeError):
                await rotated(database, ledger.master_keys)
        query = (
            "SELECT master_key_id, wrapped, next_master_key_id, next_wrapped FROM workspace_keys"
        )
        ((old_id, wrapped, new_id, upcoming),) = await home.address.sql(query)
        await rotated(database, ledger.master_keys)
        own, keys = home.address.workspace_id, ledger.master_keys
        with pytest.raises(KeyStoreUnavailable):
            await keys.unwrap(old_id, wrapped, own)
        with pytest.raises(IntegrityAlarm):
            await keys.unwrap(new_id, wrapped, own)
        async with open_home(home.address._replace(urls=elsewhere)) as copy:
            secret = WorkspaceSecret.read(await keys.unwrap(new_id, upcoming, own))
            await assert_nothing_unwraps(copy, secret)


@asynchronous
async def test_what_was_derived_stays(database: Urls, tmp_path: Path) -> None:
    """Numbers are found, links lead, suppressions hold and values open as they did before."""
    async with furnished(database, tmp_path, ALICE, BOB) as (ledger, home):
        await _older_than_epochs(ledger, home)
        before = await _derived(home)
        for epoch in (1, 2):
            await rotated(database, ledger.master_keys)
            await assert_epoch(home.address, epoch)
            async with open_home(home.address) as late:
                for one in (home, late):
                    assert await _derived(one) == before


async def _older_than_epochs(ledger: Ledger, home: Home) -> None:
    """Make the workspace one of the time when all its keys were derived from one root."""
    own, keys, root = home.address.workspace_id, ledger.master_keys, b"r" * 32
    ((key_id, wrapped, _),) = await home.address.sql(OURS)
    now = WorkspaceKey.of(own, await keys.unwrap(key_id, wrapped, own))
    then = WorkspaceKey.of(own, root)
    ways: tuple[tuple[Any, Any], ...] = (
        (now.unwrap_subject, then.wrap_subject),
        (now.unwrap_bucket, then.wrap_bucket),
        (now.unwrap_secret, then.wrap_secret),
    )
    for one, (open_, close) in zip(WRAPPED, ways, strict=False):  # nothing is in escrow
        for owner, old in await home.address.sql(
            f"SELECT {one.owner}, {one.column} FROM {one.table}"
        ):
            change = f"UPDATE {one.table} SET {one.column} = %s WHERE {one.owner} = %s"
            await home.address.sql(change, close(open_(old, owner), owner), owner)
    lookups = [lookup_of(number) or "" for number in (ALICE, BOB)]
    for digest, new in ((now.digest(n), then.digest(n)) for n in lookups):
        await home.address.sql("UPDATE lookups SET digest = %s WHERE digest = %s", new, digest)
    await home.address.sql(GRAFT, key_id, await keys.wrap(key_id, root, own), 0)
    home.cell.keyring.forget(own)


async def _derived(home: Home) -> list[object]:
    own = home.address.workspace_id
    async with home.cell.scoped(own) as connection:
        key = await home.cell.workspace_key(connection, own)
    subjects = [await home.subject_of(number) for number in (ALICE, BOB)]
    assert None not in subjects
    consent = consent_id(own, UUID(int=1), Purpose.recording)
    entries = await home.entries()
    read = await home.read(dict.fromkeys(e.stream_id for e in entries if e.stream_id != own))
    assert read
    return [subjects, key.link_code(consent), key.suppression(b"digest"), key.tag(b"body"), read]
