"""The contract of master keys, the same wherever they lie."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest
from cells import asynchronous
from master_keys import KINDS

from adapters.keys.master_keys import MasterKeys
from adapters.keys.workspace_secret import WorkspaceSecret
from domain.errors import IntegrityAlarm, KeyStoreUnavailable

WORKSPACE: Final = UUID(int=1)
SECRET: Final = WorkspaceSecret.new().packed


@pytest.fixture(params=KINDS)
def keys(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MasterKeys]:
    """Each kind."""
    with KINDS[request.param](tmp_path) as found:
        yield found


def changed(wrapped: bytes) -> list[bytes]:
    """It with one bit turned, at its beginning, in its middle and at its end, and cut short."""
    places = (0, len(wrapped) // 2, len(wrapped) - 1)
    turned = [wrapped[:at] + bytes([wrapped[at] ^ 1]) + wrapped[at + 1 :] for at in places]
    return [*turned, wrapped[:-1], b""]


@asynchronous
async def test_a_secret_unwraps_for_its_workspace(keys: MasterKeys) -> None:
    """For any other workspace it is an alarm, and no outage."""
    key_id = await keys.newest()
    wrapped = await keys.wrap(key_id, SECRET, WORKSPACE)
    assert SECRET not in wrapped
    assert await keys.unwrap(key_id, wrapped, WORKSPACE) == SECRET
    with pytest.raises(IntegrityAlarm):
        await keys.unwrap(key_id, wrapped, UUID(int=2))


@asynchronous
async def test_what_was_changed_is_an_alarm(keys: MasterKeys) -> None:
    """Any bit of it, and a missing one."""
    key_id = await keys.newest()
    for other in changed(await keys.wrap(key_id, SECRET, WORKSPACE)):
        with pytest.raises(IntegrityAlarm):
            await keys.unwrap(key_id, other, WORKSPACE)


@asynchronous
async def test_the_same_secret_is_never_wrapped_the_same(keys: MasterKeys) -> None:
    """Nobody sees that two rows hold one."""
    key_id = await keys.newest()
    assert await keys.wrap(key_id, SECRET, WORKSPACE) != await keys.wrap(key_id, SECRET, WORKSPACE)


@asynchronous
async def test_the_newest_wraps_and_the_older_unwrap(keys: MasterKeys) -> None:
    """One that was made is the newest, by an id of its own, and the one before is there still."""
    old = await keys.newest()
    wrapped = await keys.wrap(old, SECRET, WORKSPACE)
    new = await keys.create()
    assert new == await keys.newest() != old
    assert (await keys.ids())[-1] == new
    assert await keys.unwrap(old, wrapped, WORKSPACE) == SECRET
    assert await keys.unwrap(new, await keys.wrap(new, SECRET, WORKSPACE), WORKSPACE) == SECRET


@asynchronous
async def test_a_key_opens_nothing_of_another(keys: MasterKeys) -> None:
    """Each secret is its own key's."""
    old = await keys.newest()
    wrapped = await keys.wrap(old, SECRET, WORKSPACE)
    new = await keys.create()
    with pytest.raises(IntegrityAlarm):
        await keys.unwrap(new, wrapped, WORKSPACE)


@asynchronous
async def test_a_destroyed_key_opens_nothing(keys: MasterKeys) -> None:
    """That is an outage to who asks, for it cannot be told from one; the newest goes on."""
    old = await keys.newest()
    wrapped = await keys.wrap(old, SECRET, WORKSPACE)
    new = await keys.create()
    kept = await keys.wrap(new, SECRET, WORKSPACE)
    gone_from = await keys.destroy(old)
    assert abs(gone_from - datetime.now(UTC)) < timedelta(days=31)
    with pytest.raises(KeyStoreUnavailable):
        await keys.unwrap(old, wrapped, WORKSPACE)
    assert await keys.unwrap(new, kept, WORKSPACE) == SECRET
    assert old not in await keys.ids()


@asynchronous
async def test_to_destroy_twice_is_as_good_as_once(keys: MasterKeys) -> None:
    """Whoever goes on after a kill asks again, and hears the same day or a later one."""
    old = await keys.newest()
    await keys.create()
    first = await keys.destroy(old)
    assert await keys.destroy(old) >= first
    assert await keys.newest() != old


@asynchronous
async def test_an_unknown_key_is_an_outage(keys: MasterKeys) -> None:
    """It is never an erasure, and never an alarm: perhaps it is only elsewhere."""
    with pytest.raises(KeyStoreUnavailable):
        await keys.unwrap("0f0f0f0f0f0f", b"\x01" * 61, WORKSPACE)
