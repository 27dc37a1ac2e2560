"""How soon a callback is on the dashboards, at a steady pace, by one process for everything."""

import asyncio
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from statistics import median
from typing import Final, NamedTuple
from uuid import UUID

from adapters.twilio.callbacks import PROVIDER
from bench import load, traffic
from bench.ground import Ground, Home
from bench.measure import MILLISECONDS, Bar, Found, Measurement, percentile
from bench.server import serving
from bench.sizes import Sizes
from domain.identifiers import call_id

BAR: Final = Bar("<=", 100, "ms")
PACE: Final = 1_000
WATCHED_SECONDS: Final = 0.002
LONGEST_SECONDS: Final = 60.0
_VIEW: Final = "SELECT position FROM positions WHERE view = 'call_log'"
_COUNTER: Final = "SELECT position FROM counter"
_REPORTS: Final = """
    SELECT stream_id, position FROM entries
    WHERE position > %s AND name <> 'call.leg_registered' ORDER BY position
"""


class Seen(NamedTuple):
    """The percentiles of one run, in milliseconds."""

    p99: float
    """From when the callback was sent."""

    p50: float
    p99_after_acknowledged: float


async def at_a_pace(ground: Ground, sizes: Sizes) -> Found:
    """From sending a callback to its place in the call log, for 99 of a hundred."""
    home = await ground.new_home()
    async with serving(home, "up") as server:
        runs = [await _run(home, server.url, sizes) for _ in range(sizes.runs + 1)][1:]
    besides = {
        "p50_ms": median(run.p50 for run in runs),
        "p99_from_acknowledged_ms": median(run.p99_after_acknowledged for run in runs),
    }
    versus = f"no other side: from sent to visible, p99, {PACE:,} callbacks a second"
    p99 = [run.p99 for run in runs]
    return {"visible": Measurement("ms", versus, p99, bar=BAR, besides=besides)}


async def _run(home: Home, url: str, sizes: Sizes) -> Seen:
    reports = list(traffic.reports(int(PACE * sizes.watched_seconds)))
    before = (await home.sql(_COUNTER))[0][0]
    is_sent = asyncio.Event()
    watching = asyncio.create_task(_watch(home, is_sent))
    requests = [load.signed(home.workspace_id, report.form) for report in reports]
    answers = await load.send(url, requests, per_second=PACE)
    is_sent.set()
    moments = await asyncio.wait_for(watching, LONGEST_SECONDS)
    places = await _places(home, reports, before)
    seen = [_first(moments, places[answer.number]) for answer in answers]
    pairs = list(zip(answers, seen, strict=True))
    from_sent = [(at - answer.sent_at) * MILLISECONDS for answer, at in pairs]
    after = [max(0.0, at - answer.acknowledged_at) * MILLISECONDS for answer, at in pairs]
    return Seen(percentile(from_sent, 99), percentile(from_sent, 50), percentile(after, 99))


async def _watch(home: Home, is_sent: asyncio.Event) -> list[tuple[int, float]]:
    """How far the view was, and when: its rows and its position are one transaction."""
    loop, moments = asyncio.get_running_loop(), list[tuple[int, float]]()
    async with await home.owner() as owner:
        while not is_sent.is_set() or await home.sql(f"{_VIEW} AND position < ({_COUNTER})"):
            ((position,),) = await (await owner.execute(_VIEW, prepare=True)).fetchall()
            moments.append((position, loop.time()))
            await asyncio.sleep(WATCHED_SECONDS)
        ((position,),) = await (await owner.execute(_VIEW, prepare=True)).fetchall()
    return [*moments, (position, loop.time())]


async def _places(home: Home, reports: Sequence[traffic.Report], before: int) -> list[int]:
    """The position of each report's entry; those of a call are in their order."""
    entries = defaultdict[UUID, list[int]](list)
    for stream_id, position in await home.sql(_REPORTS, before):
        entries[stream_id].append(position)
    waiting = {stream_id: iter(positions) for stream_id, positions in entries.items()}
    return [next(waiting[_call(home, report)]) for report in reports]


def _call(home: Home, report: traffic.Report) -> UUID:
    form = dict(report.form)
    return call_id(home.workspace_id, PROVIDER, form.get("ParentCallSid", form["CallSid"]))


def _first(moments: Sequence[tuple[int, float]], position: int) -> float:
    """When the view was first seen to have come so far."""
    return moments[bisect_left(moments, (position, 0.0))][1]
