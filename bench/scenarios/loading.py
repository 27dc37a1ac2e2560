"""Loading a call: reading its stream and folding it, against a fold written by hand."""

from collections.abc import Awaitable, Callable
from functools import partial
from statistics import median
from typing import Any, Final
from uuid import UUID

import orjson

from adapters.event_store.history import read_stream
from adapters.postgres.pool import Connection
from bench import traffic
from bench.ground import Ground, Home
from bench.measure import MICROSECONDS, Bar, Found, Measurement, in_turn, seconds
from bench.sizes import Sizes
from domain.calls.call import CALL

BAR: Final = Bar("<=", 2.5)
ENTRIES: Final = 6
CALLBACKS: Final = (1, 2, 4, 5)
"""Of the six: the desk is dialled, rings and ends, and so does the caller's leg."""

_STREAM: Final = "SELECT name, body FROM entries WHERE stream_id = %s ORDER BY version"


async def call_of_six(ground: Ground, sizes: Sizes) -> Found:
    """The median load of each run, each of another call."""
    home = await ground.new_home()
    calls = await _calls(home, sizes.pages)
    async with await home.cell.follow() as connection:

        async def ours() -> float:
            return await _median_of(calls, partial(_load, connection))

        async def by_hand() -> float:
            return await _median_of(calls, partial(_by_hand, connection))

        mine, other = await in_turn(ours, by_hand, runs=sizes.runs)
    versus = "SELECT in binary, orjson, a fold by hand into a dict"
    return {"load_call_of_six": Measurement("us", versus, mine, other, BAR)}


async def _calls(home: Home, amount: int) -> list[UUID]:
    """Calls of six entries each."""
    told = [traffic.six_callbacks(number) for number in range(amount)]
    calls = [
        [traffic.request(home.workspace_id, call[number]) for number in CALLBACKS] for call in told
    ]
    await traffic.play(home.ledger, calls)
    await home.settle()
    return [first.stream_id for first, *_ in calls]


async def _median_of(calls: list[UUID], load: Callable[[UUID], Awaitable[None]]) -> float:
    return median([await seconds(partial(load, call)) for call in calls]) * MICROSECONDS


async def _load(connection: Connection, call: UUID) -> None:
    entries = await read_stream(connection, call)
    state = CALL.fold(entry.event for entry in entries)  # type: ignore[misc]  # of a call
    assert len(entries) == ENTRIES
    assert len(state.legs) == len(CALLBACKS) // 2


async def _by_hand(connection: Connection, call: UUID) -> None:
    cursor = connection.cursor(binary=True)
    rows = await (await cursor.execute(_STREAM, (call,), prepare=True)).fetchall()
    legs: dict[str, dict[str, Any]] = {}
    for name, body in rows:
        event = orjson.loads(body)["event"]
        if name == "call.leg_registered":
            legs[event["leg_id"]] = {"parent": event.get("parent_id"), "reports": {}}
        else:
            legs[event["leg_id"]]["reports"][name] = event
    assert len(rows) == ENTRIES
    assert len(legs) == len(CALLBACKS) // 2
