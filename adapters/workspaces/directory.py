"""The directory: the workspaces of the deployment and the cell of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from adapters.postgres.pool import Pool
from domain.errors import NotFound

_SELECT = "SELECT workspace_id, name, cell, created_at FROM directory.workspaces"
_INSERT = "INSERT INTO directory.workspaces (workspace_id, name, cell) VALUES (%s, %s, %s)"


@dataclass(frozen=True, slots=True)
class Workspace:
    """A controller's workspace and where it lies."""

    workspace_id: UUID
    name: str
    cell: str
    created_at: datetime


class Directory:
    """Finds a workspace's cell; a workspace never changes it by itself, so it is remembered."""

    def __init__(self, pool: Pool, cells: Sequence[str]) -> None:
        self._pool = pool
        self._cells = tuple(cells)
        self._known: dict[UUID, str] = {}

    async def cell_of(self, workspace_id: UUID) -> str:
        """The cell's name; ``NotFound`` where there is no such workspace."""
        if workspace_id not in self._known:
            async with self._pool.connection() as connection:
                rows = await connection.execute(
                    _SELECT + " WHERE workspace_id = %s", (workspace_id,)
                )
                found = await rows.fetchone()
            if found is None:
                raise NotFound("workspace")
            self._known[workspace_id] = found[2]
        return self._known[workspace_id]

    async def all(self) -> list[Workspace]:
        """Every workspace, the oldest first."""
        async with self._pool.connection() as connection:
            rows = await connection.execute(_SELECT + " ORDER BY created_at, workspace_id")
            return [Workspace(*row) for row in await rows.fetchall()]

    async def emptiest_cell(self) -> str:
        """The cell with the fewest workspaces: where the next one goes."""
        placed = [workspace.cell for workspace in await self.all()]
        return min(self._cells, key=placed.count)

    async def add(self, workspace_id: UUID, name: str, cell: str) -> None:
        """Place a workspace, after its cell is ready for it."""
        async with self._pool.connection() as connection:
            await connection.execute(_INSERT, (workspace_id, name, cell))
