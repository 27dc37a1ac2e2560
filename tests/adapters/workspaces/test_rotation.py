"""Credentials come and go one by one: listed without a secret, never the last that is needed."""

from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import pytest
from cells import Home, asynchronous, new_cell, new_workspace
from envelopes import PRIVATE

from adapters.postgres.embedded import Urls
from adapters.workspaces.credential_forms import WrongFormError, checked
from adapters.workspaces.credentials import (
    Kind,
    Stored,
    add_credential,
    list_credentials,
    read_credentials,
    revoke_credential,
)
from domain.errors import NotFound, Refused

ACCOUNT: Final = f"AC{1:032x}"
KEY: Final = f"SK{1:032x}"
RECORDING_KEY: Final = f"CR{1:032x}"


async def add(home: Home, kind: Kind, secret: str) -> UUID:
    """Give the workspace one more."""
    async with home.cell.writing.connection() as connection:
        key = await home.cell.workspace_key(connection, home.address.workspace_id)
        return await add_credential(connection, key, kind, secret)


async def listed(home: Home) -> list[Stored]:
    """What the workspace has."""
    async with home.cell.scoped(home.address.workspace_id) as connection:
        key = await home.cell.workspace_key(connection, home.address.workspace_id)
        return await list_credentials(connection, key)


async def revoke(home: Home, credential_id: UUID) -> None:
    """Take one away."""
    async with home.cell.writing.connection() as connection:
        await revoke_credential(connection, home.address.workspace_id, credential_id)


@asynchronous
async def test_a_list_tells_no_secret(postgres: Urls, tmp_path: Path) -> None:
    """What is a name is shown; of all else that it is there, and since when."""
    async with new_cell(postgres, tmp_path) as home:
        told = {
            (Kind.account_sid, ACCOUNT): ACCOUNT,
            (Kind.auth_token, "cnry1"): None,
            (Kind.shared_key, "front cnry2"): "front",
            (Kind.api_key, f"{KEY} cnry3"): KEY,
            (Kind.region, "ie1 dublin"): "ie1 dublin",
            (Kind.recording_key, f"{RECORDING_KEY} cnry4"): RECORDING_KEY,
            (Kind.dial_target, "+32470000001"): None,
        }
        for kind, secret in told:
            await add(home, kind, secret)
        found = await listed(home)
        assert [(one.kind, one.name) for one in found] == [
            (kind, name) for (kind, _), name in told.items()
        ]
        assert "cnry" not in repr(found)


@asynchronous
async def test_one_rotates_while_the_other_stands(postgres: Urls, tmp_path: Path) -> None:
    """The new one is added, then the old one is revoked; never the last one."""
    async with new_cell(postgres, tmp_path) as home:
        account = await add(home, Kind.account_sid, ACCOUNT)
        old = await add(home, Kind.auth_token, "old")
        with pytest.raises(Refused, match="last_signing_credential"):
            await revoke(home, old)
        with pytest.raises(Refused, match="last_account"):
            await revoke(home, account)
        await add(home, Kind.auth_token, "new")
        await revoke(home, old)
        async with home.cell.scoped(home.address.workspace_id) as connection:
            key = await home.cell.workspace_key(connection, home.address.workspace_id)
            assert (await read_credentials(connection, key)).auth_tokens == ("new",)
        with pytest.raises(NotFound):
            await revoke(home, old)


@asynchronous
async def test_nobody_revokes_another_s(postgres: Urls, tmp_path: Path) -> None:
    """Another workspace's is not found, and stands."""
    async with new_cell(postgres, tmp_path) as home:
        stranger = await new_workspace(home)
        theirs = await add(stranger, Kind.api_key, f"{KEY} secret")
        for unknown in (theirs, uuid4()):
            with pytest.raises(NotFound):
                await revoke(home, unknown)
        assert [one.credential_id for one in await listed(stranger)] == [theirs]


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (Kind.account_sid, ACCOUNT, "AC1"),
        (Kind.auth_token, "token", "two words"),
        (Kind.shared_key, "name secret", "cnry"),
        (Kind.api_key, f"{KEY} secret", "SK1 secret"),
        (Kind.region, "ie1 dublin", "eu9"),
        (Kind.recording_key, f"{RECORDING_KEY} {PRIVATE}", f"{RECORDING_KEY} cnry"),
        (Kind.dial_target, "+32470000001", ""),
    ],
    ids=["account", "token", "webhook key", "API key", "region", "recording key", "target"],
)
def test_each_kind_has_its_form(kind: Kind, good: str, bad: str) -> None:
    """A mistake is told at once, and not quoted."""
    assert checked(kind, good) == good
    with pytest.raises(WrongFormError) as error:
        checked(kind, bad)
    assert not bad or bad not in str(error.value)
