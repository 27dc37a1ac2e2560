"""Master keys in a file, which whoever runs one machine has.

The file has one line per key, ``<id> <base64>``, the newest last. It is only ever replaced as a
whole, so that who reads it finds either what was or what is.
"""

import asyncio
import base64
import binascii
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.keys.master_keys import PURPOSE, KeyId
from adapters.keys.sealing import KEY_BYTES, new_key, unwrap, wrap
from domain.errors import KeyStoreUnavailable

_OWNER_ONLY: Final = 0o600


class MasterKeyFile:
    """The keys of one file. It is read each time: what was destroyed is in no process either."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def newest(self) -> KeyId:
        """The key of the last line now."""
        return (await self.ids())[-1]

    async def ids(self) -> Sequence[KeyId]:
        """By line."""
        return tuple(await self._ciphers())

    async def wrap(self, key_id: KeyId, secret: bytes, workspace_id: UUID) -> bytes:
        """Wrap a workspace's secret."""
        return wrap(secret, await self._cipher(key_id), PURPOSE, workspace_id)

    async def unwrap(self, key_id: KeyId, wrapped: bytes, workspace_id: UUID) -> bytes:
        """Unwrap it again."""
        return unwrap(wrapped, await self._cipher(key_id), PURPOSE, workspace_id)

    async def create(self) -> KeyId:
        """Add a line."""
        line = _new_line()
        await self._replace(lambda lines: [*lines, line])
        return line.partition(b" ")[0].decode()

    async def destroy(self, key_id: KeyId) -> datetime:
        """Take its line out, and overwrite where the file was."""
        prefix = key_id.encode() + b" "

        def without(lines: list[bytes]) -> list[bytes]:
            return [line for line in lines if not line.startswith(prefix)]

        await self._replace(without)
        return datetime.now(UTC)

    async def _ciphers(self) -> dict[KeyId, AESGCM]:
        return await asyncio.to_thread(_ciphers, self._path)

    async def _replace(self, change: Callable[[list[bytes]], list[bytes]]) -> None:
        try:
            await asyncio.to_thread(_replace, self._path, change)
        except OSError as error:
            raise KeyStoreUnavailable(f"{self._path}: {error.strerror}") from None

    async def _cipher(self, key_id: KeyId) -> AESGCM:
        try:
            return (await self._ciphers())[key_id]
        except KeyError:
            raise KeyStoreUnavailable(f"master key {key_id} is missing") from None


def create(path: Path) -> None:
    """Write a new master key, readable by its owner only, unless the file exists."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    except FileExistsError:
        return
    _write(descriptor, _new_line() + b"\n")


def read(path: Path) -> MasterKeyFile:
    """Read the file.

    Raises:
        KeyStoreUnavailable: It is missing, or a line of it is not a key.
    """
    _ciphers(path)
    return MasterKeyFile(path)


def _new_line() -> bytes:
    return f"{uuid4().hex[:12]} {base64.b64encode(new_key()).decode()}".encode()


def _ciphers(path: Path) -> dict[KeyId, AESGCM]:
    """The keys by id, in the order of their lines."""
    keys: dict[KeyId, AESGCM] = {}
    for number, line in enumerate(_lines(path), 1):
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
    return keys


def _lines(path: Path) -> list[bytes]:
    try:
        while True:
            with path.open("rb") as file:
                text = file.read()
                # One that was replaced meanwhile is being overwritten.
                if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                    return text.splitlines()
    except OSError as error:
        raise KeyStoreUnavailable(f"no master key at {path}: {error.strerror}") from None


def _replace(path: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    """Put other lines into the file: all of them or none, whatever happens, and durably."""
    lines = [line for line in _lines(path) if line]
    changed = change(lines)
    if changed == lines:
        return
    beside = path.with_name(f".{path.name}.new")
    with path.open("rb+") as old:
        of_whom = os.fstat(old.fileno())
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY)
        with suppress(PermissionError):
            os.fchown(descriptor, of_whom.st_uid, of_whom.st_gid)
        _write(descriptor, b"".join(line + b"\n" for line in changed))
        if changed:
            beside.replace(path)
        else:
            beside.unlink()
            path.unlink()
        _write_folder(path.parent)
        # The blocks are free now and still hold the keys. A file system that copies on write, a
        # snapshot of it and a worn block of a flash disk keep them all the same.
        _write(os.dup(old.fileno()), os.urandom(of_whom.st_size))


def _write(descriptor: int, text: bytes) -> None:
    """Write to the disk, and close."""
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _write_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _parse(line: bytes) -> tuple[KeyId, AESGCM] | None:
    key_id, _, encoded = line.partition(b" ")
    try:
        key = base64.b64decode(encoded, validate=True)
        return (key_id.decode(), AESGCM(key)) if key_id and len(key) == KEY_BYTES else None
    except (binascii.Error, UnicodeDecodeError):
        return None
