"""The embedded PostgreSQL: private, shared by processes, alive after whatever kills it."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from servers import copy_cluster
from structlog.testing import capture_logs
from waiting import eventually

from adapters.postgres import embedded
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
SAFE = ("fsync", "synchronous_commit", "full_page_writes", "data_checksums")
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


def test_acknowledged_means_on_the_disk(home: Path) -> None:
    """No setting trades durability for speed."""

    async def ask() -> None:
        async with EmbeddedPostgres(home) as urls:
            with psycopg.connect(urls.admin) as connection:
                for setting in SAFE:
                    assert connection.execute(f"SHOW {setting}").fetchone() == ("on",), setting

    asyncio.run(ask())


def test_no_value_reaches_the_server_log(home: Path) -> None:
    """A failing statement leaves neither its text, nor its parameters, nor its detail behind."""
    marker = "Zz-marker-4417"

    async def fail() -> None:
        async with EmbeddedPostgres(home) as urls:
            with psycopg.connect(urls.admin, autocommit=True) as connection:
                connection.execute("CREATE TABLE seen (mark text PRIMARY KEY)")
                connection.execute("INSERT INTO seen VALUES (%s)", (marker,))
                with pytest.raises(psycopg.errors.UniqueViolation):
                    connection.execute("INSERT INTO seen VALUES (%s)", (marker,))
                with pytest.raises(psycopg.errors.InvalidTextRepresentation):
                    connection.execute(f"SELECT '{marker}'::int")

    asyncio.run(fail())
    log = (home / "postgres/log").read_text()
    assert "ready to accept connections" in log
    assert marker not in log


def test_what_was_kept_is_there_after_a_restart(home: Path) -> None:
    """Stopping ends the server and loses nothing; stopping twice changes nothing."""

    async def twice() -> None:
        server = EmbeddedPostgres(home)
        urls = await server.start()
        _keep(urls)
        await server.stop()
        await server.stop()
        assert not _is_up(urls)
        async with EmbeddedPostgres(home) as urls:
            assert _kept(urls) == (7,)

    asyncio.run(twice())


def test_the_last_process_to_leave_stops_the_server(home: Path) -> None:
    """Who leaves takes the server from nobody; Ctrl-C in the last process stops it in order."""
    with _holder(home) as other:

        async def visit() -> Urls:
            async with EmbeddedPostgres(home) as urls:
                pass
            return urls

        urls = asyncio.run(visit())
        assert _is_up(urls)
        os.killpg(other.pid, signal.SIGINT)
    assert not _is_up(urls)
    log = (home / "postgres/log").read_text()
    assert log.endswith("database system is shut down\n")


def test_a_killed_process_does_not_keep_the_server_up(home: Path) -> None:
    """After `kill -9` of a process the next one takes its server over, and stops it."""
    with _holder(home) as other:
        other.kill()
    server = _postmaster(home)

    async def visit() -> Urls:
        async with EmbeddedPostgres(home) as urls:
            assert _postmaster(home) == server
        return urls

    assert not _is_up(asyncio.run(visit()))


def test_a_killed_server_recovers(home: Path) -> None:
    """After `kill -9` of the server a start recovers all that was acknowledged."""

    async def kill_and_return() -> None:
        async with EmbeddedPostgres(home) as urls:
            _keep(urls)
            os.kill(_postmaster(home), signal.SIGKILL)
        async with EmbeddedPostgres(home) as urls:
            assert _kept(urls) == (7,)

    asyncio.run(kill_and_return())


def test_a_reused_process_id_does_not_prevent_a_start(home: Path) -> None:
    """A trace left by a killed server is not mistaken for another program of the same id."""

    async def start_beside_a_stale_trace() -> None:
        async with EmbeddedPostgres(home):
            trace = (home / "postgres/postmaster.pid").read_text()
        _, rest = trace.split("\n", 1)
        (home / "postgres/postmaster.pid").write_text(f"{os.getpid()}\n{rest}")
        async with EmbeddedPostgres(home) as urls:
            assert _is_up(urls)

    asyncio.run(start_beside_a_stale_trace())


def test_a_long_path_gets_a_short_socket(made: Path, tmp_path: Path) -> None:
    """A home too deep for a socket's name still works."""
    home = copy_cluster(made, tmp_path / ("deep" * 30))

    async def start_deep() -> None:
        async with EmbeddedPostgres(home) as urls:
            assert _is_up(urls)

    asyncio.run(start_deep())


def test_a_server_that_dies_is_started_again(home: Path) -> None:
    """By one of those who share it; who leaves takes it from nobody, and the last one stops it."""

    async def share() -> None:
        one, two = EmbeddedPostgres(home), EmbeddedPostgres(home)
        async with one as urls:
            _keep(urls)
            async with two, asyncio.TaskGroup() as group:
                keeping = [group.create_task(server.keep_up()) for server in (one, two)]
                for _ in range(2):
                    with capture_logs() as lines:
                        os.kill(died := _postmaster(home), signal.SIGKILL)
                        await eventually(lambda: "postgres.started" in said(lines))
                        await eventually(lambda: _is_up(urls) and _postmaster(home) != died)
                    assert said(lines) == {"postgres.died", "postgres.started"}
                    assert _kept(urls) == (7,)
                for task in keeping:
                    task.cancel()
            assert _is_up(urls)
        assert not _is_up(urls)

    def said(lines: list[MutableMapping[str, Any]]) -> set[str]:
        return {line["event"] for line in lines}

    asyncio.run(share())


def test_who_has_left_starts_nothing_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However late the last look comes."""
    monkeypatch.setattr(embedded, "LOOK_SECONDS", 0.0)

    async def leave() -> Urls:
        server = EmbeddedPostgres(home)
        async with server as urls, asyncio.TaskGroup() as group:
            keeping = group.create_task(server.keep_up())
            await server.stop()
            with capture_logs() as lines:
                await eventually(lambda: "postgres.died" in {line["event"] for line in lines})
            keeping.cancel()
        return urls

    assert not _is_up(asyncio.run(leave()))
