"""Rotates a test's master key, and looks in which epoch everything lies."""

from cells import Address

from adapters.keys.master_keys import MasterKeys
from adapters.postgres.embedded import Urls
from adapters.rotation.rotate import Rotated, rotate
from adapters.rotation.wrapped import WRAPPED
from adapters.wiring import now


async def rotated(own: Urls, master_keys: MasterKeys, *, keeps_old: bool = False) -> Rotated:
    """Rotate, and tell nobody how far it is."""
    return await rotate(own, master_keys, now, lambda *_: None, keeps_old=keeps_old)


async def assert_epoch(address: Address, epoch: int) -> None:
    """Everything of the cell is wrapped in this epoch and in no other."""
    for one in WRAPPED:
        query = f"SELECT DISTINCT epoch_of({one.column}) FROM {one.table}"  # noqa: S608 - ours
        assert await address.sql(query) == [(epoch,)], one.table
    query = "SELECT DISTINCT epoch, next_wrapped IS NULL FROM workspace_keys"
    assert await address.sql(query) == [(epoch, True)]
