"""What a provider signs with: sealed at rest, several at a time, gone when retired."""

from pathlib import Path

import pytest
from cells import asynchronous, new_cell, new_workspace

from adapters.postgres.embedded import Urls
from adapters.workspaces.credentials import Kind, add_credential, read_credentials
from domain.errors import IntegrityAlarm


@asynchronous
async def test_credentials_stand_side_by_side(postgres: Urls, tmp_path: Path) -> None:
    """While one rotates both are good; of dial targets and regions the newest is."""
    told = [
        (Kind.account_sid, "AC0"),
        (Kind.auth_token, "old"),
        (Kind.auth_token, "new"),
        (Kind.shared_key, "name a secret with spaces"),
        (Kind.dial_target, "+32470000001"),
        (Kind.dial_target, "+32470000002"),
        (Kind.api_key, "SK0 secret"),
        (Kind.region, "au1 sydney"),
        (Kind.region, "ie1 dublin"),
    ]
    async with new_cell(postgres, tmp_path) as home:
        async with home.cell.writing.connection() as connection:
            key = await home.cell.workspace_key(connection, home.address.workspace_id)
            for kind, secret in told:
                await add_credential(connection, key, kind, secret)
        async with home.cell.scoped(home.address.workspace_id) as connection:
            found = await read_credentials(connection, key)
        assert found.account_sids == ("AC0",)
        assert found.auth_tokens == ("old", "new")
        assert found.shared_keys == {"name": "a secret with spaces"}
        assert found.dial_target == "+32470000002"
        assert (found.api_keys, found.region) == (("SK0 secret",), "ie1 dublin")
        assert "old" not in repr(found)


@asynchronous
async def test_a_retired_credential_is_not_read(postgres: Urls, tmp_path: Path) -> None:
    """Nor is another workspace's."""
    async with new_cell(postgres, tmp_path) as home:
        stranger = await new_workspace(home)
        async with home.cell.writing.connection() as connection:
            key = await home.cell.workspace_key(connection, home.address.workspace_id)
            other = await home.cell.workspace_key(connection, stranger.address.workspace_id)
            retired = await add_credential(connection, key, Kind.auth_token, "retired")
            await add_credential(connection, other, Kind.auth_token, "another's")
            retire = "UPDATE credentials SET retired_at = now() WHERE credential_id = %s"
            await connection.execute(retire, (retired,))
            found = await read_credentials(connection, key)
            assert (found.auth_tokens, found.dial_target) == ((), None)


@asynchronous
async def test_a_credential_is_bound_to_its_row(postgres: Urls, tmp_path: Path) -> None:
    """Boxes that changed places, as an old token for a new one, are an alarm."""
    async with new_cell(postgres, tmp_path) as home:
        async with home.cell.writing.connection() as connection:
            key = await home.cell.workspace_key(connection, home.address.workspace_id)
            for secret in ("one", "two"):
                await add_credential(connection, key, Kind.auth_token, secret)
        await home.address.sql(
            "UPDATE credentials c SET box = o.box FROM credentials o"
            " WHERE c.credential_id <> o.credential_id"
        )
        async with home.cell.scoped(home.address.workspace_id) as connection:
            with pytest.raises(IntegrityAlarm):
                await read_credentials(connection, key)
