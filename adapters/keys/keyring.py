"""The workspace keys of one cell, unwrapped on first use and kept while the process lives."""

from uuid import UUID

from adapters.keys.master_key import MasterKeys
from adapters.keys.sealing import new_key
from adapters.keys.workspace_key import WorkspaceKey
from adapters.postgres.pool import Connection
from domain.errors import NotFound

_SELECT = "SELECT master_key_id, wrapped FROM workspace_keys WHERE workspace_id = %s"
_INSERT = "INSERT INTO workspace_keys (workspace_id, master_key_id, wrapped) VALUES (%s, %s, %s)"


class Keyring:
    """Hands out workspace keys. A key that cannot be had is an error, never an absence."""

    def __init__(self, master_keys: MasterKeys) -> None:
        self._master_keys = master_keys
        self._keys: dict[UUID, WorkspaceKey] = {}
        self._checks = 0

    async def create(self, connection: Connection, workspace_id: UUID) -> WorkspaceKey:
        """Make the key of a new workspace."""
        key = new_key()
        key_id, wrapped = self._master_keys.wrap(key, workspace_id)
        await connection.execute(_INSERT, (workspace_id, key_id, wrapped))
        return WorkspaceKey.of(workspace_id, key)

    async def get(self, connection: Connection, workspace_id: UUID) -> WorkspaceKey:
        """The workspace's key; ``NotFound`` where the cell has no such workspace."""
        found = self._keys.get(workspace_id)
        if found is None:
            checks = self._checks
            found = await self._read(connection, workspace_id)
            # Read before a check began, it may have escaped it: then it is not kept.
            if checks == self._checks:
                self._keys[workspace_id] = found
        return found

    def known(self, workspace_id: UUID) -> WorkspaceKey | None:
        """The workspace's key, if it was asked for before."""
        return self._keys.get(workspace_id)

    def begin_check(self) -> frozenset[UUID]:
        """The workspaces whose keys are kept, for whoever asks which of them are there still."""
        self._checks += 1
        return frozenset(self._keys)

    def forget(self, workspace_id: UUID) -> None:
        """Forget the workspace's key: it is destroyed."""
        self.forget_recent(workspace_id)
        self._keys.pop(workspace_id, None)

    def forget_recent(self, workspace_id: UUID) -> None:
        """Forget what was derived lately: a key under it is destroyed."""
        if workspace_id in self._keys:
            self._keys[workspace_id].recent.forget()

    async def _read(self, connection: Connection, workspace_id: UUID) -> WorkspaceKey:
        found = await (await connection.execute(_SELECT, (workspace_id,))).fetchone()
        if found is None:
            raise NotFound("workspace")
        key_id, wrapped = found
        return WorkspaceKey.of(
            workspace_id, self._master_keys.unwrap(key_id, wrapped, workspace_id)
        )
