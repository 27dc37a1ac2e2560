"""The workspace keys of one cell, unwrapped on first use and kept while the process lives."""

import time
from dataclasses import replace
from functools import partial
from typing import Final, NamedTuple
from uuid import UUID

from adapters.keys.master_keys import MasterKeys
from adapters.keys.workspace_key import WorkspaceKey
from adapters.keys.workspace_secret import WorkspaceSecret
from adapters.postgres.pool import Connection
from domain.errors import NotFound

TURNING_SECONDS: Final = 2.0
"""So long a key of two epochs is kept: the older one may be over, and must be forgotten."""

_SELECT = """
    SELECT master_key_id, wrapped, next_master_key_id, next_wrapped FROM workspace_keys
    WHERE workspace_id = %s
"""
_WRAPS_IN = "SELECT wraps_in(%s, %s)"
_CREATE = "SELECT create_workspace_key(%s, %s, %s, %s)"


class _Kept(NamedTuple):
    """A key, and what was read of it."""

    key: WorkspaceKey
    row: tuple[str, bytes, str | None, bytes | None]
    until: float | None

    @property
    def is_fresh(self) -> bool:
        return self.until is None or time.monotonic() < self.until


class Keyring:
    """Hands out workspace keys. A key that cannot be had is an error, never an absence."""

    def __init__(self, master_keys: MasterKeys) -> None:
        self._master_keys = master_keys
        self._keys: dict[UUID, _Kept] = {}
        self._checks = 0

    async def create(self, connection: Connection, workspace_id: UUID) -> WorkspaceKey:
        """Make the key of a new workspace."""
        secret, is_made = WorkspaceSecret.new(), False
        while not is_made:  # The master key may have rotated since it was asked for.
            master_key_id = await self._master_keys.newest()
            wrapped = await self._master_keys.wrap(master_key_id, secret.packed, workspace_id)
            asked = workspace_id, secret.epoch, master_key_id, wrapped
            ((is_made,),) = await (await connection.execute(_CREATE, asked)).fetchall()
        return self._ours(WorkspaceKey.of(workspace_id, secret.packed))

    async def get(self, connection: Connection, workspace_id: UUID) -> WorkspaceKey:
        """The workspace's key; ``NotFound`` where the cell has no such workspace."""
        return self.known(workspace_id) or await self.renew(connection, workspace_id)

    def known(self, workspace_id: UUID) -> WorkspaceKey | None:
        """The workspace's key, if it was asked for before."""
        kept = self._keys.get(workspace_id)
        return kept.key if kept and kept.is_fresh else None

    async def renew(self, connection: Connection, workspace_id: UUID) -> WorkspaceKey:
        """The key as it is in the connection's snapshot, whatever is known of it."""
        checks = self._checks
        kept = await self._read(connection, workspace_id)
        known = self._keys.get(workspace_id)
        # Read before a check began, it may have escaped it: then it is not kept. Nor is one that
        # a reader has from an older snapshot: who seals needs the newest.
        if checks == self._checks and (known is None or known.key.epoch <= kept.key.epoch):
            self._keys[workspace_id] = kept
        return kept.key

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
            self._keys[workspace_id].key.recent.forget()

    async def _read(self, connection: Connection, workspace_id: UUID) -> _Kept:
        row = await (await connection.execute(_SELECT, (workspace_id,))).fetchone()
        if row is None:
            raise NotFound("workspace")
        known = self._keys.get(workspace_id)
        if known is not None and known.row == row:
            key = known.key
        else:
            key = await self._unwrap(workspace_id, *row)
        is_turning = row[3] is not None
        return _Kept(key, row, time.monotonic() + TURNING_SECONDS if is_turning else None)

    async def _unwrap(
        self,
        workspace_id: UUID,
        master_key_id: str,
        wrapped: bytes,
        next_master_key_id: str | None,
        next_wrapped: bytes | None,
    ) -> WorkspaceKey:
        unwrap = self._master_keys.unwrap
        packed, upcoming = await unwrap(master_key_id, wrapped, workspace_id), None
        if next_master_key_id is not None and next_wrapped is not None:
            upcoming = await unwrap(next_master_key_id, next_wrapped, workspace_id)
        return self._ours(WorkspaceKey.of(workspace_id, packed, upcoming))

    def _ours(self, key: WorkspaceKey) -> WorkspaceKey:
        """The key, and whence it is read again."""
        known = self._keys.get(key.workspace_id)
        recent = known.key.recent if known else key.recent
        renewed = partial(self.renew, workspace_id=key.workspace_id)
        return replace(key, recent=recent, renewed=renewed)


async def in_its_epoch(connection: Connection, key: WorkspaceKey) -> WorkspaceKey:
    """The key that wraps now, which it does until the connection's transaction is over.

    For what is wrapped without ``append()``: it takes the writers' lock, as that does.

    Raises:
        NotFound: The workspace has no key any more.
    """
    while True:
        found = await connection.execute(_WRAPS_IN, (key.workspace_id, key.epoch))
        ((is_so,),) = await found.fetchall()
        if is_so is None:
            raise NotFound("workspace")
        if is_so:
            return key
        key = await key.renewed(connection)
