"""Another PostgreSQL server, for what leaves the first one."""

import asyncio
from collections.abc import Iterator

import pytest
from moving import new_database

from adapters.postgres.embedded import EmbeddedPostgres, Urls


@pytest.fixture(scope="module")
def other_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Urls]:
    """A second embedded PostgreSQL, stopped at the end."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("elsewhere"))
    urls = asyncio.run(server.start())
    try:
        yield urls
    finally:
        asyncio.run(server.stop())


@pytest.fixture
def elsewhere(other_server: Urls) -> Iterator[Urls]:
    """An empty database of the test's own on the second server."""
    with new_database(other_server) as urls:
        yield urls
