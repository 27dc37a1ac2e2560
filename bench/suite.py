"""The scenarios by name, and how they are run one after the other."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial
from typing import Final, NamedTuple

from bench.ground import Ground
from bench.measure import Found, Measurement
from bench.scenarios import (
    appending,
    audio,
    callback_http,
    cells,
    erasure,
    loading,
    memory,
    page,
    reading,
    rotation,
    six_commands,
    visible,
)
from bench.sizes import Sizes


class Scenario(NamedTuple):
    """What is measured together, for both need the same runs, and by which names it is found."""

    names: Sequence[str]
    measure: Callable[[Ground, Sizes], Awaitable[Found]]


SCENARIOS: Final = (
    *(
        Scenario(appending.names(clients), partial(appending.with_clients, clients=clients))
        for clients in appending.CLIENTS
    ),
    Scenario(("six_commands_one",), six_commands.one),
    Scenario(("six_commands_eight",), six_commands.eight),
    Scenario(("callback_http", "callback_http_p99"), callback_http.against_floor),
    Scenario(("callback_http_library",), callback_http.against_library),
    Scenario(("two_processes",), callback_http.two_processes),
    Scenario(("eight_cells",), cells.curve),
    Scenario(("visible",), visible.at_a_pace),
    Scenario(("memory",), memory.of_a_server),
    Scenario(("audio",), audio.against_copy),
    Scenario(("audio_memory",), audio.memory),
    Scenario(("follower", "follower_library"), reading.following),
    Scenario(("rebuild",), reading.rebuilding),
    Scenario(("load_call_of_six",), loading.call_of_six),
    # Whoever is erased is missing on a page afterwards, and the largest erasure comes last.
    Scenario(("page_of_50",), page.of_50),
    Scenario(("erasure_by_size",), erasure.by_size),
    Scenario(("erasure_over_insert",), erasure.over_insert),
    Scenario(("erasure_of_one_with_many",), erasure.of_one_with_many),
    Scenario(("rotation_of_a_million_keys",), rotation.of_many_keys),
)
NAMES: Final = tuple(name for scenario in SCENARIOS for name in scenario.names)


async def run(
    names: Collection[str], sizes: Sizes, told: Callable[[str], None]
) -> dict[str, Measurement]:
    """Measure these, in the order of ``SCENARIOS``, and tell which one begins."""
    found: dict[str, Measurement] = {}
    async with Ground.open() as ground:
        for scenario in SCENARIOS:
            if wanted := [name for name in scenario.names if name in names]:
                told(", ".join(wanted))
                async with ground.scenario():
                    measured = await scenario.measure(ground, sizes)
                found |= {name: measured[name] for name in wanted}
    return found
