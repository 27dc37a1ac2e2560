"""The master keys: the root of every other key, wherever they lie, and never in the database.

Whoever has them and the database reads everything; whoever loses them has lost every value, as an
erasure would. There is a newest one, which wraps; the older ones unwrap until they are destroyed.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol, TypeAlias
from uuid import UUID

PURPOSE: Final = "workspace key"
"""What is wrapped. Bound into it, with the workspace's id."""

KeyId: TypeAlias = str


class MasterKeys(Protocol):
    """Where master keys lie. Nothing of it holds up the event loop, or waits for ever.

    Each method raises ``KeyStoreUnavailable`` where the store cannot be reached in time, says no,
    or has no such key. That is an outage and never an erasure.
    """

    async def newest(self) -> KeyId:
        """The key that wraps now, in whichever process it was made."""

    async def ids(self) -> Sequence[KeyId]:
        """Those that are there, as far as the store can name them; the newest last."""

    async def wrap(self, key_id: KeyId, secret: bytes, workspace_id: UUID) -> bytes:
        """Wrap a workspace's secret, bound to the workspace."""

    async def unwrap(self, key_id: KeyId, wrapped: bytes, workspace_id: UUID) -> bytes:
        """Unwrap it again.

        Raises:
            IntegrityAlarm: It was not wrapped so, or not for this workspace.
        """

    async def create(self) -> KeyId:
        """Make a key that is the newest from now on. Durable when it returns."""

    async def destroy(self, key_id: KeyId) -> datetime:
        """Destroy a key that is not the newest; from when on it is gone for good.

        Twice is as good as once.
        """
