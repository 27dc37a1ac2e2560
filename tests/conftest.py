"""What every test may ask for: a real PostgreSQL, one for the whole run of a worker."""

import asyncio
import secrets
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from adapters.postgres.embedded import DATABASE, EmbeddedPostgres, Urls


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Urls]:
    """An embedded PostgreSQL in a directory of its own, stopped at the end.

    Its tables are shared by the run: a test that minds makes a database of its own.
    """
    server = EmbeddedPostgres(tmp_path_factory.mktemp("home"))
    urls = asyncio.run(server.start())
    try:
        yield urls
    finally:
        asyncio.run(server.stop())


@pytest.fixture
def database(postgres: Urls) -> Iterator[Urls]:
    """An empty database of the test's own in the shared PostgreSQL, dropped afterwards."""
    name = f"test_{secrets.token_hex(8)}"
    with psycopg.connect(postgres.admin, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield Urls(*(url.replace(f"/{DATABASE}?", f"/{name}?") for url in postgres))
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
