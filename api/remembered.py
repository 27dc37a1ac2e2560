"""What a process remembers of each workspace, for a few seconds.

A callback must not cost a read of what seldom changes, and a change must hold soon. While the
database is away, what was known last still serves; whether anything can be kept is for the writer
to say.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Generic, NamedTuple, TypeVar
from uuid import UUID

import psycopg

from domain.errors import Gone, Unavailable

Value = TypeVar("Value")

FRESH_SECONDS: Final = 5.0
PATIENCE_SECONDS: Final = 3.0


class _Read(NamedTuple, Generic[Value]):
    value: Value
    at: float


class Remembered(Generic[Value]):
    """Reads each workspace's value at most once at a time."""

    def __init__(self, read: Callable[[UUID], Awaitable[Value]], what: str) -> None:
        """``what`` is what is unavailable where it was never read and cannot be now."""
        self._read = read
        self._what = what
        self._known: dict[UUID, _Read[Value]] = {}
        self._readings: dict[UUID, asyncio.Task[Value]] = {}

    def known(self, workspace_id: UUID, max_age: float = FRESH_SECONDS) -> Value | None:
        """The workspace's value, if it is at hand and not older than ``max_age``."""
        known = self._known.get(workspace_id)
        if known is None or asyncio.get_running_loop().time() - known.at >= max_age:
            return None
        return known.value

    async def get(self, workspace_id: UUID, max_age: float = FRESH_SECONDS) -> Value:
        """The workspace's value, not older than ``max_age`` seconds.

        Raises:
            NotFound: There is no such workspace.
            Gone: It is closed. Known here ``FRESH_SECONDS`` after the closure at the latest.
            Unavailable: It was never read and cannot be now.
        """
        fresh = self.known(workspace_id, max_age)
        if fresh is not None:
            return fresh
        try:
            return await asyncio.shield(self._reading(workspace_id))
        except (psycopg.OperationalError, TimeoutError):
            last = self._known.get(workspace_id)
            if last is None:
                raise Unavailable(self._what) from None
            return last.value

    def forget(self, workspace_id: UUID) -> None:
        """What is known of a workspace is not true any more."""
        self._known.pop(workspace_id, None)

    def _reading(self, workspace_id: UUID) -> asyncio.Task[Value]:
        if workspace_id not in self._readings:
            task = asyncio.create_task(self._read_now(workspace_id))
            self._readings[workspace_id] = task
            task.add_done_callback(lambda _: self._readings.pop(workspace_id))
        return self._readings[workspace_id]

    async def _read_now(self, workspace_id: UUID) -> Value:
        async with asyncio.timeout(PATIENCE_SECONDS):
            at = asyncio.get_running_loop().time()
            try:
                value = await self._read(workspace_id)
            except Gone:
                self.forget(workspace_id)
                raise
        self._known[workspace_id] = _Read(value, at)
        return value
