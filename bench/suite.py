"""The scenarios by name, and how they are run one after the other."""

from collections.abc import Awaitable, Callable, Collection
from types import MappingProxyType
from typing import Final

from bench.ground import Ground
from bench.measure import Measurement
from bench.scenarios import callback_http, erasure, follower, page, six_commands
from bench.sizes import Sizes

Scenario = Callable[[Ground, Sizes], Awaitable[Measurement]]

SCENARIOS: Final = MappingProxyType[str, Scenario](
    {
        "six_commands_one": six_commands.one,
        "six_commands_eight": six_commands.eight,
        "follower": follower.run,
        "erasure_by_size": erasure.by_size,
        "page_of_50": page.of_50,
        "erasure_of_one_with_many": erasure.of_one_with_many,
        "callback_http": callback_http.run,
    }
)


async def run(
    names: Collection[str], sizes: Sizes, told: Callable[[str], None]
) -> dict[str, Measurement]:
    """Measure these, in the order of ``SCENARIOS``, and tell which one begins."""
    found = {}
    async with Ground.open() as ground:
        for name in (name for name in SCENARIOS if name in names):
            told(name)
            found[name] = await SCENARIOS[name](ground, sizes)
    return found
