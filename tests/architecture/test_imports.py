"""The direction of imports: the contracts hold, and each of them bites."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]

# For each contract a file that breaks it, and no other.
_VIOLATIONS = {
    "layers": ("adapters/injected.py", "import projections"),
    "pure-domain": ("domain/injected.py", "import orjson"),
    "independent-aggregates": ("domain/calls/injected.py", "import domain.subjects.events"),
    "storage-engine": ("projections/injected.py", "import eventsourcing.persistence"),
    "provider": ("api/injected.py", "import twilio.rest"),
    "keys": ("adapters/event_store/injected.py", "import cryptography.fernet"),
    "routes-without-sql": ("api/routes/injected.py", "import psycopg"),
    "pure-builds": ("projections/injected/build.py", "import adapters.postgres"),
}


def _lint(tree: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts on the packages of `tree`, which come before the installed ones."""
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=tree,
        env={"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the packages that a test may spoil."""
    copy = tmp_path_factory.mktemp("tree")
    shutil.copy(ROOT / "pyproject.toml", copy)
    for package in _CONTRACTS["root_packages"]:
        shutil.copytree(ROOT / package, copy / package)
    return copy


def test_the_contracts_hold() -> None:
    """Nothing in the project imports against the direction."""
    result = _lint(ROOT)
    assert result.returncode == 0, result.stdout


def test_every_contract_is_tried() -> None:
    """A contract that nobody saw break may be one that cannot break."""
    assert {contract["id"] for contract in _CONTRACTS["contracts"]} == set(_VIOLATIONS)


@pytest.mark.parametrize("contract", _CONTRACTS["contracts"], ids=lambda found: found["id"])
def test_a_violation_is_caught(tree: Path, contract: dict[str, str]) -> None:
    """An injected import breaks the contract made against it, and that one only."""
    name, statement = _VIOLATIONS[contract["id"]]
    injected = tree / name
    injected.parent.mkdir(exist_ok=True)
    package = injected.with_name("__init__.py")
    is_new = not package.exists()
    package.touch()
    injected.write_text(statement)
    try:
        result = _lint(tree)
    finally:
        injected.unlink()
        if is_new:
            package.unlink()
    broken = re.findall(r"^(.+) BROKEN", result.stdout, re.MULTILINE)
    assert result.returncode != 0
    assert broken == [contract["name"]], result.stdout
