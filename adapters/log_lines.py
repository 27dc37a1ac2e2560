"""Writes the log's lines: those of one turn of the event loop at once, a warning's at once.

A write costs as much as the rest of a line, and a server answers many requests in one turn. What
a process that is killed can lose is what it said in its very last turn, and no warning.
"""

import asyncio
import atexit
from collections.abc import Iterator
from select import PIPE_BUF
from threading import Lock
from typing import TextIO


class Lines:
    """A stream that takes whole lines from any thread, in their order."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: list[str] = []
        self._due: asyncio.AbstractEventLoop | None = None
        """The loop whose turn ends with a ``flush``."""

        self._lock = Lock()
        atexit.register(self.flush)

    def logger(self, *_names: object) -> "Lines":
        """Ourselves: structlog asks for one for every line."""
        return self

    def info(self, line: str) -> None:
        """Write the line before the loop's next turn ends; at once where no loop runs."""
        with self._lock:
            self._lines.append(line)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.flush()
            return
        if self._due is not loop:
            self._due = loop
            loop.call_soon(self.flush)

    def warning(self, line: str) -> None:
        """Write the line, and whatever was said before, now."""
        with self._lock:
            self._lines.append(line)
        self.flush()

    debug = info
    error = critical = warning

    def flush(self) -> None:
        """Write what was said."""
        with self._lock:
            lines, self._lines, self._due = self._lines, [], None
            for text in _together(lines):
                self._stream.write(text)
                self._stream.flush()


def _together(lines: list[str]) -> Iterator[str]:
    """As many whole lines as a pipe takes at once: several processes may write to one."""
    text = ""
    for line in lines:
        if text and len(text) + len(line) >= PIPE_BUF:
            yield text
            text = ""
        text += line + "\n"
    if text:
        yield text
