"""Stores of master keys for tests: each kind that there is, empty but for one key."""

import logging
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from unittest.mock import patch
from uuid import uuid4

import botocore.session
from moto.core.exceptions import JsonRESTError
from moto.kms.exceptions import AccessDeniedException, InvalidCiphertextException
from moto.kms.models import KmsBackend
from moto.server import ThreadedMotoServer
from objects import environment
from vault_standin import vault

from adapters.keys import master_key
from adapters.keys.handover import Handover
from adapters.keys.master_keys import MasterKeys
from adapters.wiring import key_service


@contextmanager
def in_file(folder: Path) -> Iterator[MasterKeys]:
    """In a file."""
    master_key.create(folder / "master.key")
    yield master_key.read(folder / "master.key")


def _as_documented(
    self: KmsBackend, ciphertext_blob: bytes, encryption_context: dict[str, str], key_id: str
) -> tuple[bytes, str]:
    """Decrypt as KMS documents it where moto is laxer, or calls what is wrong by another name.

    A key that waits for its deletion decrypts nothing, and a ciphertext of another key is told
    from one that nobody may decrypt.
    """
    key = self.any_id_to_key_id(key_id)
    if self.keys[key].key_state != "Enabled":
        raise JsonRESTError("KMSInvalidStateException", "")
    try:
        return _DECRYPT(self, ciphertext_blob, encryption_context, key_id)
    except AccessDeniedException:
        raise JsonRESTError("IncorrectKeyException", "") from None
    except (IndexError, ValueError, struct.error):
        raise InvalidCiphertextException from None


_DECRYPT: Final = KmsBackend.decrypt


@contextmanager
def aws_url(_folder: Path) -> Iterator[str]:
    """What leads to an alias of AWS KMS, at a server that speaks it."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    # All of its servers in this program hold the same keys.
    alias = f"alias/ringledger-{uuid4().hex}"
    try:
        documented = patch.object(KmsBackend, "decrypt", _as_documented)
        with environment(f"http://{host}:{port}"), documented:
            kms = botocore.session.get_session().create_client("kms", "us-east-1")
            made = kms.create_key()["KeyMetadata"]["KeyId"]
            kms.create_alias(AliasName=alias, TargetKeyId=made)
            yield f"awskms:///arn:aws:kms:us-east-1:123456789012:{alias}"
    finally:
        server.stop()


@contextmanager
def vault_url(_folder: Path) -> Iterator[str]:
    """What leads to a key of Vault's transit engine, at a stand-in for it."""
    with vault():
        yield "vault:///transit/ringledger"


@contextmanager
def in_aws(folder: Path) -> Iterator[MasterKeys]:
    """Behind an alias of AWS KMS."""
    with aws_url(folder) as url:
        yield key_service(url)


@contextmanager
def in_vault(folder: Path) -> Iterator[MasterKeys]:
    """As the versions of a key of Vault's transit engine."""
    with vault_url(folder) as url:
        yield key_service(url)


@contextmanager
def handed_over(folder: Path) -> Iterator[MasterKeys]:
    """A service beside what is left of a file."""
    with in_file(folder), in_vault(folder) as service:
        yield Handover(folder / "master.key", service)


KINDS: Final = {"file": in_file, "aws": in_aws, "vault": in_vault, "handover": handed_over}
"""Each kind by its name; a rule of master keys is tested with every one of them."""
