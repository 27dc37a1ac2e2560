"""A stand-in for HashiCorp Vault's transit engine: it wraps, over HTTP, and says no as Vault does.

A Vault of its own could not be had as a package. What is here was written after the API's
documentation and the engine's source: versions, associated data, trimming with its conditions, and
the answers of one that is sealed, forbids or has no such key.
"""

import base64
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Final
from unittest.mock import patch

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TOKEN: Final = "s.test"
_PATH: Final = re.compile(
    r"/v1/transit/(?P<what>keys|encrypt|decrypt)/(?P<name>[\w.-]+)(/(?P<verb>\w+))?"
)


class Refusal(Exception):  # noqa: N818 - it says what is the case
    """Vault says no."""

    def __init__(self, status: int, *errors: str) -> None:
        super().__init__(*errors)
        self.status = status


class TransitKey:
    """A named key and its versions."""

    def __init__(self) -> None:
        self.ciphers = {1: AESGCM(os.urandom(32))}
        self.minimum = {"min_decryption_version": 1, "min_encryption_version": 0}
        self.first = 0

    @property
    def latest(self) -> int:
        """The newest version."""
        return max(self.ciphers)

    def told(self) -> dict[str, Any]:
        """What is said of the key."""
        return {
            "type": "aes256-gcm96",
            "latest_version": self.latest,
            "min_available_version": self.first,
            **self.minimum,
        }

    def encrypt(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Wrap with a version."""
        version = asked.get("key_version") or self.latest
        if version > self.latest:
            raise Refusal(
                400, "requested version for encryption is higher than the latest key version"
            )
        if version < self.minimum["min_encryption_version"]:
            raise Refusal(
                400,
                "requested version for encryption is less than the minimum encryption key version",
            )
        nonce = os.urandom(12)
        sealed = self.ciphers[version].encrypt(nonce, _bytes(asked["plaintext"]), _aad(asked))
        return {"ciphertext": f"vault:v{version}:{_text(nonce + sealed)}", "key_version": version}

    def decrypt(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Unwrap with the version that the ciphertext names."""
        prefix, _, encoded = asked["ciphertext"].rpartition(":")
        version = int(prefix.removeprefix("vault:v"))
        if version > self.latest:
            raise Refusal(400, "invalid ciphertext: version is too new")
        if version < self.minimum["min_decryption_version"]:
            raise Refusal(400, "ciphertext or signature version is disallowed by policy (too old)")
        sealed = _bytes(encoded)
        if len(sealed) < 12:
            raise Refusal(400, "invalid ciphertext: could not decode base64")
        try:
            opened = self.ciphers[version].decrypt(sealed[:12], sealed[12:], _aad(asked))
        except InvalidTag:
            raise Refusal(400, "cipher: message authentication failed") from None
        return {"plaintext": _text(opened)}

    def rotate(self, _asked: dict[str, Any]) -> dict[str, Any]:
        """Make another version."""
        self.ciphers[self.latest + 1] = AESGCM(os.urandom(32))
        return self.told()

    def config(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Say from which version on it may be used."""
        if any(version > self.latest for version in asked.values()):
            raise Refusal(400, "cannot set min version greater than the latest")
        self.minimum |= asked
        return self.told()

    def trim(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Delete the versions before this one."""
        first = asked["min_available_version"]
        if first < self.first:
            raise Refusal(400, "minimum available version cannot be decremented")
        if not self.minimum["min_encryption_version"]:
            raise Refusal(
                400,
                "minimum encryption version is not set",
            )
        if first > min(self.minimum.values()):
            raise Refusal(400, "minimum available version cannot be greater than the others")
        self.first = first
        self.ciphers = {v: cipher for v, cipher in self.ciphers.items() if v >= first}
        return self.told()


class VaultStandin(ThreadingHTTPServer):
    """The server; what a test does to it is in its fields."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.keys = {"ringledger": TransitKey()}
        self.is_sealed = False
        self.asked: list[str] = []

    @property
    def address(self) -> str:
        """What ``VAULT_ADDR`` says."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def answer(
        self, method: str, path: str, token: str | None, asked: dict[str, Any]
    ) -> dict[str, Any]:
        """What Vault answers, or its refusal."""
        self.asked.append(f"{method} {path}")
        if self.is_sealed:
            raise Refusal(503, "Vault is sealed")
        if token != TOKEN:
            raise Refusal(403, "permission denied")
        found = _PATH.fullmatch(path)
        if found is None or found["name"] not in self.keys:
            raise Refusal(404)
        key = self.keys[found["name"]]
        if method == "GET":
            return key.told()
        verb = found["verb"] if found["what"] == "keys" else found["what"]
        done: dict[str, Any] = getattr(key, verb)(asked)
        return done


class _Handler(BaseHTTPRequestHandler):
    server: VaultStandin

    def do_GET(self) -> None:
        self._answer("GET", {})

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self._answer("POST", json.loads(self.rfile.read(length) or b"null") or {})

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, method: str, asked: dict[str, Any]) -> None:
        said: dict[str, Any]
        try:
            token = self.headers.get("X-Vault-Token")
            status, said = 200, {"data": self.server.answer(method, self.path, token, asked)}
        except Refusal as refusal:
            status, said = refusal.status, {"errors": list(refusal.args)}
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def vault() -> Iterator[VaultStandin]:
    """A server with one key, ``transit/ringledger``, and the variables that lead to it."""
    with VaultStandin() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        variables = {"VAULT_ADDR": server.address, "VAULT_TOKEN": TOKEN}
        try:
            with patch.dict(os.environ, variables):
                yield server
        finally:
            server.shutdown()


def _aad(asked: dict[str, Any]) -> bytes | None:
    return _bytes(asked["associated_data"]) if "associated_data" in asked else None


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
