"""Forward-only migrations: plain SQL files, each applied once, in order, in one transaction.

`directory/*.sql` and `jobs/*.sql` run once per deployment and `cell/*.sql` once per cell, with
the schema as the only entry of `search_path`: a file names no schema. An applied file never
changes again.
"""

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final, NamedTuple

from psycopg import AsyncConnection, sql

from adapters.postgres.pool import ROLES

DIRECTORY: Final = "directory"
JOBS: Final = "jobs"
LOCK_SECONDS: Final = 5.0
"""A migration that queues behind a long reader makes everyone queue behind itself."""

_LOCK: Final = 0x52494E474C454447  # "RINGLEDG": one migration of a database at a time


class MigrationError(Exception):
    """The files and what the database has applied contradict each other."""


class Migration(NamedTuple):
    """One SQL file."""

    name: str
    text: str

    @property
    def checksum(self) -> str:
        """What an applied file is recognised by."""
        return hashlib.sha256(self.text.encode()).hexdigest()


async def migrate(
    admin_url: str,
    *,
    cells: Sequence[str],
    present: Sequence[str] = (),
    frozen: Sequence[str] = (),
    login: str = "ringledger",
    source: Traversable | None = None,
    with_directory: bool = True,
) -> list[str]:
    """Bring the directory and every cell up to date; returns what was applied, as `schema/name`.

    Args:
        admin_url: The database, for a role that may create schemas and roles.
        cells: The schemas of the cells; one that is not there is made.
        present: More of them, which are left alone where they are not there (any more).
        frozen: Those of them that must not change now, because they are being moved.
        login: The role the application logs in as; if it exists it may become our roles.
        source: Holds `directory/`, `jobs/` and `cell/`; ours unless told otherwise.
        with_directory: Whether this is the deployment's own database, with directory and jobs.

    Raises:
        MigrationError: The files contradict the database, or a frozen cell lacks one.
    """
    root = source or files("migrations")
    directory, jobs, cell = (_read(root / folder) for folder in (DIRECTORY, JOBS, "cell"))
    async with await AsyncConnection.connect(admin_url, autocommit=True) as connection:
        # The end of the session releases the lock, however it ends.
        await connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        await _create_roles(connection, login)
        applied: list[str] = []
        if with_directory:
            applied += await _migrate_schema(connection, DIRECTORY, directory)
            applied += await _migrate_schema(connection, JOBS, jobs)
        for schema in (*cells, *present):
            if schema in cells or await _exists(connection, schema):
                may_change = schema not in frozen
                applied += await _migrate_schema(connection, schema, cell, may_change=may_change)
    return applied


def _read(folder: Traversable) -> list[Migration]:
    """Read a folder's migrations in the order they are applied."""
    return sorted(
        Migration(file.name.removesuffix(".sql"), file.read_text(encoding="utf-8"))
        for file in folder.iterdir()
        if file.name.endswith(".sql")
    )


async def _create_roles(connection: AsyncConnection, login: str) -> None:
    """Make the roles that own no login, for us and for the application to become."""
    found = await connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (login,))
    members: list[sql.Composable] = [sql.SQL("CURRENT_USER")]
    if found.rowcount:
        members.append(sql.Identifier(login))
    for role in ROLES:
        await connection.execute(_CREATE_ROLE.format(role=sql.Identifier(role)))
        grant = sql.SQL("GRANT {} TO {}")
        await connection.execute(grant.format(sql.Identifier(role), sql.SQL(", ").join(members)))


async def _exists(connection: AsyncConnection, schema: str) -> bool:
    found = await connection.execute("SELECT FROM pg_namespace WHERE nspname = %s", (schema,))
    return bool(found.rowcount)


async def _migrate_schema(
    connection: AsyncConnection,
    schema: str,
    migrations: Sequence[Migration],
    *,
    may_change: bool = True,
) -> list[str]:
    """Apply to one schema what it lacks."""
    async with _inside(connection, schema):
        if not await _exists(connection, schema):
            # Only then: a cell that moves is hidden from the roles, and must stay so.
            create = _CREATE_SCHEMA.format(schema=sql.Identifier(schema), roles=_ROLES)
            await connection.execute(create)
        await connection.execute(_CREATE_TABLE)
        rows = await connection.execute("SELECT name, checksum FROM migration ORDER BY name")
        done: list[tuple[str, str]] = await rows.fetchall()
    _compare(schema, done, migrations)
    waiting = migrations[len(done) :]
    if waiting and not may_change:
        raise MigrationError(
            f"{schema} is being moved to another database and lacks {waiting[0].name}: "
            "finish or abort the move with the release that began it"
        )
    for migration in waiting:
        async with _inside(connection, schema):
            await connection.execute(migration.text.encode())
            await connection.execute(
                "INSERT INTO migration (name, checksum) VALUES (%s, %s)",
                (migration.name, migration.checksum),
            )
    return [f"{schema}/{migration.name}" for migration in waiting]


@asynccontextmanager
async def _inside(connection: AsyncConnection, schema: str) -> AsyncIterator[None]:
    """Open a transaction in which `schema` is all there is, and which waits for no lock long."""
    async with connection.transaction():
        patience = sql.Literal(f"{LOCK_SECONDS}s")
        await connection.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(patience))
        await connection.execute(
            sql.SQL("SET LOCAL search_path = {}").format(sql.Identifier(schema))
        )
        yield


def _compare(
    schema: str, done: Sequence[tuple[str, str]], migrations: Sequence[Migration]
) -> None:
    """Refuse unless what is applied is, byte for byte, the beginning of what we have."""
    known = {migration.name: migration.checksum for migration in migrations}
    for name, checksum in done:
        if name not in known:
            raise MigrationError(f"{schema}/{name} is applied but unknown to this release")
        if known[name] != checksum:
            raise MigrationError(f"{schema}/{name} was changed after it was applied")
    for (name, _), migration in zip(done, migrations, strict=False):
        if name != migration.name:
            raise MigrationError(f"{schema}/{migration.name} is new but older than {name}")


_ROLES: Final = sql.SQL(", ").join(sql.Identifier(role) for role in ROLES)

# Roles belong to the whole server, so another database's migration may make one between our look
# and our step.
_CREATE_ROLE: Final = sql.SQL("""
DO $$ BEGIN
    CREATE ROLE {role} NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END $$
""")

_CREATE_SCHEMA: Final = sql.SQL("""
CREATE SCHEMA {schema};
GRANT USAGE ON SCHEMA {schema} TO {roles};
""")

_CREATE_TABLE: Final = """
CREATE TABLE IF NOT EXISTS migration (
    name text PRIMARY KEY,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""
