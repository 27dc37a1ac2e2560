"""A cell filled with calls, which scenarios share: it only grows."""

from typing import Final
from uuid import UUID

from bench import traffic
from bench.ground import Home
from projections.call_log.view import CALL_LOG
from projections.follower import Follower

MANY: Final = "many calls"
MOST_OF_A_CALLER: Final = 3 * traffic.CALLS_PER_PERSON


async def at_least(amount: int, home: Home) -> Home:
    """The cell with no fewer calls than this, followed and at rest."""
    there = (await home.sql("SELECT count(DISTINCT stream_id) FROM vault"))[0][0]
    if there < amount:
        calls = (
            traffic.request(home.workspace_id, traffic.one_callback(n))
            for n in range(there, amount)
        )
        await traffic.play(home.ledger, ([call] for call in calls))
        async with await home.cell.follow() as connection:
            await Follower(home.cell.follow, CALL_LOG).catch_up(connection)
        await home.settle()
    return home


async def living_callers(home: Home, amount: int) -> list[UUID]:
    """Subjects with a few calls each, from all over the cell."""
    return await _living(home, 1, MOST_OF_A_CALLER, amount)


async def living_lines(home: Home, at_least: int) -> list[UUID]:
    """Subjects with very many calls each."""
    return await _living(home, at_least, 1_000_000_000, 1_000)


async def _living(home: Home, fewest: int, most: int, amount: int) -> list[UUID]:
    rows = await home.sql(
        """
        SELECT subject_ids[1] FROM vault JOIN subjects s ON s.subject_id = subject_ids[1]
        WHERE s.erased_at IS NULL GROUP BY 1 HAVING count(*) BETWEEN %s AND %s
        ORDER BY subject_ids[1] LIMIT %s
        """,
        fewest,
        most,
        amount,
    )
    assert rows, "nobody is left to erase"
    return [subject for (subject,) in rows]
