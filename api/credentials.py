"""Workspaces' provider credentials, remembered for a few seconds.

A callback must not cost a read of its workspace's secrets, and a rotated token must work soon.
While the database is away, what was known last still tells genuine callbacks from others;
whether they can be kept is for the writer to say.
"""

import asyncio
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import psycopg

from adapters.event_store.closures import is_closed
from adapters.twilio.signature import SigningKeys
from adapters.wiring import Ledger
from adapters.workspaces.credentials import Credentials, read_credentials
from domain.errors import Gone, Unavailable

FRESH_SECONDS: Final = 5.0
RENEWED_SECONDS: Final = 1.0
"""How old they may be at most when a signature does not hold: the token may just have changed."""

PATIENCE_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True, repr=False)
class Known:
    """A workspace's credentials as they were read, and as signatures need them."""

    credentials: Credentials
    signing: SigningKeys
    read_at: float


class CredentialCache:
    """Reads each workspace's credentials at most once at a time."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._known: dict[UUID, Known] = {}
        self._readings: dict[UUID, asyncio.Task[Known]] = {}

    def known(self, workspace_id: UUID, max_age: float = FRESH_SECONDS) -> Known | None:
        """The workspace's credentials, if they are at hand and not older than ``max_age``."""
        known = self._known.get(workspace_id)
        if known is None or asyncio.get_running_loop().time() - known.read_at >= max_age:
            return None
        return known

    async def get(self, workspace_id: UUID, max_age: float = FRESH_SECONDS) -> Known:
        """The workspace's credentials, not older than ``max_age`` seconds.

        Raises:
            NotFound: There is no such workspace.
            Gone: It is closed. Known here ``FRESH_SECONDS`` after the closure at the latest.
            Unavailable: They were never read and cannot be now.
        """
        if fresh := self.known(workspace_id, max_age):
            return fresh
        try:
            return await asyncio.shield(self._reading(workspace_id))
        except (psycopg.OperationalError, TimeoutError):
            last = self._known.get(workspace_id)
            if last is None:
                raise Unavailable("credentials") from None
            return last

    def forget(self, workspace_id: UUID) -> None:
        """What is known of a workspace is not true any more."""
        self._known.pop(workspace_id, None)

    def _reading(self, workspace_id: UUID) -> asyncio.Task[Known]:
        if workspace_id not in self._readings:
            task = asyncio.create_task(self._read(workspace_id))
            self._readings[workspace_id] = task
            task.add_done_callback(lambda _: self._readings.pop(workspace_id))
        return self._readings[workspace_id]

    async def _read(self, workspace_id: UUID) -> Known:
        async with asyncio.timeout(PATIENCE_SECONDS):
            read_at = asyncio.get_running_loop().time()
            cell = await self._ledger.cell_of(workspace_id)
            async with cell.scoped(workspace_id) as connection:
                if await is_closed(connection, workspace_id):
                    self.forget(workspace_id)
                    raise Gone("workspace")
                key = await cell.workspace_key(connection, workspace_id)
                found = await read_credentials(connection, key)
        signing = SigningKeys(
            tuple(token.encode() for token in found.auth_tokens),
            {name: secret.encode() for name, secret in found.shared_keys.items()},
        )
        self._known[workspace_id] = Known(found, signing, read_at)
        return self._known[workspace_id]
