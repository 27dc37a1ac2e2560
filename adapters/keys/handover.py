"""From master keys in a file to a key service: what the file wrapped opens until it is rotated."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

from adapters.keys import master_key
from adapters.keys.master_keys import KeyId, MasterKeys


class Handover:
    """A key service, and beside it what is left of a file. New keys are the service's."""

    def __init__(self, path: Path, service: MasterKeys) -> None:
        self._path = path
        self._service = service

    async def newest(self) -> KeyId:
        """The service's."""
        return await self._service.newest()

    async def ids(self) -> Sequence[KeyId]:
        """The file's, then the service's."""
        return [*await self._in_file(), *await self._service.ids()]

    async def wrap(self, key_id: KeyId, secret: bytes, workspace_id: UUID) -> bytes:
        """Wrap a workspace's secret."""
        return await (await self._where(key_id)).wrap(key_id, secret, workspace_id)

    async def unwrap(self, key_id: KeyId, wrapped: bytes, workspace_id: UUID) -> bytes:
        """Unwrap it again."""
        return await (await self._where(key_id)).unwrap(key_id, wrapped, workspace_id)

    async def create(self) -> KeyId:
        """Make one in the service."""
        return await self._service.create()

    async def destroy(self, key_id: KeyId) -> datetime:
        """Destroy it where it is; with its last key the file is gone."""
        return await (await self._where(key_id)).destroy(key_id)

    async def _where(self, key_id: KeyId) -> MasterKeys:
        file = master_key.MasterKeyFile(self._path)
        return file if key_id in await self._in_file() else self._service

    async def _in_file(self) -> Sequence[KeyId]:
        is_there = self._path.exists()
        return await master_key.MasterKeyFile(self._path).ids() if is_there else ()
