"""Rotating the master key while two processes write, erase and read."""

from collections import Counter
from pathlib import Path

from cells import asynchronous
from moving import assert_nothing_lost, under_load
from rotating import assert_epoch, rotated

from adapters.keys import master_key
from adapters.postgres.embedded import Urls


@asynchronous
async def test_nobody_notices_a_rotation(database: Urls, tmp_path: Path) -> None:
    """Every call is taken, every erasure holds, whoever was not erased opens; twice."""
    async with under_load(database, tmp_path) as load:
        before = load.address.master_key_file.read_text()
        for _ in range(2):
            await load.more()
            keys = master_key.read(load.address.master_key_file)
            done = await rotated(database, keys)
            assert done.keys > 0
            await load.more()
        after = load.address.master_key_file.read_text()
    assert not load.unread
    assert len(after.splitlines()) == 1
    assert after not in before
    await assert_nothing_lost(load, database)
    await assert_epoch(load.address, 3)
    names = "SELECT name FROM entries WHERE stream_id = %s"
    said = Counter(name for (name,) in await load.address.sql(names, load.address.workspace_id))
    assert said["workspace.key_rotated"] == said["workspace.old_master_key_destroyed"] == 2
