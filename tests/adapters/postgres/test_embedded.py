"""The embedded PostgreSQL: private, shared by processes, alive after whatever kills it."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from adapters.postgres.embedded import EmbeddedPostgres, Urls

_HOLDER = """
import asyncio, signal, sys
from pathlib import Path
from adapters.postgres.embedded import EmbeddedPostgres

async def hold():
    async with EmbeddedPostgres(Path(sys.argv[1])):
        print("up", flush=True)
        await asyncio.Event().wait()

# Who is started in the background of a shell inherits that Ctrl-C is ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
asyncio.run(hold())
"""
_ENDS_WITHIN_SECONDS = 60.0


@contextmanager
def _holder(home: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that uses the cluster until Ctrl-C; whoever is told to end, must."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(home)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    with process:
        assert process.stdout
        assert process.stdout.readline() == "up\n"
        try:
            yield process
            process.wait(_ENDS_WITHIN_SECONDS)
        finally:
            process.kill()


def _postmaster(home: Path) -> int:
    return int((home / "postgres/postmaster.pid").read_text().split("\n", 1)[0])


def _is_up(urls: Urls) -> bool:
    try:
        psycopg.connect(urls.admin).close()
    except psycopg.OperationalError:
        return False
    return True


def _keep(urls: Urls) -> None:
    with psycopg.connect(urls.admin) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")


def _kept(urls: Urls) -> object:
    with psycopg.connect(urls.admin) as connection:
        return connection.execute("SELECT number FROM kept").fetchone()


def test_the_application_logs_in_without_any_power(postgres: Urls) -> None:
    """The application's login may create nothing and is nobody's superuser."""
    with psycopg.connect(postgres.app) as connection:
        powers = connection.execute(
            "SELECT rolname, rolsuper, rolcreatedb, rolcreaterole, rolinherit, rolbypassrls"
            " FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert powers == ("ringledger", False, False, False, False, False)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE public.mine (number int)")


def test_nothing_listens_on_the_network(postgres: Urls) -> None:
    """The cluster is reached through a socket in a directory that is its owner's alone."""
    with psycopg.connect(postgres.admin) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        assert Path(connection.info.host).stat().st_mode & 0o077 == 0


def test_acknowledged_means_on_the_disk(postgres: Urls) -> None:
    """No setting trades durability for speed."""
    with psycopg.connect(postgres.admin) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
            assert connection.execute(f"SHOW {setting}").fetchone() == ("on",), setting


def test_no_value_reaches_the_server_log(tmp_path: Path) -> None:
    """A failing statement leaves neither its text, nor its parameters, nor its detail behind."""
    marker = "Zz-marker-4417"

    async def fail() -> None:
        async with EmbeddedPostgres(tmp_path) as urls:
            with psycopg.connect(urls.admin, autocommit=True) as connection:
                connection.execute("CREATE TABLE seen (mark text PRIMARY KEY)")
                connection.execute("INSERT INTO seen VALUES (%s)", (marker,))
                with pytest.raises(psycopg.errors.UniqueViolation):
                    connection.execute("INSERT INTO seen VALUES (%s)", (marker,))
                with pytest.raises(psycopg.errors.InvalidTextRepresentation):
                    connection.execute(f"SELECT '{marker}'::int")

    asyncio.run(fail())
    log = (tmp_path / "postgres/log").read_text()
    assert "ready to accept connections" in log
    assert marker not in log


def test_what_was_kept_is_there_after_a_restart(tmp_path: Path) -> None:
    """Stopping ends the server and loses nothing; stopping twice changes nothing."""

    async def twice() -> None:
        server = EmbeddedPostgres(tmp_path)
        urls = await server.start()
        _keep(urls)
        await server.stop()
        await server.stop()
        assert not _is_up(urls)
        async with EmbeddedPostgres(tmp_path) as urls:
            assert _kept(urls) == (7,)

    asyncio.run(twice())


def test_the_last_process_to_leave_stops_the_server(tmp_path: Path) -> None:
    """Who leaves takes the server from nobody; Ctrl-C in the last process stops it in order."""
    with _holder(tmp_path) as other:

        async def visit() -> Urls:
            async with EmbeddedPostgres(tmp_path) as urls:
                pass
            return urls

        urls = asyncio.run(visit())
        assert _is_up(urls)
        os.killpg(other.pid, signal.SIGINT)
    assert not _is_up(urls)
    log = (tmp_path / "postgres/log").read_text()
    assert log.endswith("database system is shut down\n")


def test_a_killed_process_does_not_keep_the_server_up(tmp_path: Path) -> None:
    """After `kill -9` of a process the next one takes its server over, and stops it."""
    with _holder(tmp_path) as other:
        other.kill()
    server = _postmaster(tmp_path)

    async def visit() -> Urls:
        async with EmbeddedPostgres(tmp_path) as urls:
            assert _postmaster(tmp_path) == server
        return urls

    assert not _is_up(asyncio.run(visit()))


def test_a_killed_server_recovers(tmp_path: Path) -> None:
    """After `kill -9` of the server a start recovers all that was acknowledged."""

    async def kill_and_return() -> None:
        async with EmbeddedPostgres(tmp_path) as urls:
            _keep(urls)
            os.kill(_postmaster(tmp_path), signal.SIGKILL)
        async with EmbeddedPostgres(tmp_path) as urls:
            assert _kept(urls) == (7,)

    asyncio.run(kill_and_return())


def test_a_reused_process_id_does_not_prevent_a_start(tmp_path: Path) -> None:
    """A trace left by a killed server is not mistaken for another program of the same id."""

    async def start_beside_a_stale_trace() -> None:
        async with EmbeddedPostgres(tmp_path):
            trace = (tmp_path / "postgres/postmaster.pid").read_text()
        _, rest = trace.split("\n", 1)
        (tmp_path / "postgres/postmaster.pid").write_text(f"{os.getpid()}\n{rest}")
        async with EmbeddedPostgres(tmp_path) as urls:
            assert _is_up(urls)

    asyncio.run(start_beside_a_stale_trace())


def test_a_long_path_gets_a_short_socket(tmp_path: Path) -> None:
    """A home too deep for a socket's name still works."""
    home = tmp_path / ("deep" * 30)

    async def start_deep() -> None:
        async with EmbeddedPostgres(home) as urls:
            assert _is_up(urls)

    asyncio.run(start_deep())
