"""How a process learns that it is to stop: it is told to, or whoever started it is gone."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Final

STOPPED_WITHIN_SECONDS: Final = 30.0
"""After that a worker that was told to stop is ended: it hangs."""


@contextmanager
def told_to_stop() -> Iterator[asyncio.Event]:
    """An event that Ctrl-C or SIGTERM sets, the second time as calmly as the first."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


@contextmanager
def lifeline() -> Iterator[int]:
    """A pipe whose one end we hold and whose other end, yielded, is for the processes we start.

    Nobody writes to it. The kernel closes our end when we end, however that happens.
    """
    theirs, ours = os.pipe()
    try:
        yield theirs
    finally:
        os.close(theirs)
        os.close(ours)


def hang_on(lifeline: int) -> None:
    """Stop, as if told to, once the process that holds the other end of ``lifeline`` is gone.

    A thread watches it, so that not even an event loop that is stuck outlives its supervisor.
    """

    def watch() -> None:
        os.read(lifeline, 1)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(STOPPED_WITHIN_SECONDS)
        os._exit(1)

    Thread(target=watch, name="lifeline", daemon=True).start()
