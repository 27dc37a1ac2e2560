"""Signed callbacks over HTTP until they are durable, against PostgreSQL's own plain inserts.

For our own knowledge: it has no bar yet. Server, database and load share the machine.
"""

import asyncio
from statistics import quantiles
from typing import Final
from uuid import UUID

from bench import load, traffic
from bench.ground import Ground, Home
from bench.measure import MILLISECONDS, Measurement, in_turn
from bench.server import plain_inserts, serving
from bench.sizes import Sizes
from domain.identifiers import call_id

CALLBACKS_OF_A_CALL: Final = 5
"""The request that asks what to do with the call is not sent: its answer has a body."""

PACE: Final = 500.0
WATCHED_SECONDS: Final = 0.002
LONGEST_SECONDS: Final = 30.0


async def run(ground: Ground, sizes: Sizes) -> Measurement:
    """Callbacks a second on 32 connections, and how soon a call is on the dashboard."""
    home = await ground.new_home()
    answers: list[load.Answer] = []
    async with serving(home, ground.folder, "serve") as url:

        async def ours() -> float:
            found = await load.send(url, _requests(home, url, sizes.callbacks))
            answers.extend(found)
            took = max(a.acknowledged_at for a in found) - min(a.sent_at for a in found)
            return sizes.callbacks / took

        async def floor() -> float:
            size = await _bytes_of_a_callback(home)
            return await plain_inserts(home, size, load.CONNECTIONS, sizes.seconds_of_floor)

        figures = await in_turn(ours, floor, sizes.runs)
    async with serving(home, ground.folder, "up") as url:
        await _followed(home)
        visible = await _until_visible(home, url, sizes.callbacks // 5)
    acknowledged = [answer.seconds for answer in answers[-sizes.runs * sizes.callbacks :]]
    return Measurement(
        "callbacks/s",
        "pgbench, plain inserts of as many bytes, 32 clients",
        *figures,
        besides={
            "acknowledged_p50_ms": _percentile(acknowledged, 50),
            "acknowledged_p99_ms": _percentile(acknowledged, 99),
            f"visible_p50_ms_at_{PACE:.0f}_per_s": _percentile(visible, 50),
            f"visible_p99_ms_at_{PACE:.0f}_per_s": _percentile(visible, 99),
        },
    )


def _requests(home: Home, url: str, amount: int) -> list[bytes]:
    calls = (traffic.six_callbacks(n)[1:] for n in range(-(-amount // CALLBACKS_OF_A_CALL)))
    forms = [form for call in calls for form, _ in call]
    return [load.signed(url, home.workspace_id, form) for form in forms[:amount]]


async def _bytes_of_a_callback(home: Home) -> int:
    """What one has cost so far, in entries and in sealed boxes."""
    rows = await home.sql(
        """
        SELECT ((SELECT sum(length(body)) FROM entries) + (SELECT sum(length(box)) FROM vault))
               / (SELECT count(*) FROM entries WHERE name <> 'call.leg_registered')
        """
    )
    return int(rows[0][0])


async def _until_visible(home: Home, url: str, amount: int) -> list[float]:
    """From the acknowledgement of each call's one callback to its row in the call log."""
    forms = [traffic.one_callback(number)[0] for number in range(amount)]
    ids = [call_id(home.workspace_id, "twilio", dict(form)["CallSid"]) for form in forms]
    requests = [load.signed(url, home.workspace_id, form) for form in forms]
    watching = asyncio.create_task(_watch(home, set(ids)))
    answers = await load.send(url, requests, per_second=PACE)
    seen = await asyncio.wait_for(watching, LONGEST_SECONDS)
    return [max(0.0, seen[ids[a.number]] - a.acknowledged_at) for a in answers]


async def _followed(home: Home) -> None:
    """Until the views have everything that is there."""
    query = "SELECT position FROM positions WHERE position < (SELECT position FROM counter)"
    async with asyncio.timeout(LONGEST_SECONDS):
        while await home.sql(query):  # noqa: ASYNC110 - the server's work, seen from outside
            await asyncio.sleep(0.05)


async def _watch(home: Home, expected: set[UUID]) -> dict[UUID, float]:
    """When each of these calls was first seen in the call log."""
    loop, seen, last = asyncio.get_running_loop(), dict[UUID, float](), 0
    query = "SELECT call_id, position FROM call_log WHERE position > %s"
    async with await home.owner() as owner:
        while expected - seen.keys():
            rows = await (await owner.execute(query, (last,), prepare=True)).fetchall()
            now = loop.time()
            for found, position in rows:
                seen.setdefault(found, now)
                last = max(last, position)
            await asyncio.sleep(WATCHED_SECONDS)
    return seen


def _percentile(figures: list[float], percent: int) -> float:
    """In milliseconds."""
    return quantiles(figures, n=100)[percent - 1] * MILLISECONDS
