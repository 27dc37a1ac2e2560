"""Remembered credentials: read once for many, and still known while the database is away."""

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest
from cells import asynchronous
from serving import AUTH_TOKEN, serving
from twilio_forms import call_sid, leg_callbacks

from adapters.postgres.embedded import Urls
from api.credentials import CredentialCache
from domain.errors import NotFound, Unavailable


@asynchronous
async def test_they_are_read_once_for_all_who_wait(database: Urls, tmp_path: Path) -> None:
    """A hundred callbacks at once are one read; when it is too old, the next is another."""
    async with serving(database, tmp_path) as house:
        cache = CredentialCache(house.ledger)
        found = await asyncio.gather(*(cache.get(house.workspace_id) for _ in range(100)))
        assert len({id(known) for known in found}) == 1
        assert await cache.get(house.workspace_id) is found[0]
        again = await cache.get(house.workspace_id, max_age=0)
        assert again is not found[0]
        assert again.credentials.auth_tokens == (AUTH_TOKEN,)


@asynchronous
async def test_a_lost_database_does_not_make_callbacks_false(
    database: Urls, tmp_path: Path
) -> None:
    """What was known still tells genuine from not; what never was is unavailable, not 403."""
    async with serving(database, tmp_path) as house:
        neighbour = await house.neighbour()
        cache = house.app.state.deployment.credentials
        known = await cache.get(house.workspace_id)
        await (await house.cell()).reading.close()
        assert await cache.get(house.workspace_id, max_age=0) is known
        with pytest.raises(Unavailable):
            await cache.get(neighbour.workspace_id)
        form = leg_callbacks(call_sid(1))[0]
        assert (await house.post(form)).status_code == 204
        assert (await neighbour.post(form)).status_code == 503


@asynchronous
async def test_an_unknown_workspace_is_not_remembered(database: Urls, tmp_path: Path) -> None:
    """Whoever asks for made-up workspaces fills no memory."""
    async with serving(database, tmp_path) as house:
        cache = CredentialCache(house.ledger)
        for _ in range(3):
            with pytest.raises(NotFound):
                await cache.get(uuid4())
        assert not cache._known  # noqa: SLF001 - memory is what this is about
        assert not cache._readings  # noqa: SLF001 - as above
