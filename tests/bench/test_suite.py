"""The suite on tiny sizes: every scenario does its work on both sides and says what it saw."""

import subprocess
import sys
from pathlib import Path
from types import MappingProxyType

import orjson

from bench.suite import NAMES

ROOT = Path(__file__).parents[2]
BARS = MappingProxyType(
    {
        "sealed_append_32": ">= 1",
        "sealed_append_8": ">= 6",
        "append_path_1": ">= 0.5",
        "append_path_8": ">= 1.1",
        "append_path_32": ">= 1.6",
        "six_commands_one": ">= 2",
        "six_commands_eight": ">= 2",
        "callback_http": ">= 0.4",
        "callback_http_p99": "<= 10 ms",
        "callback_http_library": ">= 14",
        "two_processes": ">= 0.9",
        "eight_cells": ">= 1",
        "visible": "<= 100 ms",
        "memory": "<= 1.1",
        "follower": ">= 0.12",
        "follower_library": ">= 30",
        "rebuild": ">= 0.33",
        "load_call_of_six": "<= 2.5",
        "page_of_50": "<= 3",
        "erasure_by_size": "<= 1.25",
        "erasure_over_insert": "<= 4",
        "audio": ">= 0.5",
        "audio_memory": "<= 64 MB",
        "rotation_of_a_million_keys": "<= 60 s",
    }
)
WITHOUT = ("erasure_of_one_with_many", "sealed_append_1")
WITHOUT_OTHER = ("visible", "audio_memory", "rotation_of_a_million_keys")
ONLY_FOR_THE_PLOT = {
    f"{what}_{clients}"
    for what in ("sealed_append", "append_path")
    for clients in (1, 2, 4, 16, 32, 64, 128)
} - BARS.keys()


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the suite."""
    return subprocess.run(
        [sys.executable, "-m", "bench", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_every_scenario_measures_both_sides_and_writes_what_it_saw(tmp_path: Path) -> None:
    """The file has the promised shape for each scenario; nothing is asked of its figures."""
    figures = tmp_path / "figures.json"
    done = bench("--quick", "--output", str(figures), *BARS, *WITHOUT)
    assert done.returncode == 0, done.stderr
    found = orjson.loads(figures.read_bytes())
    assert found.keys() == {*BARS, *WITHOUT}
    for name, said in found.items():
        assert said["bar"] == BARS.get(name)
        assert said["ours"] > 0
        assert said["unit"]
        assert said["runs"] == len(said["ours_runs"])
        assert not (said["holds"] and said["noisy"])
        if name in WITHOUT_OTHER:
            assert said["other"] is said["ratio"] is None
        else:
            assert said["other"] > 0
            assert said["runs"] == len(said["other_runs"])


def test_every_scenario_has_its_bar_or_is_there_for_a_plot() -> None:
    """A scenario that nobody named here would never have been run by a test."""
    assert set(NAMES) == {*BARS, *WITHOUT, *ONLY_FOR_THE_PLOT}


def test_an_unknown_scenario_is_refused(tmp_path: Path) -> None:
    """A misspelt name measures nothing, and says so."""
    done = bench("nothing", "--output", str(tmp_path / "none.json"))
    assert done.returncode == 2
    assert "no such scenario" in done.stderr
