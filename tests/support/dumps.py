"""Backups of a test's database, made and put back by PostgreSQL's own programs."""

import subprocess
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from adapters.postgres.cluster import BINARIES
from adapters.postgres.embedded import Urls


def dump(database: Urls, file: Path) -> Path:
    """Back the whole database up into a file."""
    _run("pg_dump", "--format=custom", f"--file={file}", database.admin)
    return file


def restore(database: Urls, file: Path) -> None:
    """Put the database back as it was: what came after the backup is gone."""
    name = str(conninfo_to_dict(database.admin)["dbname"])
    server = database.admin.replace(f"/{name}?", "/postgres?")
    with psycopg.connect(server, autocommit=True) as owner:
        owner.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        owner.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    _run("pg_restore", f"--dbname={database.admin}", str(file))


def dump_as_text(database: Urls, file: Path) -> None:
    """Back up what can be read with the eye: every row of every table, as SQL."""
    _run("pg_dump", f"--file={file}", database.admin)


def _run(program: str, *arguments: str) -> None:
    done = subprocess.run(
        [BINARIES / program, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
