"""The directory: which cell holds a workspace, and where the next one goes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from cells import asynchronous

from adapters.cells import provisioner
from adapters.postgres.embedded import Urls
from adapters.postgres.pool import open_pool
from adapters.workspaces.directory import Directory
from domain.errors import NotFound


@asynccontextmanager
async def _directory(urls: Urls, *cells: str) -> AsyncIterator[Directory]:
    await provisioner.bring_up(urls, cells)
    async with await open_pool(urls.app, "ringledger_writer") as pool:
        yield Directory(pool, urls.app)


@asynchronous
async def test_a_workspace_is_found_in_its_cell(database: Urls) -> None:
    """By whoever asks, also before it was placed and after."""
    workspace_id = uuid4()
    async with _directory(database, "cell_1", "cell_2") as here, _directory(database) as there:
        with pytest.raises(NotFound):
            await there.cell_of(workspace_id)
        await here.add(workspace_id, "Ghent", "cell_2")
        assert await there.cell_of(workspace_id) == await here.cell_of(workspace_id) == "cell_2"
        assert [(one.name, one.cell) for one in await there.all()] == [("Ghent", "cell_2")]


@asynchronous
async def test_the_next_workspace_goes_to_the_emptiest_cell(database: Urls) -> None:
    """Cells fill evenly, and a new one fills first."""
    async with _directory(database, "cell_1", "cell_2", "cell_3") as directory:
        for name in ("cell_1", "cell_1", "cell_2"):
            await directory.add(uuid4(), "Ghent", name)
        assert await directory.emptiest_cell() == "cell_3"


@asynchronous
async def test_a_workspace_is_placed_once(database: Urls) -> None:
    """A second place for the same workspace is refused: its history has one."""
    workspace_id = uuid4()
    async with _directory(database, "cell_1", "cell_2") as directory:
        adds = [directory.add(workspace_id, "Ghent", cell) for cell in ("cell_1", "cell_2")]
        answers = await asyncio.gather(*adds, return_exceptions=True)
        assert [type(answer).__name__ for answer in answers].count("UniqueViolation") == 1
        assert len(await directory.all()) == 1
