"""Which workspaces still have their key, and in which epoch it is.

Asked whenever a writer's knowledge was stale. What a process unwrapped once it keeps: without this
a writer that had met a workspace would go on sealing under a key that nobody can unwrap any more.
"""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from adapters.postgres.arrays import Uuids
from adapters.postgres.channel import Call, Channel

_LIVING: Final = b"living"
STATEMENTS: Final = {
    _LIVING: "SELECT workspace_id, epoch FROM workspace_keys WHERE workspace_id = ANY($1::uuid[])"
}
"""What the channel has prepared."""


async def epochs(channel: Channel, workspaces: Collection[UUID]) -> dict[UUID, int]:
    """The epochs of those of these workspaces that have a key still."""
    (rows,) = await channel.call(Call(_LIVING, (Uuids(list(workspaces)).data,)))
    return {UUID(bytes=workspace): int.from_bytes(epoch, "big") for workspace, epoch in rows}
