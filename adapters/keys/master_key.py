"""The master key in a file: the root of every other key, and never in the database.

The file has one line per key, ``<id> <base64>``, the newest last. Whoever has the file and
the database reads everything; whoever loses it has lost every value, as an erasure would.
"""

import base64
import binascii
import os
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.keys.sealing import KEY_BYTES, new_key, unwrap, wrap
from domain.errors import KeyStoreUnavailable

_PURPOSE = "workspace key"


@dataclass(frozen=True, slots=True, repr=False)
class MasterKeys:
    """The master keys by id; the newest one wraps."""

    keys: dict[str, AESGCM]
    newest: str

    def wrap(self, workspace_key: bytes, workspace_id: UUID) -> tuple[str, bytes]:
        """Wrap a workspace key: the id of the master key, and the wrapped key."""
        return self.newest, wrap(workspace_key, self.keys[self.newest], _PURPOSE, workspace_id)

    def unwrap(self, key_id: str, wrapped: bytes, workspace_id: UUID) -> bytes:
        """Unwrap a workspace key.

        Raises:
            KeyStoreUnavailable: The master key of that id is not in the file.
            IntegrityAlarm: It does not open with it.
        """
        try:
            master = self.keys[key_id]
        except KeyError:
            raise KeyStoreUnavailable(f"master key {key_id} is missing") from None
        return unwrap(wrapped, master, _PURPOSE, workspace_id)


def create(path: Path) -> None:
    """Write a new master key, readable by its owner only, unless the file exists."""
    line = f"{uuid4().hex[:12]} {base64.b64encode(new_key()).decode()}\n".encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "wb") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def read(path: Path) -> MasterKeys:
    """Read the file.

    Raises:
        KeyStoreUnavailable: It is missing, or a line of it is not a key.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise KeyStoreUnavailable(f"no master key at {path}: {error.strerror}") from None
    keys: dict[str, AESGCM] = {}
    for number, line in enumerate(lines, 1):
        if line:
            key_id, key = _parse(line) or ("", None)
            # Of two keys by one id the first would be lost, with all that it wrapped.
            if key is None or key_id in keys:
                raise KeyStoreUnavailable(
                    f"line {number} of {path} is not a key, or not a new one"
                )
            keys[key_id] = key
    if not keys:
        raise KeyStoreUnavailable(f"no master key in {path}")
    return MasterKeys(keys, newest=list(keys)[-1])


def _parse(line: bytes) -> tuple[str, AESGCM] | None:
    key_id, _, encoded = line.partition(b" ")
    try:
        key = base64.b64decode(encoded, validate=True)
        return (key_id.decode(), AESGCM(key)) if key_id and len(key) == KEY_BYTES else None
    except (binascii.Error, UnicodeDecodeError):
        return None
