"""What a workspace's provider signs with and dials to, sealed under the workspace key."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from adapters.keys.keyring import in_its_epoch
from adapters.keys.workspace_key import WorkspaceKey
from adapters.postgres.pool import Connection

_INSERT = """
    INSERT INTO credentials (credential_id, workspace_id, kind, box) VALUES (%s, %s, %s, %s)
"""
_SELECT = """
    SELECT credential_id, kind, box FROM credentials
    WHERE workspace_id = %s AND retired_at IS NULL ORDER BY created_at, credential_id
"""


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
    for credential_id, kind, box in rows:
        found[kind].append(key.unwrap_secret(box, credential_id))
    return found


def _newest(secrets: list[str]) -> str | None:
    return secrets[-1] if secrets else None
