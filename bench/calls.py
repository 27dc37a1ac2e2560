"""Cells filled with calls, which scenarios share: each only grows."""

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from adapters.event_store.requests import Request
from bench import traffic
from bench.ground import Ground, Home
from projections.call_log.view import CALL_LOG
from projections.rebuild import rebuild

MOST_OF_A_CALLER: Final = 50
"""More than this and it is a line of the office."""


async def filled(ground: Ground, calls: int) -> Home:
    """A cell with so many calls, its view built and everything at rest."""
    home = await ground.home(f"{calls} calls")
    there = (await home.sql("SELECT count(DISTINCT stream_id) FROM entries"))[0][0]
    if there < calls:
        wanted = _ended(home.workspace_id, there, calls)
        await traffic.play(home.ledger, ([one] for one in wanted))
        await view(home)
        await home.settle()
    return home


async def view(home: Home) -> None:
    """Build the call log from the history, all at once."""
    await home.sql("UPDATE positions SET position = (SELECT position FROM counter)")
    await rebuild(home.owner_url, CALL_LOG)


async def living_callers(home: Home, amount: int) -> list[UUID]:
    """Subjects with a few calls each, from all over the cell."""
    callers = await _living(home, 1, MOST_OF_A_CALLER, amount)
    assert len(callers) == amount, "not enough are left to erase"
    return callers


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
    return [subject for (subject,) in rows]


def _ended(workspace_id: UUID, first: int, last: int) -> Iterator[Request]:
    """Calls of which only the end is told; a person's form is read once for all of his calls."""
    for start in range(first, last, traffic.CALLS_PER_PERSON):
        read = traffic.request(workspace_id, traffic.one_callback(start))
        yield read
        for number in range(start + 1, min(start + traffic.CALLS_PER_PERSON, last)):
            yield traffic.once_more(read, number)
