"""Which workspaces still have their key: asked whenever a writer's knowledge was stale.

What a process unwrapped once it keeps. Without this a writer that had met a workspace would go on
sealing under a key that nobody can unwrap any more.
"""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from adapters.postgres.arrays import Uuids
from adapters.postgres.channel import Call, Channel

_LIVING: Final = b"living"
STATEMENTS: Final = {
    _LIVING: "SELECT workspace_id FROM workspace_keys WHERE workspace_id = ANY($1::uuid[])"
}
"""What the channel has prepared."""


async def ended(channel: Channel, workspaces: Collection[UUID]) -> frozenset[UUID]:
    """Those of these workspaces that have no key any more."""
    (rows,) = await channel.call(Call(_LIVING, (Uuids(list(workspaces)).data,)))
    return frozenset(workspaces) - {UUID(bytes=workspace) for (workspace,) in rows}
