"""The directory: the workspaces of the deployment, the cell of each, and where each cell lies."""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import psycopg

from adapters.cells.place import Place
from adapters.postgres.pool import Pool, connect
from domain.errors import NotFound

FRESH_SECONDS: Final = 5.0
"""How long a workspace's cell is remembered: an empty workspace may be placed anew."""

_SELECT = "SELECT workspace_id, name, cell, created_at FROM directory.workspaces"
_INSERT = "INSERT INTO directory.workspaces (workspace_id, name, cell) VALUES (%s, %s, %s)"
_CELLS = "SELECT name, schema, url FROM directory.cells"


@dataclass(frozen=True, slots=True)
class Workspace:
    """A controller's workspace and where it lies."""

    workspace_id: UUID
    name: str
    cell: str
    created_at: datetime


class Directory:
    """Finds a workspace's cell, and a cell's place."""

    def __init__(self, pool: Pool, own_url: str) -> None:
        self._pool = pool
        self.own_url = own_url
        """The deployment's own database, for the application."""

        self._known: dict[UUID, tuple[str, float]] = {}

    def known_cell_of(self, workspace_id: UUID) -> str | None:
        """The cell's name, if it was asked for within the last seconds."""
        cell, until = self._known.get(workspace_id, (None, 0.0))
        return cell if time.monotonic() < until else None

    async def cell_of(self, workspace_id: UUID) -> str:
        """The cell's name; ``NotFound`` where there is no such workspace."""
        if known := self.known_cell_of(workspace_id):
            return known
        cell, _ = self._known.get(workspace_id, (None, 0.0))
        if cell is not None:  # One asks; whoever comes meanwhile takes what is known.
            self._remember(workspace_id, cell)
        try:
            cell = (await self._read(workspace_id))[2]
        except psycopg.OperationalError:
            if cell is None:
                raise
        self._remember(workspace_id, cell)
        return cell

    async def all(self) -> list[Workspace]:
        """Every workspace, the oldest first."""
        async with self._pool.connection() as connection:
            rows = await connection.execute(_SELECT + " ORDER BY created_at, workspace_id")
            return [Workspace(*row) for row in await rows.fetchall()]

    async def name_of(self, workspace_id: UUID) -> str:
        """What the workspace is called; ``NotFound`` where there is none."""
        name: str = (await self._read(workspace_id))[1]
        return name

    async def emptiest_cell(self) -> str:
        """The cell with the fewest workspaces: where the next one goes."""
        placed = [workspace.cell for workspace in await self.all()]
        return min((place.name for place in await self.cells()), key=placed.count)

    async def add(self, workspace_id: UUID, name: str, cell: str) -> None:
        """Place a workspace, after its cell is ready for it."""
        async with self._pool.connection() as connection:
            await connection.execute(_INSERT, (workspace_id, name, cell))

    async def cells(self) -> list[Place]:
        """Where every cell lies, by name."""
        async with self._pool.connection() as connection:
            rows = await connection.execute(_CELLS + " ORDER BY length(name), name")
            return [self._place(*row) for row in await rows.fetchall()]

    async def place_of(self, cell: str) -> Place:
        """Where the cell lies now, asked through a connection of its own.

        A pool would let us wait for a database that is down; here the caller hears of it at once.
        """
        async with await connect(self.own_url, "ringledger_writer") as connection:
            rows = await connection.execute(_CELLS + " WHERE name = %s", (cell,))
            found = await rows.fetchone()
        if found is None:
            raise NotFound("cell")
        return self._place(*found)

    def _place(self, name: str, schema: str, url: str | None) -> Place:
        return Place(name, schema, url or self.own_url)

    def _remember(self, workspace_id: UUID, cell: str) -> None:
        self._known[workspace_id] = (cell, time.monotonic() + FRESH_SECONDS)

    async def _read(self, workspace_id: UUID) -> tuple[Any, ...]:
        async with self._pool.connection() as connection:
            rows = await connection.execute(_SELECT + " WHERE workspace_id = %s", (workspace_id,))
            found = await rows.fetchone()
        if found is None:
            raise NotFound("workspace")
        return found
