"""The key that signs receipts: Ed25519 (RFC 8032), in a file of its own beside the master key.

What is signed is a JSON document in one form: keys sorted, no blanks, as RFC 8785 has it for what
a receipt holds (names in ASCII, texts, whole numbers). So whoever has the public key can check a
receipt however it was printed, with nothing of ours but this page.
"""

import base64
import binascii
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from domain.errors import KeyStoreUnavailable

SIGNATURE: Final = "signature"
KEY: Final = "signed_with"
_KEY_BYTES: Final = 32

Document = dict[str, Any]


class NotGenuine(Exception):  # noqa: N818 - it says what is the case
    """It is not what was signed, or not by one of these keys; ``str()`` says which."""


@dataclass(frozen=True, slots=True, repr=False)
class ReceiptKey:
    """A key that signs."""

    private: Ed25519PrivateKey

    @property
    def public(self) -> str:
        """The public key: 32 bytes in base64url."""
        return _text(self.private.public_key().public_bytes_raw())

    @property
    def key_id(self) -> str:
        """What receipts name it by."""
        return key_id_of(self.public)

    def sign(self, document: Document) -> bytes:
        """The document with the key's id and the signature in it, in its one form."""
        named = {**document, KEY: self.key_id}
        signature = self.private.sign(canonical(named))
        return canonical({**named, SIGNATURE: _text(signature)})

    def as_jwk(self) -> dict[str, str]:
        """The public key as a JSON Web Key (RFC 8037)."""
        names = {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig"}
        return {**names, "kid": self.key_id, "x": self.public}


def verify(text: bytes, public_keys: Mapping[str, str]) -> Document:
    """The document of a receipt that was signed with one of these keys, by id.

    Raises:
        NotGenuine: It was not, or is not what was signed.
    """
    try:
        document: Document = orjson.loads(text)
        signature, key_id = document.pop(SIGNATURE), document[KEY]
        public = Ed25519PublicKey.from_public_bytes(_bytes(public_keys[key_id]))
        public.verify(_bytes(signature), canonical(document))
    except KeyError as missing:
        known = missing.args[0] in (SIGNATURE, KEY)
        raise NotGenuine("no_signature" if known else "unknown_key") from None
    except InvalidSignature:
        raise NotGenuine("signature") from None
    except (ValueError, TypeError, AttributeError):
        raise NotGenuine("not_a_receipt") from None
    return document


def key_id_of(public: str) -> str:
    """The id of a public key: the beginning of its hash.

    Raises:
        ValueError: It is no public key.
    """
    raw = _bytes(public)
    if len(raw) != _KEY_BYTES:
        raise ValueError("a public key has 32 bytes")
    return hashlib.sha256(raw).hexdigest()[:16]


def canonical(document: Document) -> bytes:
    """The one form of a document, which is signed and hashed."""
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)


def create(path: Path) -> None:
    """Write a new key, readable by its owner only, unless the file exists."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def read(path: Path) -> ReceiptKey:
    """Read the file.

    Raises:
        KeyStoreUnavailable: It is missing, or holds no key.
    """
    try:
        raw = base64.b64decode(path.read_bytes().strip(), validate=True)
        return ReceiptKey(Ed25519PrivateKey.from_private_bytes(raw))
    except OSError as error:
        raise KeyStoreUnavailable(f"no receipt key at {path}: {error.strerror}") from None
    except (ValueError, binascii.Error):
        raise KeyStoreUnavailable(f"no receipt key in {path}") from None


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    """The bytes that a text stands for. No two texts stand for the same ones."""
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _text(raw) != text:
        raise ValueError("not base64url in its one form")
    return raw
