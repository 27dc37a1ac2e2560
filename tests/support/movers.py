"""A mover in a process of its own, which is killed when a step of its move comes.

Run as a program it forks a mover for each line that it reads, and answers how that one ended: to
start Python anew for each would take longer than what is tested.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from moving import CELL, goal

from adapters.cells.move import move
from adapters.postgres.embedded import Urls


class Movers:
    """Starts movers, each for its own death."""

    def __init__(self, program: "subprocess.Popen[str]") -> None:
        self._program = program

    async def kill_at(self, own: Urls, to: Urls, step: str) -> None:
        """Move the cell as far as this step, and no further."""
        status = await asyncio.to_thread(self._ask, json.dumps([own, to, step]))
        assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL

    def _ask(self, line: str) -> int:
        assert self._program.stdin
        assert self._program.stdout
        print(line, file=self._program.stdin, flush=True)
        return int(self._program.stdout.readline())


@contextmanager
def movers() -> Iterator[Movers]:
    """The program that starts them, gone at the end."""
    program = subprocess.Popen(
        [sys.executable, __file__],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with program:
        yield Movers(program)


def _move(own: Urls, to: Urls, fatal: str) -> None:
    async def die(step: str) -> None:
        if step == fatal:
            signal.raise_signal(signal.SIGKILL)

    asyncio.run(move(own, CELL, goal(to), die))


if __name__ == "__main__":
    for line in sys.stdin:
        own, to, step = json.loads(line)
        if not (mover := os.fork()):
            os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # its log is no answer
            _move(Urls(*own), Urls(*to), step)
            os._exit(0)
        print(os.waitpid(mover, 0)[1], flush=True)  # noqa: T201 - the answer
