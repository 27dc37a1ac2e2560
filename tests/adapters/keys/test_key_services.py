"""Key services that cannot be had: an outage, said in time, and never an erasure."""

import asyncio
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from unittest.mock import patch
from uuid import UUID

import pytest
from aiohttp import ClientTimeout
from botocore.config import Config
from cells import Home, asynchronous
from master_keys import aws_url, vault_url
from objects import environment
from rotating import furnished, rotated, states
from vault_standin import VaultStandin, vault

from adapters.keys import aws_kms, vault_transit
from adapters.postgres.embedded import Urls
from adapters.wiring import key_service, open_ledger
from domain.errors import KeyStoreUnavailable

WORKSPACE: Final = UUID(int=1)
ALICE: Final = "+32475000001"
AWS: Final = "awskms:///arn:aws:kms:us-east-1:123456789012:alias/ringledger"
VAULT: Final = "vault:///transit/ringledger"
KINDS: Final = {"aws": aws_url, "vault": vault_url}


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Both services are where somebody takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        network = Config(read_timeout=0.5, retries={"total_max_attempts": 1})
        monkeypatch.setattr(aws_kms, "PATIENCE_SECONDS", 0.3)
        monkeypatch.setattr(aws_kms, "NETWORK", network)
        monkeypatch.setattr(vault_transit, "NETWORK", ClientTimeout(total=0.3))
        with environment(address), patch.dict(os.environ, {"VAULT_ADDR": address}):
            yield


@pytest.mark.parametrize("url", [AWS, VAULT])
@pytest.mark.usefixtures("silent")
@asynchronous
async def test_one_that_says_nothing_is_an_outage_in_time(url: str) -> None:
    """Nobody waits for ever, and the event loop goes on meanwhile."""
    keys, began, ticks = key_service(url), time.monotonic(), 0
    asking = asyncio.create_task(keys.newest())
    while not asking.done():
        await asyncio.sleep(0.01)
        ticks += 1
    with pytest.raises(KeyStoreUnavailable):
        await asking
    assert time.monotonic() - began < 5
    assert ticks > 5


@pytest.mark.parametrize("url", [AWS, VAULT])
@asynchronous
async def test_one_that_is_not_there_is_an_outage(url: str) -> None:
    """Nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    key_id = "ringledger:v1" if url == VAULT else "arn:aws:kms:us-east-1:123456789012:key/1"
    somewhere = patch.dict(os.environ, {"VAULT_ADDR": address})
    with environment(address), somewhere, pytest.raises(KeyStoreUnavailable):
        await key_service(url).unwrap(key_id, b"wrapped", WORKSPACE)


@asynchronous
async def test_aws_without_credentials_is_an_outage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They come from where AWS's own tools look, and nowhere else."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(KeyStoreUnavailable, match="NoCredentialsError"):
        await key_service(AWS).newest()


def _seal(server: VaultStandin) -> None:
    server.is_sealed = True


def _forget(server: VaultStandin) -> None:
    server.keys.clear()


def _forbid(_server: VaultStandin) -> None:
    os.environ["VAULT_TOKEN"] = "s.another"


@pytest.mark.parametrize(
    ("change", "says"), [(_seal, "sealed"), (_forget, "404"), (_forbid, "403")]
)
@asynchronous
async def test_what_vault_says_no_with_is_an_outage(change: object, says: str) -> None:
    """One that is sealed, that forbids, or that has no such key."""
    with vault() as server:
        keys = key_service(VAULT)
        wrapped = await keys.wrap("ringledger:v1", b"secret", WORKSPACE)
        assert callable(change)
        change(server)
        with pytest.raises(KeyStoreUnavailable, match=says):
            await keys.unwrap("ringledger:v1", wrapped, WORKSPACE)


@asynchronous
async def test_vault_nowhere_is_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable says where it is."""
    monkeypatch.delenv("VAULT_ADDR", raising=False)
    with pytest.raises(KeyStoreUnavailable, match="VAULT_ADDR"):
        await key_service(VAULT).newest()


@asynchronous
async def test_vault_made_no_version_that_another_key_has() -> None:
    """A row's key names the transit key too: of another's version nothing is asked."""
    with vault() as server:
        with pytest.raises(KeyStoreUnavailable, match="none of Vault's"):
            await key_service(VAULT).unwrap("another:v1", b"wrapped", WORKSPACE)
        assert server.asked == []


@pytest.mark.parametrize("kind", KINDS)
@asynchronous
async def test_a_deployment_rotates_in_a_key_service(
    database: Urls, tmp_path: Path, kind: str
) -> None:
    """As with a file: everything opens, only the newest key is left, and no file is made."""
    with KINDS[kind](tmp_path) as url:
        keys = key_service(url)
        async with furnished(database, tmp_path, ALICE, master_key=url) as (ledger, home):
            old = await keys.newest()
            done = await rotated(database, ledger.master_keys)
            assert list(done.destroyed) == [old]
            assert await keys.ids() != [old]
            home.cell.keyring.forget(home.address.workspace_id)
            assert await states(home) == {"value"}
        assert not (tmp_path / "master.key").exists()


@asynchronous
async def test_a_deployment_goes_over_from_the_file(database: Urls, tmp_path: Path) -> None:
    """What the file wrapped opens beside the service; the rotation leaves nothing to the file."""
    async with furnished(database, tmp_path, ALICE) as (ledger, home):
        settings = ledger.settings.model_copy(update={"master_key": VAULT})
        file = home.address.master_key_file
    with vault():
        async with open_ledger(settings) as ledger:
            cell = await ledger.cell_of(home.address.workspace_id)
            over = Home(home.address, cell)
            assert await states(over) == {"value"}
            done = await rotated(database, ledger.master_keys)
            assert done.master_key_id == "ringledger:v2"
            assert await states(over) == {"value"}
            assert not _exists(file)
        async with open_ledger(settings) as ledger:
            cell = await ledger.cell_of(home.address.workspace_id)
            assert await states(Home(home.address, cell)) == {"value"}


def _exists(path: Path) -> bool:
    return path.exists()


@asynchronous
async def test_a_key_is_unwrapped_once(database: Urls, tmp_path: Path) -> None:
    """Not for each request: the keyring keeps it, while the service is away too."""
    with vault() as server:
        async with furnished(database, tmp_path, ALICE, master_key=VAULT) as (_, home):
            assert await states(home) == {"value"}
            before = len(server.asked)
            server.is_sealed = True
            for _ in range(3):
                assert await states(home) == {"value"}
            assert len(server.asked) == before


@asynchronous
async def test_an_outage_is_never_an_erasure(database: Urls, tmp_path: Path) -> None:
    """Who reads then hears of the outage, and afterwards the value."""
    with vault() as server:
        async with furnished(database, tmp_path, ALICE, master_key=VAULT) as (_, home):
            home.cell.keyring.forget(home.address.workspace_id)
            server.is_sealed = True
            with pytest.raises(KeyStoreUnavailable):
                await states(home)
            server.is_sealed = False
            assert await states(home) == {"value"}
