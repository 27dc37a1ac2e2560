"""Workspaces' provider credentials, remembered for a few seconds."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from adapters.event_store.closures import is_closed
from adapters.twilio.signature import SigningKeys
from adapters.wiring import Ledger
from adapters.workspaces.credentials import Credentials, read_credentials
from api.remembered import Remembered
from domain.errors import Gone

RENEWED_SECONDS: Final = 1.0
"""How old they may be at most when a signature does not hold: the token may just have changed."""


@dataclass(frozen=True, slots=True, repr=False)
class Known:
    """A workspace's credentials as they were read, and as signatures need them."""

    credentials: Credentials
    signing: SigningKeys


class CredentialCache(Remembered[Known]):
    """The credentials of a ledger's workspaces."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(self._of, "credentials")
        self._ledger = ledger

    async def _of(self, workspace_id: UUID) -> Known:
        cell = await self._ledger.cell_of(workspace_id)
        async with cell.scoped(workspace_id) as connection:
            if await is_closed(connection, workspace_id):
                raise Gone("workspace")
            key = await cell.workspace_key(connection, workspace_id)
            found = await read_credentials(connection, key)
        signing = SigningKeys(
            tuple(token.encode() for token in found.auth_tokens),
            {name: secret.encode() for name, secret in found.shared_keys.items()},
        )
        return Known(found, signing)
