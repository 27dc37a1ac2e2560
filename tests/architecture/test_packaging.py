"""What is shipped, what is locked, and that every exception to a rule has its reason."""

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("adapters", "api", "domain", "migrations", "projections")
_LOCKS = sorted(ROOT.glob("requirements*.txt"))
_PROJECT = (ROOT / "pyproject.toml").read_text()


def _modules() -> list[Path]:
    folders = (*PACKAGES, "tests", "bench")
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names in the wheel, built with what is installed and nothing fetched."""
    target = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (path,) = target.glob("*.whl")
    return zipfile.ZipFile(path).namelist()


def test_the_wheel_holds_the_packages_and_nothing_else(wheel: list[str]) -> None:
    """Tests, benchmarks and documents stay at home."""
    assert {name.split("/")[0] for name in wheel} == {*PACKAGES, "ringledger-0.1.0.dist-info"}


def test_the_wheel_holds_every_file_of_the_packages(wheel: list[str]) -> None:
    """A migration or a typed marker that was left behind would be missed only in production."""
    shipped = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert any(name.endswith(".sql") for name in shipped)
    assert shipped <= set(wheel)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_name_is_ours(package: str) -> None:
    """The names are short: nothing installed may answer to one of them."""
    assert import_module(package).__file__ == str(ROOT / package / "__init__.py")


@pytest.mark.parametrize("lock", _LOCKS, ids=lambda lock: lock.name)
def test_a_lock_names_versions_and_hashes_but_no_place(lock: Path) -> None:
    """Whoever installs chooses the index; the hashes say that it gave the right files."""
    text = lock.read_text()
    assert not re.search(r"://|--(extra-)?index|--find-links|@ ?file|(^|\s)/", text, re.MULTILINE)
    pinned = re.findall(r"^[a-z0-9][^ ]*==[^ ]+.*\\\n    --hash=sha256:", text, re.MULTILINE)
    assert len(pinned) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE)) > 0


def test_the_locks_agree() -> None:
    """What is tested is what is installed: the same version in both locks."""
    ours, dev = (
        set(re.findall(r"^(\S+==\S+)", (ROOT / name).read_text(), re.MULTILINE))
        for name in ("requirements.txt", "requirements-dev.txt")
    )
    assert ours <= dev


def test_every_dependency_is_locked() -> None:
    """A dependency that was added without `make lock` would be missing on a new machine."""
    project = tomllib.loads(_PROJECT)["project"]
    wanted = {re.split(r"[\[~=<>]", name)[0] for name in project["dependencies"]}
    locked = set(
        re.findall(r"^([^\s=]+)==", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    )
    assert wanted <= locked


@pytest.mark.parametrize("module", _modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_what_it_is_for(module: Path) -> None:
    """Every module begins with a docstring."""
    assert ast.get_docstring(ast.parse(module.read_text())), module


def test_every_ignored_rule_has_its_reason() -> None:
    """An exception to a linter's rule, for a file or a line, is followed by its reason."""
    lint = _PROJECT.split("[tool.ruff.lint]")[1].split("[tool.ruff.lint.pydocstyle]")[0]
    ignored = re.findall(r'^    "[A-Z]+\d*",.*$', lint, re.MULTILINE)
    assert ignored
    assert [line for line in ignored if not re.search(r'",\s+# \w+', line)] == []


def test_every_silenced_line_has_its_reason() -> None:
    """A silenced line names the rule and says why."""
    silence = re.compile(r"# (noqa|type: ignore)(?!(: [A-Z0-9, ]+ - |\[[a-z, -]+\] +# )\w)")
    silenced = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in _modules()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if silence.search(line)
    ]
    assert silenced == []
