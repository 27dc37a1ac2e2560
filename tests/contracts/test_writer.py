"""The writer's promises: an order without gaps, nothing lost or doubled, everybody answered."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from cells import Home, asynchronous, new_cell, new_workspace, open_home
from neighbour import neighbour, number_of
from twilio_forms import Form, call_callbacks, call_sid, incoming_form, leg_callbacks
from waiting import LONGEST_SECONDS, waited_for

from adapters.event_store import knowledge, writer
from adapters.event_store.history import read_between
from adapters.event_store.requests import Request
from adapters.postgres.embedded import Urls
from domain.calls.call import CALL
from domain.calls.commands import ReportLeg
from domain.dead_letters.dead_letter import DEAD_LETTER, CloseDeadLetter, KeepDeadLetter
from domain.errors import NotFound, Overloaded, Refused, Unavailable
from domain.messages import Command, Context
from domain.personal_data import Category, Clear


def _incoming(calls: int, first: int = 0) -> list[Form]:
    return [incoming_form(call_sid(n), caller=number_of(n)) for n in range(first, first + calls)]


def _letter(home: Home, command: Command) -> Request:
    workspace_id = home.address.workspace_id
    return Request(workspace_id, uuid4(), DEAD_LETTER, command, Context("cli", uuid4()))


async def _tail(home: Home, *, until: int) -> list[int]:
    """The positions that a reader sees who asks for what is after the last it saw."""
    seen: list[int] = []
    async with home.cell.writing.connection() as connection:
        while len(seen) < until:
            last = seen[-1] if seen else 0
            entries = await read_between(connection, last, last + 7)
            seen += [entry.position for entry in entries]
            await asyncio.sleep(0)
    return seen


@asynchronous
async def test_two_processes_leave_no_gap_and_a_reader_misses_nothing(
    postgres: Urls, tmp_path: Path
) -> None:
    """Positions count from 1; who asks for what comes after the last gets all of them in order."""
    # Two entries a call here (it was registered, it rang); there another one for its end.
    total = 2 * 96 + 3 * 96
    async with new_cell(postgres, tmp_path) as home:
        async with neighbour(home.address, calls=96, first=1000, numbers=40):
            reader = asyncio.create_task(_tail(home, until=total))
            for start in range(0, 96, 8):
                await home.hear(*_incoming(8, start))
            assert await asyncio.wait_for(reader, LONGEST_SECONDS) == list(range(1, total + 1))
        assert len(await home.entries()) == total


@asynchronous
async def test_two_writers_on_one_stream_lose_nothing_and_double_nothing(
    postgres: Urls, tmp_path: Path
) -> None:
    """Whoever comes second decides again on what the first one wrote."""
    forms = [
        form
        for call in range(12)
        for form in call_callbacks(call_sid(2 * call), call_sid(2 * call + 1))
    ]
    async with new_cell(postgres, tmp_path) as home, open_home(home.address) as other:
        receipts, _ = await asyncio.gather(home.hear(*forms), other.hear(*reversed(forms)))
        for stream_id in {receipt.stream_id for receipt in receipts}:
            stream = await home.stream(stream_id)
            assert [entry.version for entry in stream] == list(range(1, len(stream) + 1))
            call = home.call(stream)
            # Two legs, registered once each; four reports of the one and three of the other.
            assert sorted(len(leg.reports) for leg in call.legs.values()) == [3, 4]
            assert len(stream) == 2 + 3 + 4


@asynchronous
async def test_a_poisonous_request_fails_alone(postgres: Urls, tmp_path: Path) -> None:
    """Whatever breaks the batch it is in, the others in it are stored."""
    poison = Clear({"cannot be written down": object()}, Category.dead_letter)
    command = KeepDeadLetter(channel="voice/status", reason="odd", callback=poison)
    async with new_cell(postgres, tmp_path) as home:
        handle = home.cell.writer.handle
        poisoned = asyncio.create_task(handle(_letter(home, command)))
        receipts = await home.hear(*_incoming(20))
        with pytest.raises(TypeError):
            await poisoned
        assert all(receipt.version == 2 for receipt in receipts)
        assert len(await home.entries()) == 40


@asynchronous
async def test_a_refused_request_fails_alone(postgres: Urls, tmp_path: Path) -> None:
    """A rule's no, or an unknown workspace, is the answer to that request and to no other."""
    async with new_cell(postgres, tmp_path) as home:
        handle = home.cell.writer.handle
        refused = asyncio.create_task(handle(_letter(home, CloseDeadLetter())))
        form = home.address.request(incoming_form(call_sid(99)))
        nowhere = Request(uuid4(), form.stream_id, CALL, form.command, form.context)
        unknown = asyncio.create_task(handle(nowhere))
        await home.hear(*_incoming(20))
        with pytest.raises(Refused, match="no_such_dead_letter"):
            await refused
        with pytest.raises(NotFound):
            await unknown
        assert len(await home.entries()) == 40


@asynchronous
async def test_a_stream_belongs_to_one_workspace(postgres: Urls, tmp_path: Path) -> None:
    """Who names another workspace's stream finds none, and adds nothing to it."""
    async with new_cell(postgres, tmp_path) as home:
        (kept,) = await home.hear(incoming_form(call_sid(1)))
        other = await new_workspace(home)
        status = leg_callbacks(call_sid(1))[-1]
        command = other.address.request(status).command
        foreign = Request(
            other.address.workspace_id, kept.stream_id, CALL, command, Context("x", uuid4())
        )
        with pytest.raises(NotFound):
            await home.cell.writer.handle(foreign)
        # Nor where the writer has never met the stream.
        async with open_home(other.address) as fresh:
            with pytest.raises(NotFound):
                await fresh.cell.writer.handle(foreign)
        assert [entry.version for entry in await home.stream(kept.stream_id)] == [1, 2]


@asynchronous
async def test_too_much_waiting_is_refused_and_nothing_else_is(
    postgres: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Past the bound a request is refused at once; those within it are answered."""
    monkeypatch.setattr(writer, "MAX_WAITING", 10)
    async with new_cell(postgres, tmp_path) as home:
        holder = await psycopg.AsyncConnection.connect(
            postgres.admin, options=f"-c search_path={home.address.schema}"
        )
        async with holder:
            await holder.execute("SELECT FROM counter FOR UPDATE")
            first = asyncio.create_task(home.hear(*_incoming(1)))
            await waited_for(holder)
            waiting = asyncio.create_task(home.hear(*_incoming(10, first=1)))
            await asyncio.sleep(0)
            with pytest.raises(Overloaded):
                await home.hear(*_incoming(1, first=11))
        assert len(await first + await waiting) == 11
        assert len(await home.entries()) == 22


@asynchronous
async def test_few_that_are_large_are_too_much_as_well(
    postgres: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Past the bound of bytes a request is refused at once; when those are answered none is."""
    monkeypatch.setattr(writer, "MAX_WAITING_BYTES", 1_000)
    async with new_cell(postgres, tmp_path) as home:
        large, larger, small = (
            home.address.request(form)._replace(size=size)
            for form, size in zip(_incoming(3), (500, 600, 1), strict=True)
        )
        holder = await psycopg.AsyncConnection.connect(
            postgres.admin, options=f"-c search_path={home.address.schema}"
        )
        async with holder:
            await holder.execute("SELECT FROM counter FOR UPDATE")
            waiting = [
                asyncio.create_task(home.cell.writer.handle(one)) for one in (large, larger)
            ]
            await asyncio.sleep(0.1)  # They are in a transaction now, and wait for the counter.
            with pytest.raises(Overloaded):
                await home.cell.writer.handle(small)
        await asyncio.gather(*waiting)
        await home.cell.writer.handle(small)
        assert len(await home.entries()) == 6


@asynchronous
async def test_closing_answers_all_who_wait(postgres: Urls, tmp_path: Path) -> None:
    """What was taken is stored before the writer leaves; what comes later is turned away."""
    async with new_cell(postgres, tmp_path) as home:
        async with open_home(home.address) as closing:
            waiting = asyncio.create_task(closing.hear(*_incoming(700)))
            await asyncio.sleep(0.01)  # The first of them are being stored.
            await closing.cell.writer.close()
            assert len(await asyncio.wait_for(waiting, LONGEST_SECONDS)) == 700
            with pytest.raises(Unavailable):
                await closing.hear(*_incoming(1))
        assert len(await home.entries()) == 1400


@asynchronous
async def test_who_does_not_wait_disturbs_nobody(postgres: Urls, tmp_path: Path) -> None:
    """A request whose sender hung up may be stored or not; the others in its batch are."""
    async with new_cell(postgres, tmp_path) as home:
        requests = [home.address.request(form) for form in _incoming(30)]
        waiting = [asyncio.create_task(home.cell.writer.handle(one)) for one in requests]
        await asyncio.sleep(0)
        for one in waiting[::3]:
            one.cancel()
        answers = await asyncio.gather(*waiting, return_exceptions=True)
        assert Counter(type(answer).__name__ for answer in answers) == {
            "CancelledError": 10,
            "Receipt": 20,
        }


@asynchronous
async def test_recorded_at_only_goes_on(postgres: Urls, tmp_path: Path) -> None:
    """A clock that stands still or jumps back makes no batch look as early as the one before."""
    start = datetime(2026, 3, 2, 12, tzinfo=UTC)
    moments = iter([start, start - timedelta(hours=1), start + timedelta(seconds=1), start])
    async with new_cell(postgres, tmp_path, clock=lambda: next(moments)) as home:
        for form in _incoming(4):
            await home.hear(form)
        told = [entry.recorded_at - start for entry in await home.entries()]
        second, tick = timedelta(seconds=1), timedelta(microseconds=1)
        batches = [timedelta(0), tick, second, second + tick]
        assert told == [batch for batch in batches for _ in range(2)]


@asynchronous
async def test_a_full_memory_forgets_and_asks_again(
    postgres: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the writer had to forget, somebody known stays the same subject."""
    monkeypatch.setattr(knowledge, "LIMIT", 3)
    async with new_cell(postgres, tmp_path) as home:
        await home.hear(incoming_form(call_sid(0), caller="+32470000000"))
        subject = await home.subject_of("+32470000000")
        for call in range(1, 8):  # Withheld numbers are subjects without a lookup.
            await home.hear(incoming_form(call_sid(call), caller="anonymous"))
        await home.hear(incoming_form(call_sid(8), caller="+32470000000"))
        assert subject == await home.subject_of("+32470000000")
        found = await home.address.sql("SELECT count(*) FROM subjects")
        assert found == [(1 + 1 + 7,)]  # the caller, whom all called, the anonymous


@asynchronous
async def test_a_repeat_is_answered_and_adds_nothing(postgres: Urls, tmp_path: Path) -> None:
    """The same callback again, at once or later, gets the same version and no entry."""
    async with new_cell(postgres, tmp_path) as home:
        form = incoming_form(call_sid(1))
        at_once = await home.hear(form, form, form)
        later = await home.hear(form)
        assert [receipt.version for receipt in at_once + later] == [2, 2, 2, 2]
        assert [len(receipt.events) for receipt in at_once + later] == [2, 0, 0, 0]
        assert isinstance(home.address.request(form).command, ReportLeg)
        assert len(await home.entries()) == 2
