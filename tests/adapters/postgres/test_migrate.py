"""Migrations: forward only, once each, one at a time, whole or not at all."""

import asyncio
from pathlib import Path

import psycopg
import pytest

from adapters.postgres import migrate as migrating
from adapters.postgres.embedded import Urls
from adapters.postgres.migrate import MigrationError, migrate
from adapters.postgres.pool import ROLES

_FUNCTION = """
CREATE TABLE call (id int PRIMARY KEY, share text DEFAULT '50%');
CREATE FUNCTION calls() RETURNS bigint LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    RETURN (SELECT count(*) FROM call);
END $$;
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A small set of migrations that a test may change."""
    for folder in ("directory", "jobs", "cell"):
        (tmp_path / folder).mkdir()
    (tmp_path / "directory/0001_places.sql").write_text("CREATE TABLE place (id int);")
    (tmp_path / "cell/0001_calls.sql").write_text(_FUNCTION)
    return tmp_path


def _migrate(urls: Urls, source: Path, *cells: str) -> list[str]:
    return asyncio.run(migrate(urls.admin, cells=cells or ("cell_1",), source=source))


def test_each_file_is_applied_once_and_new_cells_catch_up(database: Urls, source: Path) -> None:
    """A second run applies only what is new: a file, or a cell."""
    assert _migrate(database, source) == ["directory/0001_places", "cell_1/0001_calls"]
    assert _migrate(database, source) == []
    (source / "cell/0002_more.sql").write_text("ALTER TABLE call ADD COLUMN more int;")
    assert _migrate(database, source, "cell_1", "cell_2") == [
        "cell_1/0002_more",
        "cell_2/0001_calls",
        "cell_2/0002_more",
    ]
    with psycopg.connect(database.admin) as connection:
        assert connection.execute("SELECT cell_1.calls() + cell_2.calls()").fetchone() == (0,)


def test_our_own_migrations_apply(database: Urls) -> None:
    """What we ship applies to an empty database, twice as well as once."""
    cells = ("cell_1", "cell_2")
    assert asyncio.run(migrate(database.admin, cells=cells))
    assert asyncio.run(migrate(database.admin, cells=cells)) == []


def test_a_failing_file_leaves_nothing(database: Urls, source: Path) -> None:
    """A file is applied whole or not at all, and is tried again when it is mended."""
    broken = source / "cell/0002_broken.sql"
    broken.write_text("CREATE TABLE half (id int); SELECT 1 / 0;")
    with pytest.raises(psycopg.errors.DivisionByZero):
        _migrate(database, source)
    broken.write_text("CREATE TABLE half (id int);")
    assert _migrate(database, source) == ["cell_1/0002_broken"]


def test_an_applied_file_may_not_change(database: Urls, source: Path) -> None:
    """History is not rewritten: an edited file stops the start, naming it."""
    _migrate(database, source)
    with (source / "cell/0001_calls.sql").open("a") as file:
        file.write("-- an afterthought\n")
    with pytest.raises(MigrationError, match="cell_1/0001_calls was changed"):
        _migrate(database, source)


def test_an_unknown_applied_file_is_refused(database: Urls, source: Path) -> None:
    """An older release does not start on a newer database."""
    _migrate(database, source)
    (source / "directory/0001_places.sql").unlink()
    with pytest.raises(MigrationError, match="directory/0001_places is applied but unknown"):
        _migrate(database, source)


def test_a_file_may_not_slip_in_before_an_applied_one(database: Urls, source: Path) -> None:
    """The order in which files apply is the same on every database."""
    _migrate(database, source)
    (source / "cell/0000_first.sql").write_text("SELECT;")
    with pytest.raises(MigrationError, match="cell_1/0000_first is new but older"):
        _migrate(database, source)


def test_starts_at_the_same_moment_apply_once(database: Urls, source: Path) -> None:
    """Processes that start together wait for each other; one applies, the others find it done."""

    async def together() -> list[list[str]]:
        starts = (migrate(database.admin, cells=["cell_1"], source=source) for _ in range(5))
        return await asyncio.gather(*starts)

    assert sorted(len(applied) for applied in asyncio.run(together())) == [0, 0, 0, 0, 2]


def test_a_migration_does_not_queue_behind_a_reader(
    database: Urls, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that waits for a lock gives up in seconds, so nobody queues behind it for long."""
    assert migrating.LOCK_SECONDS <= 5
    monkeypatch.setattr(migrating, "LOCK_SECONDS", 0.2)
    _migrate(database, source)
    (source / "cell/0002_wait.sql").write_text("DROP TABLE call;")
    with psycopg.connect(database.admin) as reader:
        reader.execute("SELECT FROM cell_1.call")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            _migrate(database, source)


def test_the_roles_may_look_and_no_more(database: Urls, source: Path) -> None:
    """The application may become each role; a role sees the schemas and creates nothing."""
    _migrate(database, source)
    with psycopg.connect(database.app, autocommit=True) as connection:
        for role in ROLES:
            connection.execute(f"SET ROLE {role}")  # a constant of ours
            seen = "SELECT has_schema_privilege(%s, 'USAGE'), has_schema_privilege(%s, 'CREATE')"
            for schema in ("directory", "cell_1"):
                assert connection.execute(seen, (schema, schema)).fetchone() == (True, False)
