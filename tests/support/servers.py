"""PostgreSQL servers and databases of the tests' own."""

import asyncio
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from adapters.postgres.embedded import DATABASE, EmbeddedPostgres, Urls


@contextmanager
def shared_server(home: Path) -> Iterator[Urls]:
    """An embedded PostgreSQL that many tests use, stopped at the end.

    It leaves it to the kernel when its files reach the disk, for no test cuts the power. To make
    and to drop a database would cost half a second otherwise.
    """
    server = EmbeddedPostgres(home)
    urls = asyncio.run(server.start())
    try:
        with psycopg.connect(urls.admin, autocommit=True) as owner:
            owner.execute("ALTER SYSTEM SET fsync = off")
            owner.execute("SELECT pg_reload_conf()")
        yield urls
    finally:
        asyncio.run(server.stop())


@contextmanager
def new_database(server: Urls) -> Iterator[Urls]:
    """An empty database on a server, dropped afterwards."""
    name = f"test_{secrets.token_hex(8)}"
    with psycopg.connect(server.admin, autocommit=True) as owner:
        owner.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield Urls(*(url.replace(f"/{DATABASE}?", f"/{name}?") for url in server))
        owner.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def copy_cluster(made: Path, home: Path) -> Path:
    """A home whose cluster is made already: the copy takes a tenth of the time of the making."""
    home.mkdir(mode=0o700)
    subprocess.run(["/bin/cp", "--archive", made / "postgres", home / "postgres"], check=True)
    return home
