"""Encrypts audio as Twilio does for a workspace's public key."""

import os
from base64 import b64encode
from typing import Final, NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

_KEY: Final = rsa.generate_private_key(65_537, 2048)


def _pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


PRIVATE: Final = _pem(_KEY)
STRANGER: Final = _pem(rsa.generate_private_key(65_537, 2048))


class Encrypted(NamedTuple):
    """What comes instead of the audio, and what its callback says of it."""

    audio: bytes
    wrapped_key: str
    nonce: str


def encrypted(audio: bytes, key: bytes | None = None, nonce: bytes | None = None) -> Encrypted:
    """The audio as it comes, its key wrapped for the workspace, and its nonce."""
    key, nonce = key or os.urandom(32), nonce or os.urandom(12)
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    wrapped = _KEY.public_key().encrypt(key, oaep)
    sealed = AESGCM(key).encrypt(nonce, audio, None)
    return Encrypted(sealed, b64encode(wrapped).decode(), b64encode(nonce).decode())
