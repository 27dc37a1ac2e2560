"""Keys of calls that were opened a moment ago, for a page that is asked for again.

A key is remembered under the very secret that it was derived from. Who reads has to bring that
secret, made from keys that the database holds in the same snapshot: after an erasure nobody has
it, so what is still remembered opens nothing. It is forgotten within seconds all the same.
"""

import asyncio
from typing import Final

from adapters.keys.sealing import Locks, locks_of

LIMIT: Final = 5_000
SECONDS: Final = 30.0


class RecentLocks:
    """Derives keys, and remembers at most ``LIMIT`` of them for at most ``SECONDS``."""

    def __init__(self) -> None:
        self._known: dict[tuple[bytes, bytes], Locks] = {}
        self._end: asyncio.TimerHandle | None = None

    def get(self, secret: bytes, context: bytes) -> Locks:
        """The keys of the stream with this context under this secret."""
        place = secret, context
        found = self._known.get(place)
        if found is None:
            found = self._known[place] = locks_of(secret, context)
        return found

    def bound(self) -> None:
        """Call before a read: what it adds is forgotten in time, though no read should follow."""
        if len(self._known) > LIMIT:
            self.forget()
        if self._end is None:
            self._end = asyncio.get_running_loop().call_later(SECONDS, self.forget)

    def forget(self) -> None:
        """Forget all of it now."""
        self._known.clear()
        if self._end is not None:
            self._end.cancel()
            self._end = None
