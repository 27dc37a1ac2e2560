"""The suite on tiny sizes: every scenario does its work on both sides and says what it saw."""

import subprocess
import sys
from pathlib import Path

import orjson

from bench.suite import SCENARIOS

ROOT = Path(__file__).parents[2]
BARS = {
    "six_commands_one": ">= 2",
    "six_commands_eight": ">= 2",
    "follower": ">= 10",
    "erasure_by_size": "<= 1.25",
    "page_of_50": "<= 3",
    "erasure_of_one_with_many": None,
    "callback_http": None,
}


def test_every_scenario_measures_both_sides_and_writes_what_it_saw(tmp_path: Path) -> None:
    """The file has the promised shape for each scenario; nothing is asked of its figures."""
    figures = tmp_path / "figures.json"
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--quick", "--output", str(figures)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = orjson.loads(figures.read_bytes())
    assert found.keys() == SCENARIOS.keys() == BARS.keys()
    for name, said in found.items():
        assert said["bar"] == BARS[name]
        assert said["ours"] > 0
        assert said["other"] > 0
        assert said["unit"]
        assert said["runs"] == len(said["ours_runs"]) == len(said["other_runs"])
        assert isinstance(said["holds"], bool) is (said["bar"] is not None)


def test_an_unknown_scenario_is_refused(tmp_path: Path) -> None:
    """A misspelt name measures nothing, and says so."""
    done = subprocess.run(
        [sys.executable, "-m", "bench", "nothing", "--output", str(tmp_path / "none.json")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "no such scenario" in done.stderr
