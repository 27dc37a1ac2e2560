"""What every test may ask for: a real PostgreSQL, one for the whole run of a worker."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from servers import copy_cluster, new_database, shared_server

from adapters.postgres.cluster import Cluster
from adapters.postgres.embedded import Urls

OWN_FOLDER: Final = pytest.StashKey[str]()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Keep what this run writes out of the folder that pytest has for all runs.

    Each run that starts closes that folder to everybody but its owner, and so, for root, to the
    account that PostgreSQL runs as: a server of another run could not be started any more.
    """
    if config.option.basetemp is None:
        config.stash[OWN_FOLDER] = tempfile.mkdtemp(prefix="ringledger-tests-")
        config.option.basetemp = config.stash[OWN_FOLDER]


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Leave nothing behind, unless something is to be looked into."""
    if exitstatus == pytest.ExitCode.OK and OWN_FOLDER in session.config.stash:
        shutil.rmtree(session.config.stash[OWN_FOLDER], ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Urls]:
    """An embedded PostgreSQL in a directory of its own, stopped at the end.

    Its tables are shared by the run: a test that minds makes a database of its own.
    """
    with shared_server(tmp_path_factory.mktemp("home")) as urls:
        yield urls


@pytest.fixture
def database(postgres: Urls) -> Iterator[Urls]:
    """An empty database of the test's own in the shared PostgreSQL, dropped afterwards."""
    with new_database(postgres) as urls:
        yield urls


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a cluster that was never started, to be copied."""
    home = tmp_path_factory.mktemp("made")
    Cluster(home / "postgres").create()
    return home


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    """A home of the test's own, whose PostgreSQL the test starts and stops as it likes."""
    return copy_cluster(made, tmp_path / "home")
