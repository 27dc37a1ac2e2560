"""A pool's connections are one role, commit at once, and outlive the server's restart."""

import asyncio
from pathlib import Path

import psycopg
import pytest
from waiting import LONGEST_SECONDS

from adapters.postgres import pool as pools
from adapters.postgres.embedded import EmbeddedPostgres, Urls
from adapters.postgres.migrate import migrate
from adapters.postgres.pool import Pool, open_pool

KILL = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'ringledger_api'
"""


@pytest.fixture
def roles(tmp_path: Path) -> Path:
    """Migrations that make the roles and nothing else."""
    for folder in ("directory", "jobs", "cell"):
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


def test_a_restarted_server_is_not_noticed(home: Path, roles: Path) -> None:
    """Whoever borrows a connection after a restart gets one that works."""

    async def restart() -> None:
        async with EmbeddedPostgres(home) as urls:
            await migrate(urls.admin, cells=[], source=roles)
            pool = await open_pool(urls.app, "ringledger_api", min_size=2)
            assert await _ask(pool, b"SELECT 1") == (1,)
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(urls.app)
        async with EmbeddedPostgres(home), pool:
            assert await _ask(pool, b"SELECT 2") == (2,)

    asyncio.run(restart())


def test_a_long_outage_is_not_followed_by_a_longer_one(
    database: Urls, roles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often it was tried in vain, who waits is served soon after the server is back."""
    monkeypatch.setattr(pools, "RECONNECT_SECONDS", 0.05)
    attempts = 0

    async def locate() -> str:
        nonlocal attempts
        attempts += 1
        return database.app if attempts > 24 else f"postgresql:///none?host={tmp_path}"

    async def outage() -> None:
        await migrate(database.admin, cells=[], source=roles)
        async with await open_pool(locate, "ringledger_api", min_size=3) as pool:
            async with asyncio.timeout(LONGEST_SECONDS):
                assert await _ask(pool, b"SELECT 1") == (1,)

    asyncio.run(outage())


def test_one_lost_connection_is_enough_to_know(database: Urls, roles: Path) -> None:
    """After a restart all that are idle are lost; whoever borrows does not try one by one."""

    async def lose_all() -> None:
        await migrate(database.admin, cells=[], source=roles)
        async with await open_pool(database.app, "ringledger_api", min_size=4) as pool:
            await pool.wait(LONGEST_SECONDS)
            with psycopg.connect(database.admin) as owner:
                assert owner.execute(KILL).rowcount == 4
            assert await _ask(pool, b"SELECT 1") == (1,)
            assert pool.get_stats()["connections_lost"] == 1

    asyncio.run(lose_all())
