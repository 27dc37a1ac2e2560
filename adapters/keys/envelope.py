"""Opens recordings that Twilio encrypted for a workspace's own key, while they stream.

The content key is wrapped with RSA-OAEP (SHA-256 for hash and mask), the audio is AES-256-GCM with
its tag in the last 16 bytes (Twilio's guide to the encryption of recordings). So what was opened
until then is not to be relied on before ``finish`` has said that it is authentic.
"""

import binascii
from base64 import b64decode
from typing import Final, cast

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import GCM
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from domain.errors import IntegrityAlarm

TAG_BYTES: Final = 16


class WrongKey(Exception):  # noqa: N818 - it says what is the case
    """The private key is none, or does not open the content key."""


def is_private_key(pem: str) -> bool:
    """Whether it is a key that could open recordings: RSA, in PEM, without a passphrase."""
    try:
        return isinstance(load_pem_private_key(pem.encode(), None), RSAPrivateKey)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False


class Envelope:
    """One recording's audio as it comes out of its encryption."""

    def __init__(self, private_key: str, wrapped_key: str, nonce: str) -> None:
        """Unwrap the content key.

        Args:
            private_key: In PEM, without a passphrase.
            wrapped_key: The content key, in base64.
            nonce: In base64.

        Raises:
            WrongKey: It cannot be unwrapped.
        """
        try:
            key = load_pem_private_key(private_key.encode(), None)
            padding = OAEP(MGF1(hashes.SHA256()), hashes.SHA256(), None)
            # Another kind of key has no such method, and is the wrong one as well.
            content_key = cast("RSAPrivateKey", key).decrypt(b64decode(wrapped_key), padding)
            mode = GCM(b64decode(nonce))
            self._opening = Cipher(AES(content_key), mode).decryptor()
        except (ValueError, TypeError, AttributeError, binascii.Error):
            raise WrongKey from None
        self._end = b""

    def add(self, part: bytes) -> bytes:
        """Take more of it; what is open by then, but for what may be the tag."""
        whole = self._end + part
        self._end = whole[-TAG_BYTES:]
        return self._opening.update(whole[:-TAG_BYTES])

    def finish(self) -> bytes:
        """All of it came in; the rest.

        Raises:
            IntegrityAlarm: It was changed on its way, or is not whole.
        """
        try:
            return self._opening.finalize_with_tag(self._end)
        except (InvalidTag, ValueError):
            raise IntegrityAlarm("authentication") from None
