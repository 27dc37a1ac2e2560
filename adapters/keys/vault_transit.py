"""Master keys in HashiCorp Vault's transit engine: the versions of one named key.

The key never leaves Vault; what comes and goes is the workspace's secret, with its workspace as
associated data (so the key's type is one of AES-GCM or ChaCha20). Where Vault is, and what opens
it, is in the variables that its own tools read: ``VAULT_ADDR``, ``VAULT_TOKEN``,
``VAULT_NAMESPACE``, ``VAULT_CACERT``. To destroy a version is to trim the key, which takes every
older version as well. https://developer.hashicorp.com/vault/api-docs/secret/transit
"""

import base64
import os
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, NoReturn
from uuid import UUID

from aiohttp import ClientError, ClientSession, ClientTimeout

from adapters.keys.master_keys import PURPOSE, KeyId
from domain.errors import IntegrityAlarm, KeyStoreUnavailable

NETWORK: Final = ClientTimeout(total=8, connect=2)
"""Less than anybody waits for us."""

_OK: Final = frozenset({200, 204})
_SEALED: Final = 503
_REFUSED: Final = 400
_ALARMS: Final = ("message authentication failed", "invalid ciphertext")

Answer = dict[str, Any]


class VaultTransit:
    """One named key of a transit engine."""

    def __init__(self, path: str) -> None:
        """Nothing is asked yet.

        Args:
            path: Where the engine is mounted, a slash, and the key's name.
        """
        self._mount, _, self._name = path.rpartition("/")
        self._mount = self._mount or "transit"

    async def newest(self) -> KeyId:
        """The latest version."""
        return self._id((await self._key())["latest_version"])

    async def ids(self) -> Sequence[KeyId]:
        """Every version that was not trimmed away."""
        key = await self._key()
        first = max(1, key["min_available_version"])
        return [self._id(version) for version in range(first, key["latest_version"] + 1)]

    async def wrap(self, key_id: KeyId, secret: bytes, workspace_id: UUID) -> bytes:
        """Wrap a workspace's secret with exactly this version."""
        asked = {"plaintext": _text(secret), "key_version": self._version(key_id)}
        answer = await self._ask("POST", f"encrypt/{self._name}", asked | _bound(workspace_id))
        # As vault:v<version>:<base64>; the version is the row's to say.
        return base64.b64decode(answer["ciphertext"].rpartition(":")[2])

    async def unwrap(self, key_id: KeyId, wrapped: bytes, workspace_id: UUID) -> bytes:
        """Unwrap it again."""
        asked = {"ciphertext": f"vault:v{self._version(key_id)}:{_text(wrapped)}"}
        answer = await self._ask("POST", f"decrypt/{self._name}", asked | _bound(workspace_id))
        return base64.b64decode(answer["plaintext"])

    async def create(self) -> KeyId:
        """Rotate the key within Vault: another version."""
        before = (await self._key())["latest_version"]
        await self._ask("POST", f"keys/{self._name}/rotate")
        key = await self._key()
        if key["latest_version"] <= before:
            raise KeyStoreUnavailable("Vault made no new version")
        return self._id(key["latest_version"])

    async def destroy(self, key_id: KeyId) -> datetime:
        """Trim this version away, and those before it."""
        next_one, key = self._version(key_id) + 1, await self._key()
        if key["min_available_version"] < next_one:
            first = {
                name: max(next_one, key[name])
                for name in ("min_decryption_version", "min_encryption_version")
            }
            await self._ask("POST", f"keys/{self._name}/config", first)
            await self._ask("POST", f"keys/{self._name}/trim", {"min_available_version": next_one})
        return datetime.now(UTC)

    async def _key(self) -> Answer:
        return await self._ask("GET", f"keys/{self._name}")

    def _id(self, version: int) -> KeyId:
        return f"{self._name}:v{version}"

    def _version(self, key_id: KeyId) -> int:
        name, _, version = key_id.rpartition(":v")
        if name != self._name or not version.isdecimal():
            raise KeyStoreUnavailable(f"master key {key_id} is none of Vault's {self._name}")
        return int(version)

    async def _ask(self, method: str, path: str, asked: Answer | None = None) -> Answer:
        """Ask Vault; what it says no with is never quoted whole."""
        url = f"{_address()}/v1/{self._mount}/{path}"
        try:
            async with (
                ClientSession(timeout=NETWORK, headers=_headers(), trust_env=True) as session,
                session.request(method, url, json=asked, ssl=_trusted()) as response,
            ):
                said = await response.json() if response.content_type == _JSON else {}
                if response.status not in _OK:
                    _refuse(response.status, said)
        except (ClientError, TimeoutError, OSError, ValueError) as error:
            raise KeyStoreUnavailable(f"Vault: {type(error).__name__}") from None
        answer: Answer = said.get("data") or {}
        return answer


_JSON: Final = "application/json"


def _refuse(status: int, said: Answer) -> NoReturn:
    errors = " ".join(map(str, said.get("errors") or ()))
    if status == _REFUSED and any(alarm in errors for alarm in _ALARMS):
        raise IntegrityAlarm("authentication")
    why = "it is sealed, or stands by" if status == _SEALED else f"it answered {status}"
    raise KeyStoreUnavailable(f"Vault: {why}")


def _address() -> str:
    address = os.environ.get("VAULT_ADDR")
    if not address:
        raise KeyStoreUnavailable("VAULT_ADDR does not say where Vault is")
    return address.rstrip("/")


def _headers() -> dict[str, str]:
    """Who asks. The token is read each time: whatever renews it may write another."""
    given = {
        "X-Vault-Token": os.environ.get("VAULT_TOKEN", ""),
        "X-Vault-Namespace": os.environ.get("VAULT_NAMESPACE", ""),
    }
    return {"X-Vault-Request": "true", **{name: value for name, value in given.items() if value}}


def _trusted() -> ssl.SSLContext | bool:
    authority = os.environ.get("VAULT_CACERT")
    return ssl.create_default_context(cafile=authority) if authority else True


def _bound(workspace_id: UUID) -> Answer:
    return {"associated_data": _text(f"{PURPOSE} {workspace_id}".encode())}


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
