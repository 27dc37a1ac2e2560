"""Two processes: one takes calls from the people whom the other one erases, over and over."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from time import monotonic
from uuid import UUID

from cells import Home, asynchronous, new_cell
from neighbour import neighbour, number_of
from reader import another_reads
from twilio_forms import call_sid, incoming_form
from waiting import LONGEST_SECONDS

from adapters.event_store.values import references
from adapters.postgres.embedded import Urls
from domain.messages import Entry
from domain.personal_data import Sealed
from domain.subjects.events import SubjectErased

CALLS, PEOPLE = 400, 5


async def _erase(home: Home, over: asyncio.Event) -> None:
    """Erase whoever has one of the numbers, take a call from it again; in between delete boxes."""
    for turn in count():
        if over.is_set():
            return
        number = number_of(turn % PEOPLE)
        if subject := await home.subject_of(number):
            await home.erase(subject)
        await home.hear(incoming_form(call_sid(100_000 + turn), caller=number))
        if number == number_of(0):
            await home.cell.erasures.finish()


def _sealed(entry: Entry) -> Iterator[Sealed]:
    return (reference.sealed for reference in references(entry))


@asynchronous
async def test_a_race_loses_nobody_and_revives_nobody(postgres: Urls, tmp_path: Path) -> None:
    """Every value of a living subject opens, and nothing of an erased one is sealed again."""
    async with new_cell(postgres, tmp_path) as home:
        over = asyncio.Event()
        async with neighbour(home.address, calls=CALLS, first=1, numbers=PEOPLE):
            erasing = asyncio.create_task(_erase(home, over))
        over.set()
        await asyncio.wait_for(erasing, LONGEST_SECONDS)
        entries = await home.entries()
        erased_at = {
            e.stream_id: e.position for e in entries if isinstance(e.event, SubjectErased)
        }
        assert len(erased_at) > 2 * PEOPLE, f"there was no race: {len(erased_at)}"
        _nothing_sealed_after_its_erasure(entries, erased_at)
        await _the_living_open_and_the_erased_do_not(home, entries, set(erased_at))


@asynchronous
async def test_a_read_that_begins_after_an_erasure_finds_nothing(
    postgres: Urls, tmp_path: Path
) -> None:
    """In another process that opened the value a moment ago as well: the bound is none at all.

    A read that was under way may still show it: it is of a time before the erasure.
    """
    async with new_cell(postgres, tmp_path) as home:
        (receipt,) = await home.hear(incoming_form(call_sid(1), caller=number_of(1)))
        async with another_reads(home.address, receipt.stream_id, "caller") as looks:
            await home.erase_number(number_of(1))
            erased = monotonic()
            await asyncio.sleep(0.5)
        late = [look.state for look in looks if look.began > erased]
        assert looks[0].state == "value"
        assert len(late) > 3
        assert set(late) == {"erased"}


def _nothing_sealed_after_its_erasure(entries: list[Entry], erased_at: dict[UUID, int]) -> None:
    for entry in entries:
        for sealed in _sealed(entry):
            late = any(entry.position > erased_at.get(s, entry.position) for s in sealed.subjects)
            assert (sealed.commitment is None) is late


async def _the_living_open_and_the_erased_do_not(
    home: Home, entries: list[Entry], erased: set[UUID]
) -> None:
    streams = {entry.stream_id for entry in entries}
    owners = {(e.stream_id, r.version, r.field): r.sealed for e in entries for r in references(e)}
    living: defaultdict[str, set[UUID]] = defaultdict(set)
    for stream, readings in zip(streams, await home.read(streams), strict=True):
        for (version, field), reading in readings.items():
            subjects = owners[stream, version, field].subjects
            assert reading.state == ("value" if erased.isdisjoint(subjects) else "erased")
            if reading.value and "address" in reading.value:
                living[reading.value["address"]].update(subjects)
    assert all(len(subjects) == 1 for subjects in living.values())
