"""Lines of one turn are written together, warnings at once, and none is lost or torn."""

import asyncio
import io
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from select import PIPE_BUF

import pytest

from adapters.log_lines import Lines

PROGRAM = """
import asyncio, sys
from adapters.log_lines import Lines
lines, loop = Lines(sys.stderr), asyncio.new_event_loop()
def say():
    lines.info("last")
    {ends}
loop.call_soon(say)
loop.run_forever()
"""


class Writes(io.StringIO):
    """A stream that remembers how it was written to."""

    def __init__(self) -> None:
        super().__init__()
        self.each = list[str]()

    def write(self, text: str) -> int:
        """Write, and remember it."""
        self.each.append(text)
        return super().write(text)


@pytest.fixture
def stream() -> Iterator[Writes]:
    """Where lines go."""
    with Writes() as stream:
        yield stream


def test_the_lines_of_a_turn_are_one_write(stream: Writes) -> None:
    """Not before the turn has ended, and before the next one has."""
    lines = Lines(stream)

    async def say() -> None:
        for turn in "ab":
            for number in range(3):
                lines.info(f"{turn}{number}")
            assert not stream.getvalue().endswith(f"{turn}2\n")
            await asyncio.sleep(0)
            assert stream.getvalue().endswith(f"{turn}0\n{turn}1\n{turn}2\n")

    asyncio.run(say())
    assert len(stream.each) == 2


def test_a_warning_waits_for_nothing(stream: Writes) -> None:
    """It is written when it is said, after all that was said before."""
    lines = Lines(stream)

    async def warn() -> None:
        for level in (lines.warning, lines.error, lines.critical):
            lines.debug("before")
            level("now")
            assert stream.getvalue().endswith("before\nnow\n")

    asyncio.run(warn())


def test_without_a_loop_a_line_is_written_at_once(stream: Writes) -> None:
    """As the command line says things."""
    lines = Lines(stream)
    lines.info("one")
    assert stream.getvalue() == "one\n"


def test_one_loop_after_another_is_heard(stream: Writes) -> None:
    """A loop that stopped before its turn had ended is waited for by nobody."""
    lines, gone = Lines(stream), asyncio.new_event_loop()

    def say_and_stop() -> None:
        lines.info("of a loop that does not turn again")
        gone.stop()

    async def say() -> None:
        lines.info("of the next")

    gone.call_soon(say_and_stop)
    gone.run_forever()
    gone.close()
    assert stream.getvalue() == ""
    asyncio.run(say())
    assert stream.getvalue() == "of a loop that does not turn again\nof the next\n"


def test_threads_tear_no_line(stream: Writes) -> None:
    """Whoever speaks, from wherever: each line is there once, whole, in its speaker's order."""
    lines = Lines(stream)

    def speak(speaker: int) -> None:
        for number in range(300):
            lines.info(f"{speaker} {number}")

    async def also() -> None:
        with ThreadPoolExecutor(3) as threads:
            for speaker in range(3):
                threads.submit(speak, speaker)
            for number in range(300):
                lines.info(f"3 {number}")
                await asyncio.sleep(0)

    asyncio.run(also())
    said = stream.getvalue().splitlines()
    assert len(said) == 4 * 300
    for speaker in range(4):
        told = [line for line in said if line.startswith(f"{speaker} ")]
        assert told == [f"{speaker} {number}" for number in range(300)]


def test_no_write_is_more_than_a_pipe_takes_whole(stream: Writes) -> None:
    """Processes that share a pipe do not write into each other's lines."""
    lines = Lines(stream)

    async def say() -> None:
        for length in (100, 300, PIPE_BUF - 1, 1, PIPE_BUF, 7):
            lines.info("x" * length)

    asyncio.run(say())
    assert all(len(text) <= PIPE_BUF or text.count("\n") == 1 for text in stream.each)
    assert all(text.endswith("\n") for text in stream.each)
    assert [len(line) for line in stream.getvalue().splitlines()] == [
        *(100, 300, PIPE_BUF - 1),
        *(1, PIPE_BUF, 7),
    ]


@pytest.mark.parametrize("ends", ["loop.stop()", "sys.exit(3)", "raise KeyboardInterrupt"])
def test_what_is_said_in_the_end_is_written(ends: str) -> None:
    """However the program ends, and though its loop never turns again."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(ends=ends)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "last" in done.stderr.splitlines()
