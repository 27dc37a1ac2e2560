"""Erasure: key and lookup at once and for ever, the boxes after them, and all of it provable."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from cells import Home, asynchronous, new_cell, new_workspace, open_home
from msgspec import structs
from twilio_forms import Form, call_callbacks, call_sid, incoming_form, leg_callbacks
from waiting import waited_for

from adapters.event_store import erasures
from adapters.postgres.embedded import Urls
from domain.errors import NotFound
from domain.messages import Entry
from domain.personal_data import Sealed
from domain.subjects.events import SubjectErased, SubjectValuesDeleted

ANNE, BORIS, CARLA = "+32470000001", "+32470000002", "+32470000003"


def _call(number: int, caller: str = ANNE, callee: str = BORIS) -> Form:
    return incoming_form(call_sid(number), caller=caller, callee=callee)


async def _boxes(home: Home, subject: UUID) -> int:
    """How many boxes lie in the vault that are this subject's, alone or with another."""
    query = "SELECT count(*) FROM vault WHERE %s = ANY(subject_ids)"
    found: int = (await home.address.sql(query, subject))[0][0]
    return found


def _sealed(entries: Iterable[Entry]) -> list[Sealed]:
    return [
        value
        for entry in entries
        for value in structs.asdict(entry.event).values()
        if isinstance(value, Sealed)
    ]


async def _deletions(home: Home, subject: UUID) -> list[tuple[int, bool]]:
    events = [entry.event for entry in await home.stream(subject)]
    assert isinstance(events[0], SubjectErased)
    deleted = [event for event in events[1:] if isinstance(event, SubjectValuesDeleted)]
    assert len(deleted) == len(events) - 1
    return [(event.values_deleted, event.is_complete) for event in deleted]


@asynchronous
async def test_an_erasure_leaves_a_fence_and_an_entry(postgres: Urls, tmp_path: Path) -> None:
    """The key and the lookup are gone, the id stays taken, and the history says when and why."""
    async with new_cell(postgres, tmp_path) as home:
        await home.hear(_call(1))
        subject = await home.erase_number(ANNE)
        assert await home.subject_of(ANNE) is None
        rows = "SELECT count(*) FROM {} WHERE subject_id = %s"
        counts = [
            (await home.address.sql(rows.format(table), subject))[0][0]
            for table in ("subject_keys", "lookups", "subjects")
        ]
        assert counts == [0, 0, 1]
        (entry,) = await home.stream(subject)
        assert isinstance(entry.event, SubjectErased)
        assert entry.event.reason == "requested"
        assert entry.context.actor == "cli"


@asynchronous
async def test_what_was_derived_lately_is_forgotten(postgres: Urls, tmp_path: Path) -> None:
    """The keys of calls opened a moment ago do not outlive an erasure in this process."""
    async with new_cell(postgres, tmp_path) as home:
        (receipt,) = await home.hear(_call(1))
        (registered, *_) = await home.stream(receipt.stream_id)
        async with home.cell.scoped(registered.workspace_id) as connection:
            key = await home.cell.workspace_key(connection, registered.workspace_id)
        kept = key.recent.get(b"a secret", b"a stream")
        assert key.recent.get(b"a secret", b"a stream") is kept
        await home.erase_number(ANNE)
        assert key.recent.get(b"a secret", b"a stream") is not kept


@asynchronous
async def test_twice_is_as_good_as_once(postgres: Urls, tmp_path: Path) -> None:
    """Asked again, at the same moment or later, an erasure answers what it answered first."""
    async with new_cell(postgres, tmp_path) as home, open_home(home.address) as other:
        await home.hear(_call(1))
        subject = await home.subject_of(ANNE)
        assert subject is not None
        at_once = await asyncio.gather(*(one.erase(subject) for one in (home, other, home, other)))
        assert len({*at_once, await home.erase(subject)}) == 1
        assert len(await home.stream(subject)) == 1


@asynchronous
async def test_another_workspace_erases_nobody(postgres: Urls, tmp_path: Path) -> None:
    """A subject of another workspace, or of none, is not found and stays readable."""
    async with new_cell(postgres, tmp_path) as home:
        (receipt,) = await home.hear(_call(1))
        stranger = await new_workspace(home)
        subject = await home.subject_of(ANNE)
        assert subject is not None
        for nobody in (subject, uuid4()):
            with pytest.raises(NotFound):
                await stranger.erase(nobody)
        (readings,) = await home.read([receipt.stream_id])
        assert readings[1, "caller"].state == "value"


@asynchronous
async def test_an_erasure_that_cannot_be_written_down_erases_nothing(
    postgres: Urls, tmp_path: Path
) -> None:
    """The key goes in the transaction that appends the entry, or not at all."""
    async with new_cell(postgres, tmp_path) as home:
        (receipt,) = await home.hear(_call(1))
        before = await home.read([receipt.stream_id])
        refuse = "ALTER TABLE entries ADD CONSTRAINT full_disk CHECK (name <> 'subject.erased')"
        await home.address.sql(refuse)
        with pytest.raises(psycopg.errors.CheckViolation):
            await home.erase_number(ANNE)
        assert await home.read([receipt.stream_id]) == before
        assert await home.address.sql("SELECT epoch FROM counter") == [(0,)]
        await home.address.sql("ALTER TABLE entries DROP CONSTRAINT full_disk")
        await home.erase_number(ANNE)
        assert [e.position for e in await home.entries()] == [1, 2, 3]


@asynchronous
async def test_the_boxes_go_in_batches_that_add_up(
    postgres: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every box of the erased one is deleted, nobody else's is, and the entries count them all."""
    monkeypatch.setattr(erasures, "DELETED_AT_ONCE", 3)
    async with new_cell(postgres, tmp_path) as home:
        await home.hear(*(_call(n) for n in range(5)), _call(5, caller=CARLA))
        boris, carla = await home.subject_of(BORIS), await home.subject_of(CARLA)
        assert boris is not None
        assert carla is not None
        subject = await home.erase_number(ANNE)
        assert await _boxes(home, subject) == 10  # in each of five calls: hers, and one of both
        assert await home.cell.erasures.finish() == 10
        assert await _deletions(home, subject) == [(3, False)] * 3 + [(1, True)]
        assert [await _boxes(home, who) for who in (subject, boris, carla)] == [0, 7, 2]
        assert await home.cell.erasures.finish() == 0
        erasure = await home.erase(subject)
        assert erasure.deleted_at is not None
        assert erasure.erased_at is not None
        assert erasure.deleted_at >= erasure.erased_at


@asynchronous
async def test_a_deletion_broken_off_half_way_goes_on(
    postgres: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a transaction deleted stays counted; whoever comes next deletes the rest."""
    monkeypatch.setattr(erasures, "DELETED_AT_ONCE", 3)
    async with new_cell(postgres, tmp_path) as home:
        await home.hear(*(_call(n) for n in range(5)))
        subject = await home.erase_number(ANNE)
        # The second batch cannot be written down, as when the server stops in the middle.
        await home.address.sql("ALTER TABLE entries ADD CHECK (position < 23)")
        with pytest.raises(psycopg.errors.CheckViolation):
            await home.cell.erasures.finish()
        assert await _boxes(home, subject) == 7
        await home.address.sql("ALTER TABLE entries DROP CONSTRAINT entries_position_check")
        async with open_home(home.address) as next_one:
            assert await next_one.cell.erasures.finish() == 7
        assert await _deletions(home, subject) == [(3, False)] * 3 + [(1, True)]


@asynchronous
async def test_two_who_delete_at_once_leave_nothing(postgres: Urls, tmp_path: Path) -> None:
    """Whoever waits for another's batch takes the next one, and does not think all is done."""
    delete = "SELECT deleted FROM delete_values(%s, 3)"
    async with new_cell(postgres, tmp_path) as home:
        await home.hear(*(_call(n) for n in range(5)))
        subject = await home.erase_number(ANNE)
        async with home.cell.writing.connection() as one, one.transaction():
            assert await (await one.execute(delete, (subject,))).fetchone() == (3,)
            async with home.cell.writing.connection() as two:
                waiting = asyncio.create_task(two.execute(delete, (subject,)))
                await waited_for(one)
                await one.execute("COMMIT")
                assert await (await waiting).fetchone() == (3,)
                await one.execute("BEGIN")
        unfinished = "SELECT count(*) FROM subjects WHERE deleted_at IS NULL AND subject_id = %s"
        assert await home.address.sql(unfinished, subject) == [(1,)]


@asynchronous
async def test_every_erased_subject_is_finished(postgres: Urls, tmp_path: Path) -> None:
    """One call deletes the boxes of all who were erased, however many they are."""
    async with new_cell(postgres, tmp_path) as home:
        numbers = [f"+3248000{n:04d}" for n in range(120)]
        await home.hear(*(_call(n, caller=number) for n, number in enumerate(numbers)))
        for number in numbers:
            await home.erase_number(number)
        assert await home.cell.erasures.finish() == 240
        assert await home.address.sql("SELECT count(*) FROM vault") == [(120,)]


@asynchronous
async def test_what_comes_late_keeps_nothing_of_the_erased(postgres: Urls, tmp_path: Path) -> None:
    """A call goes on and ends after its caller was erased: told in full, and nobody is made anew.

    What the late callbacks say of the caller, alone or with others, is not kept: no box, no key,
    no lookup. The entry says that there was something, and reads as erased.
    """
    async with new_cell(postgres, tmp_path) as home:
        first, *late = leg_callbacks(call_sid(1), caller=ANNE, callee=BORIS)
        (receipt,) = await home.hear(first)
        await home.erase_number(ANNE)
        everybody = "SELECT (SELECT count(*) FROM subjects), (SELECT count(*) FROM lookups)"
        before = await home.address.sql(everybody)
        told = await home.hear(*([*form, ("SipHeader_X-Name", "A. Nonymous")] for form in late))
        assert [len(one.events) for one in told] == [1, 1, 1]
        assert await home.address.sql(everybody) == before == [(2, 1)]
        stream = await home.stream(receipt.stream_id)
        assert [one.commitment for one in _sealed(stream[2:])] == [None] * 3
        (readings,) = await home.read([receipt.stream_id])
        assert [readings[n, "unknown_fields"].state for n in (3, 4, 5)] == ["erased"] * 3
        assert readings[1, "callee"].state == "value"
        (leg,) = home.call(stream).legs.values()
        assert leg.course.status == "completed"


@asynchronous
async def test_a_number_that_returns_is_a_new_subject(postgres: Urls, tmp_path: Path) -> None:
    """The next call is somebody new; what was erased stays erased, its id is not used again."""
    async with new_cell(postgres, tmp_path) as home:
        (old,) = await home.hear(_call(1))
        erased = await home.erase_number(ANNE)
        (new,) = await home.hear(_call(2))
        returned = await home.subject_of(ANNE)
        assert returned not in (None, erased)
        before, after = await home.read([old.stream_id, new.stream_id])
        assert (before[1, "caller"].state, after[1, "caller"].state) == ("erased", "value")


@pytest.mark.parametrize("erased", [ANNE, BORIS])
def test_a_value_of_two_dies_with_either(erased: str, postgres: Urls, tmp_path: Path) -> None:
    """Fields that may speak of both parties are erased with whichever of them goes first."""

    @asynchronous
    async def story() -> None:
        async with new_cell(postgres, tmp_path) as home:
            (receipt,) = await home.hear(_call(1))
            subject = await home.erase_number(erased)
            (readings,) = await home.read([receipt.stream_id])
            assert readings[2, "unknown_fields"].state == "erased"
            assert sorted(r.state for r in readings.values()) == ["erased", "erased", "value"]
            assert await home.cell.erasures.finish() == 2
            assert await _boxes(home, subject) == 0

    story()


@asynchronous
async def test_a_writer_hears_of_an_erasure_elsewhere(postgres: Urls, tmp_path: Path) -> None:
    """A writer that has the erased one's key in memory does not use it once more."""
    async with new_cell(postgres, tmp_path) as home, open_home(home.address) as elsewhere:
        forms = call_callbacks(call_sid(1), call_sid(2), caller=ANNE, callee=BORIS)
        noisy = [[*form, ("SipHeader_X-Name", "A. Nonymous")] for form in forms]
        await home.hear(*noisy[:3])
        erased = await elsewhere.erase_number(ANNE)
        kept = await _boxes(home, erased)
        await home.hear(*noisy[3:])
        assert await _boxes(home, erased) == kept
        (receipt,) = await home.hear(_call(9))
        assert await home.subject_of(ANNE) not in (None, erased)
        (readings,) = await home.read([receipt.stream_id])
        assert {reading.state for reading in readings.values()} == {"value"}
