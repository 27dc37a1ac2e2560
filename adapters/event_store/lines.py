"""A writer's two connections: while the one commits a batch, the other reads for the next."""

from collections.abc import Awaitable, Callable, Mapping

from adapters.event_store import appending, learning, living
from adapters.postgres.channel import Channel
from adapters.postgres.pool import Connection

Connect = Callable[[], Awaitable[Connection]]


class Lines:
    """Opens each when it is needed, and anew after they were closed."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._open: dict[str, Channel] = {}

    async def reading(self) -> Channel:
        """To learn what a batch needs."""
        return await self._line("reading", learning.STATEMENTS | living.STATEMENTS)

    async def appending(self) -> Channel:
        """To append, and to ask afterwards what stood in the way."""
        return await self._line("appending", appending.STATEMENTS)

    async def other(self) -> Connection:
        """A plain connection, for what is seldom asked; the caller closes it."""
        return await self._connect()

    async def close(self) -> None:
        """Give both up, whatever state they are in."""
        channels, self._open = self._open, {}
        for channel in channels.values():
            await channel.close()

    async def _line(self, name: str, statements: Mapping[bytes, str]) -> Channel:
        if name not in self._open:
            self._open[name] = await Channel.open(await self._connect(), statements)
        return self._open[name]
