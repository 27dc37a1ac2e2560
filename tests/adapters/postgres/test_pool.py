"""A pool's connections are one role, commit at once, and outlive the server's restart."""

import asyncio
from pathlib import Path

import psycopg
import pytest

from adapters.postgres.embedded import EmbeddedPostgres, Urls
from adapters.postgres.migrate import migrate
from adapters.postgres.pool import Pool, open_pool


@pytest.fixture
def roles(tmp_path: Path) -> Path:
    """Migrations that make the roles and nothing else."""
    for folder in ("directory", "cell"):
        (tmp_path / "migrations" / folder).mkdir(parents=True)
    return tmp_path / "migrations"


async def _ask(pool: Pool, query: bytes) -> object:
    async with pool.connection() as connection:
        return await (await connection.execute(query)).fetchone()


def test_a_connection_is_its_role_for_good(database: Urls, roles: Path) -> None:
    """Resetting the role, or everything, does not lead out of it."""

    async def reset() -> None:
        await migrate(database.admin, cells=[], source=roles)
        async with await open_pool(database.app, "ringledger_follower") as pool:
            async with pool.connection() as connection:
                assert connection.autocommit
                await connection.execute("RESET ROLE")
                await connection.execute("RESET ALL")
            answer = await _ask(pool, b"SELECT session_user::text, current_user::text")
            assert answer == ("ringledger", "ringledger_follower")

    asyncio.run(reset())


def test_options_given_in_the_url_stay(database: Urls, roles: Path) -> None:
    """The role is added to what the operator's URL asks for."""

    async def ask() -> None:
        await migrate(database.admin, cells=[], source=roles)
        url = f"{database.app}&options=-c%20statement_timeout%3D1234"
        async with await open_pool(url, "ringledger_api") as pool:
            assert await _ask(pool, b"SHOW statement_timeout") == ("1234ms",)
            assert await _ask(pool, b"SELECT current_user::text") == ("ringledger_api",)

    asyncio.run(ask())


def test_a_restarted_server_is_not_noticed(tmp_path: Path, roles: Path) -> None:
    """Whoever borrows a connection after a restart gets one that works."""

    async def restart() -> None:
        async with EmbeddedPostgres(tmp_path) as urls:
            await migrate(urls.admin, cells=[], source=roles)
            pool = await open_pool(urls.app, "ringledger_api", min_size=2)
            assert await _ask(pool, b"SELECT 1") == (1,)
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(urls.app)
        async with EmbeddedPostgres(tmp_path), pool:
            assert await _ask(pool, b"SELECT 2") == (2,)

    asyncio.run(restart())
