"""API keys: shown once, stored as a hash, bound to one workspace.

A key is ``rl_`` and the base64 of workspace id, key id and a 32-byte secret. The secret is
random, so one round of SHA-256 protects it as well as a slow hash would.
"""

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Self
from uuid import UUID, uuid4

from adapters.event_store.closures import IS_CLOSED
from adapters.postgres.pool import Connection
from domain.accesses import AccessPurpose

PREFIX = "rl_"
_SECRET_BYTES = 32
_INSERT = """
    INSERT INTO api_keys (key_id, workspace_id, secret_sha256, scopes, purpose)
    VALUES (%s, %s, %s, %s, %s)
"""
_SELECT = f"""
    SELECT secret_sha256, scopes, purpose, {IS_CLOSED} FROM api_keys
    WHERE key_id = %s AND workspace_id = %s AND revoked_at IS NULL
"""  # noqa: S608 - a constant of ours


class Scope(StrEnum):
    """What a key may do."""

    calls_read = "calls:read"
    """See calls, their history and dead letters, with personal values withheld."""

    values_open = "values:open"
    """See the personal values in them too, and find subjects by number."""

    recordings_play = "recordings:play"
    """Hear what was said in calls. Each time is written down."""

    subjects_erase = "subjects:erase"
    """Erase data subjects."""

    consents_read = "consents:read"
    """See consents with their evidence; what somebody said of their own stays withheld."""

    consents_tell = "consents:tell"
    """Say that a consent was asked for, given, refused or withdrawn."""

    settings_read = "settings:read"
    """See settings, their history and members, with personal values withheld."""

    settings_write = "settings:write"
    """Change settings, dial targets and integrations."""

    members_write = "members:write"
    """Invite members, change their roles and remove them."""

    workspace_close = "workspace:close"
    """Close the workspace, and take that back."""

    transcriptions_read = "transcriptions:read"
    """See what machines heard in calls, with the texts withheld."""

    transcriptions_write = "transcriptions:write"
    """Correct what machines heard in calls."""

    messages_read = "messages:read"
    """See text messages and their history, with personal values withheld."""

    holds_read = "holds:read"
    """See legal holds."""

    holds_write = "holds:write"
    """Place, review and release them."""

    subjects_restrict = "subjects:restrict"
    """Restrict what is known of a data subject, and lift that."""

    restricted_open = "restricted:open"
    """See what is restricted or only kept by a hold, for a need that is named each time."""

    calls_transfer = "calls:transfer"
    """Put a call that goes on through to another of the workspace's numbers."""

    accesses_read = "accesses:read"
    """See who was given a subject's personal values, when and what for."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: a key of one workspace, and what it may do."""

    workspace_id: UUID
    key_id: UUID | None
    """``None`` for the operator, who needs none on the command line."""

    scopes: frozenset[str]
    purpose: AccessPurpose = AccessPurpose.service
    """What they read for where they do not say."""

    finds_closed: bool = False
    """Whether the workspace is closed."""

    @property
    def actor(self) -> str:
        """The name that entries carry."""
        return f"api_key:{self.key_id}" if self.key_id else "cli"


@dataclass(frozen=True, slots=True, repr=False)
class ApiKey:
    """A key as its holder presents it."""

    workspace_id: UUID
    key_id: UUID
    secret: bytes

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read a presented key; ``None`` for what is not one."""
        try:
            raw = base64.b64decode(text.removeprefix(PREFIX), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        if not text.startswith(PREFIX) or len(raw) != 32 + _SECRET_BYTES:
            return None
        return cls(UUID(bytes=raw[:16]), UUID(bytes=raw[16:32]), raw[32:])

    @property
    def text(self) -> str:
        """What the holder keeps."""
        raw = self.workspace_id.bytes + self.key_id.bytes + self.secret
        return PREFIX + base64.urlsafe_b64encode(raw).decode()


async def create_api_key(
    connection: Connection,
    workspace_id: UUID,
    scopes: Collection[Scope] = tuple(Scope),
    purpose: AccessPurpose = AccessPurpose.service,
) -> ApiKey:
    """Make a key and store its hash. This is the only time its secret is seen."""
    key = ApiKey(workspace_id, uuid4(), os.urandom(_SECRET_BYTES))
    digest = hashlib.sha256(key.secret).digest()
    await connection.execute(_INSERT, (key.key_id, workspace_id, digest, sorted(scopes), purpose))
    return key


async def authenticate(connection: Connection, key: ApiKey) -> Principal | None:
    """Who the key stands for; ``None`` if it is unknown, wrong or revoked."""
    workspace_id = key.workspace_id
    rows = await connection.execute(_SELECT, (workspace_id, key.key_id, workspace_id))
    stored, scopes, purpose, is_closed = await rows.fetchone() or (b"", (), "", False)
    presented = hashlib.sha256(key.secret).digest()
    if not hmac.compare_digest(stored, presented):
        return None
    return Principal(
        workspace_id, key.key_id, frozenset(scopes), AccessPurpose(purpose), is_closed
    )
