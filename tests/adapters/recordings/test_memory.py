"""However long a recording is, it is kept and played in the same few megabytes."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[3]
MEGABYTE: Final = 1024 * 1024


@pytest.mark.parametrize("megabytes", [32, 192])
def test_memory_stays_flat(megabytes: int) -> None:
    """Less than 64 MiB beyond the start, for six times as much too; 2 GiB is the benchmark's."""
    program = (sys.executable, "-m", "bench.flat", str(megabytes * MEGABYTE))
    said = subprocess.run(program, check=True, capture_output=True, cwd=ROOT, timeout=300)
    assert float(said.stdout) < 64
