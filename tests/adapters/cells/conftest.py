"""Another PostgreSQL server, for what leaves the first one."""

from collections.abc import Iterator

import pytest
from servers import new_database, shared_server

from adapters.postgres.embedded import Urls


@pytest.fixture(scope="session")
def other_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Urls]:
    """A second embedded PostgreSQL, stopped at the end."""
    with shared_server(tmp_path_factory.mktemp("elsewhere")) as urls:
        yield urls


@pytest.fixture
def elsewhere(other_server: Urls) -> Iterator[Urls]:
    """An empty database of the test's own on the second server."""
    with new_database(other_server) as urls:
        yield urls
