"""What a server process remembers: its memory after many callbacks against after a few."""

from typing import Final

from bench import load
from bench.ground import Ground, Home
from bench.measure import Bar, Found, Measurement
from bench.server import Server, serving
from bench.sizes import Sizes

BAR: Final = Bar("<=", 1.1)
AT_ONCE: Final = 20_000


async def of_a_server(ground: Ground, sizes: Sizes) -> Found:
    """One process with everything in it; once, for memory does not depend on who else computes."""
    few, many = sizes.remembered
    home = await ground.new_home()
    async with serving(home, "up") as server:
        before = server.megabytes()
        await _send(home, server, few)
        after_few = server.megabytes()
        await _send(home, server, many - few)
        after_many = server.megabytes()
    versus = f"after {few:,} callbacks, not {many:,}"
    besides = {"after_start_mb": before}
    return {"memory": Measurement("MB", versus, [after_many], [after_few], BAR, besides)}


async def _send(home: Home, server: Server, amount: int) -> None:
    for sent in range(0, amount, AT_ONCE):
        await load.send(server.url, load.requests(home, min(AT_ONCE, amount - sent)))
