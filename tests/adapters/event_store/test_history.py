"""The history reads the same whichever way it is read."""

from operator import attrgetter
from pathlib import Path

from cells import asynchronous, new_cell
from twilio_forms import call_sid, leg_callbacks

from adapters.event_store.history import MANY, read_between, scan
from adapters.postgres.embedded import Urls


@asynchronous
async def test_a_scan_is_the_history_by_streams(database: Urls, tmp_path: Path) -> None:
    """The same entries, field by field, each stream's together and in their order."""
    async with new_cell(database, tmp_path) as home:
        await home.hear(*[form for n in range(20) for form in leg_callbacks(call_sid(n))])
        async with await home.cell.follow() as connection:
            entries = await read_between(connection, 0, 50)
            copied = await read_between(connection, 0, MANY)
            scanned = [one async for page in scan(connection, 50) for one in page]
    assert copied[:50] == entries
    assert len(scanned) == 50
    assert scanned == sorted(entries, key=attrgetter("stream_id", "version"))


@asynchronous
async def test_only_what_is_asked_for_is_read(database: Urls, tmp_path: Path) -> None:
    """Between two positions, and of the names that begin so."""
    async with new_cell(database, tmp_path) as home:
        await home.hear(*[form for n in range(5) for form in leg_callbacks(call_sid(n))])
        async with await home.cell.follow() as connection:
            entries = await read_between(connection, 3, 17, "call.leg_r")
            copied = await read_between(connection, 3, 3 + MANY, "call.leg_r")
            scanned = [one async for page in scan(connection, 17, "call.leg_r") for one in page]
    assert [entry for entry in copied if entry.position <= 17] == entries
    assert {entry.event.name for entry in entries} == {"call.leg_registered", "call.leg_rang"}
    assert {entry.position for entry in entries} < set(range(4, 18))
    by_position = sorted(scanned, key=attrgetter("position"))
    assert [entry for entry in by_position if entry.position > 3] == entries
