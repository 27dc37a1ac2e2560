"""What a workspace's provider signs with and dials to, sealed under the workspace key."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from adapters.keys.keyring import in_its_epoch
from adapters.keys.workspace_key import WorkspaceKey
from adapters.postgres.pool import Connection
from domain.errors import NotFound, Refused

_INSERT = """
    INSERT INTO credentials (credential_id, workspace_id, kind, box) VALUES (%s, %s, %s, %s)
"""
_SELECT = """
    SELECT credential_id, kind, box, created_at FROM credentials
    WHERE workspace_id = %s AND retired_at IS NULL ORDER BY created_at, credential_id
"""
_LOCK = """
    SELECT credential_id, kind FROM credentials
    WHERE workspace_id = %s AND retired_at IS NULL ORDER BY credential_id FOR UPDATE
"""
_REVOKE = "UPDATE credentials SET retired_at = now() WHERE credential_id = %s"


REGION = re.compile(r"(?P<region>[a-z0-9]{1,20}) (?P<edge>[a-z0-9-]{1,30})")
"""A Twilio region and an edge of it."""


class Kind(StrEnum):
    """What a credential is for."""

    account_sid = "twilio_account_sid"
    auth_token = "twilio_auth_token"  # noqa: S105 - the kind's name
    shared_key = "twilio_shared_key"
    """``<name> <secret>``: a webhook shared key (HMAC-SHA256)."""

    api_key = "twilio_api_key"
    """``<SK…> <secret>``: opens the REST API, which nobody asks of a workspace without one."""

    region = "twilio_region"
    """``<region> <edge>``, both: where the account's REST API is, unless in the United States."""

    recording_key = "twilio_recording_key"
    """``<CR…> <PEM>``: what opens recordings that Twilio encrypted for that public key."""

    dial_target = "dial_target"
    """Where an incoming call is put through to."""


NAMED = frozenset({Kind.shared_key, Kind.api_key, Kind.recording_key})
"""Kinds of which the first word is a name, and no secret."""

_SIGNING = frozenset({Kind.auth_token, Kind.shared_key})
_SHOWN = frozenset({Kind.account_sid, Kind.region})
"""Kinds that can be shown whole to whoever may list them."""


class Stored(NamedTuple):
    """A credential that stands, without its secret."""

    credential_id: UUID
    kind: str
    name: str | None
    """What tells it from others of its kind and is no secret, where it has that."""

    created_at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """A workspace's credentials in the clear; nothing prints them."""

    account_sids: tuple[str, ...]
    auth_tokens: tuple[str, ...]
    shared_keys: dict[str, str]
    dial_target: str | None
    api_keys: tuple[str, ...] = ()
    region: str | None = None
    recording_keys: Mapping[str, str] = field(default_factory=dict)
    """Private keys in PEM, by Twilio's id of the public one."""


async def add_credential(
    connection: Connection, key: WorkspaceKey, kind: Kind, secret: str
) -> UUID:
    """Store a credential beside those that stand; of dial targets and regions the newest holds."""
    credential_id = uuid4()
    async with connection.transaction():
        key = await in_its_epoch(connection, key)
        box = key.wrap_secret(secret, credential_id)
        await connection.execute(_INSERT, (credential_id, key.workspace_id, kind, box))
    return credential_id


async def read_credentials(connection: Connection, key: WorkspaceKey) -> Credentials:
    """All that are not retired."""
    rows = await (await connection.execute(_SELECT, (key.workspace_id,))).fetchall()
    found = await key.apply(connection, lambda key: _opened(key, rows))
    shared = (text.partition(" ") for text in found[Kind.shared_key])
    return Credentials(
        account_sids=tuple(found[Kind.account_sid]),
        auth_tokens=tuple(found[Kind.auth_token]),
        shared_keys={name: secret for name, _, secret in shared},
        dial_target=_newest(found[Kind.dial_target]),
        api_keys=tuple(found[Kind.api_key]),
        region=_newest(found[Kind.region]),
        recording_keys={
            name: pem for name, _, pem in (k.partition(" ") for k in found[Kind.recording_key])
        },
    )


def _opened(key: WorkspaceKey, rows: Sequence[tuple[Any, ...]]) -> dict[str, list[str]]:
    found = defaultdict(list)
    for credential_id, kind, box, _ in rows:
        found[kind].append(key.unwrap_secret(box, credential_id))
    return found


async def list_credentials(connection: Connection, key: WorkspaceKey) -> list[Stored]:
    """All that are not retired, the oldest first."""
    rows = await (await connection.execute(_SELECT, (key.workspace_id,))).fetchall()
    return await key.apply(connection, lambda key: [_stored(key, *row) for row in rows])


def _stored(
    key: WorkspaceKey, credential_id: UUID, kind: str, box: bytes, created_at: datetime
) -> Stored:
    name = None
    if kind in NAMED:
        name = key.unwrap_secret(box, credential_id).partition(" ")[0]
    elif kind in _SHOWN:
        name = key.unwrap_secret(box, credential_id)
    return Stored(credential_id, kind, name, created_at)


async def revoke_credential(
    connection: Connection, workspace_id: UUID, credential_id: UUID
) -> None:
    """Retire a credential: from the next reading on it opens and proves nothing.

    Raises:
        NotFound: No such credential of the workspace stands.
        Refused: Without it no callback of the workspace could be told from a forged one.
    """
    async with connection.transaction():
        rows = await connection.execute(_LOCK, (workspace_id,))
        kinds: dict[UUID, str] = dict(await rows.fetchall())
        kind = kinds.pop(credential_id, None)
        if kind is None:
            raise NotFound("credential")
        if kind in _SIGNING and not _SIGNING.intersection(kinds.values()):
            raise Refused("last_signing_credential")
        if kind == Kind.account_sid and kind not in kinds.values():
            raise Refused("last_account")
        await connection.execute(_REVOKE, (credential_id,))


def _newest(secrets: list[str]) -> str | None:
    return secrets[-1] if secrets else None
