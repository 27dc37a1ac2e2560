"""The command line as a program of its own, and programs that run until they are told to stop."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from waiting import LONGEST_SECONDS

ROOT: Final = Path(__file__).parents[2]
PROGRAM: Final = (sys.executable, "-c", "from api.cli import main; main()")


def environment(home: Path, **more: str) -> dict[str, str]:
    """What a program sees: our own settings and nothing of the machine's."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "RINGLEDGER_HOME": str(home), **more}


def ringledger(
    home: Path, *arguments: str, stdin: str = "", **more: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [*PROGRAM, *arguments],
        cwd=ROOT,
        env=environment(home, **more),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )


def answer(home: Path, *arguments: str) -> Any:  # noqa: ANN401 - whatever the command prints
    """The JSON document that a command prints, which must be all that it prints."""
    done = ringledger(home, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@dataclass(slots=True)
class Running:
    """A program that runs."""

    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def url(self) -> str:
        """Where it says that it listens."""
        return self.wait_for(r"listens on (http://\S+)")

    def wait_for(self, pattern: str) -> str:
        """The first group of the pattern, as soon as it is in what the program says."""
        deadline = time.monotonic() + LONGEST_SECONDS
        while time.monotonic() < deadline:
            found = re.search(pattern, self.log.read_text())
            if found:
                return found[found.lastindex or 0]
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.02)
        raise TimeoutError(pattern)

    def end(self, number: signal.Signals) -> int:
        """Send a signal and wait for the exit code."""
        self.process.send_signal(number)
        return self.process.wait(LONGEST_SECONDS)


@contextmanager
def running(
    home: Path, *arguments: str, program: Sequence[str] = PROGRAM, **more: str
) -> Iterator[Running]:
    """A program while the block runs; killed at its end if it still does."""
    log = home.with_name(f"{home.name}.{arguments[0]}.log")
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*program, *arguments],
            cwd=ROOT,
            env=environment(home, **more),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
        )
    try:
        yield Running(process, log)
    finally:
        process.kill()
        process.wait()


def is_stopped(home: Path) -> bool:
    """Whether no embedded PostgreSQL runs in the home, and none left a trace."""
    return not (home / "postgres" / "postmaster.pid").exists()
