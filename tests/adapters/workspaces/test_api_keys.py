"""API keys: shown once, stored as a hash, good for one workspace until they are revoked."""

import base64
import dataclasses
from pathlib import Path
from uuid import uuid4

import pytest
from cells import asynchronous, new_cell

from adapters.postgres.embedded import Urls
from adapters.workspaces.api_keys import PREFIX, ApiKey, Scope, authenticate, create_api_key


@asynchronous
async def test_a_key_stands_for_its_workspace_and_its_scopes(
    postgres: Urls, tmp_path: Path
) -> None:
    """What is shown once is recognised ever after, by the role that serves readers."""
    async with new_cell(postgres, tmp_path) as home:
        workspace_id = home.address.workspace_id
        async with home.cell.writing.connection() as connection:
            key = await create_api_key(connection, workspace_id, [Scope.calls_read])
        shown = ApiKey.parse(key.text)
        assert shown == key
        async with home.cell.scoped(workspace_id) as connection:
            principal = await authenticate(connection, key)
            assert principal is not None
            assert (principal.workspace_id, principal.scopes) == (
                workspace_id,
                frozenset({"calls:read"}),
            )
            assert principal.actor == f"api_key:{key.key_id}"
            wrong = dataclasses.replace(key, secret=bytes(32))
            unknown = dataclasses.replace(key, key_id=uuid4())
            elsewhere = dataclasses.replace(key, workspace_id=uuid4())
            for other in (wrong, unknown, elsewhere):
                assert await authenticate(connection, other) is None


@asynchronous
async def test_a_revoked_key_opens_nothing(postgres: Urls, tmp_path: Path) -> None:
    """From the moment it is revoked, whoever holds it."""
    async with (
        new_cell(postgres, tmp_path) as home,
        home.cell.writing.connection() as connection,
    ):
        key = await create_api_key(connection, home.address.workspace_id)
        revoke = "UPDATE api_keys SET revoked_at = now() WHERE key_id = %s"
        await connection.execute(revoke, (key.key_id,))
        assert await authenticate(connection, key) is None


@asynchronous
async def test_the_secret_is_not_stored(postgres: Urls, tmp_path: Path) -> None:
    """Whoever reads the table has nothing to present."""
    async with new_cell(postgres, tmp_path) as home:
        async with home.cell.writing.connection() as connection:
            key = await create_api_key(connection, home.address.workspace_id)
        ((row,),) = await home.address.sql("SELECT api_keys::text FROM api_keys")
        assert key.secret.hex() not in row
        assert key.secret.hex() not in repr(key)
        assert key.text not in repr(key)


@pytest.mark.parametrize(
    "text",
    [
        "",
        PREFIX,
        "rl_not base64!",
        "rl_ümlaut",
        PREFIX + base64.urlsafe_b64encode(bytes(63)).decode(),
        PREFIX + base64.urlsafe_b64encode(bytes(65)).decode(),
        base64.urlsafe_b64encode(bytes(64)).decode(),
        PREFIX * 2 + base64.urlsafe_b64encode(bytes(64)).decode(),
    ],
)
def test_what_is_no_key_is_none(text: str) -> None:
    """Any text may come in an Authorization header, and none of it is an error."""
    assert ApiKey.parse(text) is None
