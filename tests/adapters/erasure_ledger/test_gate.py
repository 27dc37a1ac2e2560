"""A cell and its erasure ledger: written first, carried out once, nothing served in between."""

import asyncio
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from cells import Address, Home, asynchronous, new_cell, new_workspace, open_home
from clocks import SetClock
from dumps import dump, restore
from eraser import another_erases, kill
from twilio_forms import call_sid, incoming_form
from waiting import eventually

from adapters.erasure_ledger.file import Mark, Tail
from adapters.erasure_ledger.lines import Act, Kind, Said
from adapters.event_store.requests import Request
from adapters.postgres.embedded import Urls
from domain.errors import IntegrityAlarm, NotFound, Restored, Unavailable
from domain.messages import Context
from domain.workspaces.commands import CloseWorkspace
from domain.workspaces.words import ClosureReason
from domain.workspaces.workspace import WORKSPACE

ANNE, BORIS, CARLA = "+32470000001", "+32470000002", "+32470000003"


async def _mark(home: Home) -> Mark:
    ((number, sha256),) = await home.address.sql(
        "SELECT ledger_number, ledger_sha256 FROM counter"
    )
    return Mark(number, sha256)


def _said(whole: Tail) -> list[Said]:
    return [line.said for line in whole.lines]


async def _is_living(home: Home, subject: UUID) -> bool:
    query = "SELECT count(*) FROM subject_keys WHERE subject_id = %s"
    found: int = (await home.address.sql(query, subject))[0][0]
    return found == 1


async def _subject(home: Home, number: str, call: int) -> UUID:
    await home.hear(incoming_form(call_sid(call), caller=number))
    subject = await home.subject_of(number)
    assert subject is not None
    return subject


async def _open(address: Address) -> None:
    async with open_home(address):
        pass


def _erasing(home: Home, subject: UUID) -> Act:
    return Act(Kind.subject_erased, home.address.workspace_id, subject, "requested")


@asynchronous
async def test_an_erasure_is_written_down_first(postgres: Urls, tmp_path: Path) -> None:
    """Before the database has it: where it cannot be written down nobody is erased."""
    async with new_cell(postgres, tmp_path) as home:
        subject = await _subject(home, ANNE, 1)
        ledger = home.cell.gate.ledger
        ledger.put_aside()
        ledger.path.mkdir()
        with pytest.raises(Unavailable):
            await home.erase(subject)
        assert await _is_living(home, subject)
        ledger.path.rmdir()
        await home.erase(subject)
        intended, done = ledger.verify().lines
        assert intended.act == _erasing(home, subject)
        assert (done.said, done.of) == (Said.done, 1)
        assert await _mark(home) == Mark(1, intended.sha256)


@asynchronous
async def test_what_is_rolled_back_is_given_up(postgres: Urls, tmp_path: Path) -> None:
    """The ledger says so, and nobody carries it out later. Whoever asks again is served."""
    async with new_cell(postgres, tmp_path) as home:
        subject = await _subject(home, ANNE, 1)
        refuse = "ALTER TABLE entries ADD CONSTRAINT full_disk CHECK (name <> 'subject.erased')"
        await home.address.sql(refuse)
        with pytest.raises(psycopg.errors.CheckViolation):
            await home.erase(subject)
        await home.address.sql("ALTER TABLE entries DROP CONSTRAINT full_disk")
        assert _said(home.cell.gate.ledger.verify()) == [Said.intended, Said.given_up]
        async with open_home(home.address) as next_one:
            assert await _is_living(next_one, subject)
            await next_one.erase(subject)
        assert not await _is_living(home, subject)
        assert (await _mark(home)).number == 3


@asynchronous
async def test_nobody_is_written_down_who_is_not_there(postgres: Urls, tmp_path: Path) -> None:
    """Not who is unknown, nor who was erased before: the ledger holds what was destroyed."""
    async with new_cell(postgres, tmp_path) as home:
        subject = await _subject(home, ANNE, 1)
        for _ in range(3):
            await home.erase(subject)
        with pytest.raises(NotFound):
            await home.erase(uuid4())
        assert len(home.cell.gate.ledger.verify().lines) == 2


@asynchronous
async def test_what_was_begun_is_carried_out_at_the_start(postgres: Urls, tmp_path: Path) -> None:
    """Whoever was killed after the ledger and before the commit: the next one to open does it."""
    async with new_cell(postgres, tmp_path) as home:
        anne, boris = await _subject(home, ANNE, 1), await _subject(home, BORIS, 2)
        await home.erase(boris)
        home.cell.gate.ledger.intend(_erasing(home, anne))
        async with open_home(home.address) as next_one:
            assert not await _is_living(next_one, anne)
            (entry,) = await next_one.stream(anne)
            assert entry.context.actor == "policy:erasure_ledger"
        assert (await _mark(home)).number == 3


@asynchronous
async def test_whoever_is_killed_in_the_middle_is_finished(postgres: Urls, tmp_path: Path) -> None:
    """A real process, by a real kill: between the ledger's disk and the database's commit."""
    async with new_cell(postgres, tmp_path) as home:
        subject, ledger = await _subject(home, ANNE, 1), home.cell.gate.ledger
        inside = f"-c search_path={home.address.schema}"
        owner = await psycopg.AsyncConnection.connect(postgres.admin, options=inside)
        async with owner:
            await owner.execute("SELECT FROM subjects FOR UPDATE")
            eraser = await another_erases(home.address, subject)
            await eventually(lambda: len(ledger.verify().lines) == 1)
            await kill(eraser)
            await owner.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted")
        assert await _is_living(home, subject)
        async with open_home(home.address) as next_one:
            assert not await _is_living(next_one, subject)
        assert _said(ledger.verify()) == [Said.intended, Said.done]


@asynchronous
async def test_what_was_begun_is_carried_out_by_who_comes_next(
    postgres: Urls, tmp_path: Path
) -> None:
    """Also by a process that runs on: before its own erasure, and of everybody in turn."""
    async with new_cell(postgres, tmp_path) as home:
        people = [await _subject(home, number, n) for n, number in enumerate((ANNE, BORIS, CARLA))]
        home.cell.gate.ledger.intend(*(_erasing(home, p) for p in people[:2]))
        await home.erase(people[2])
        assert [await _is_living(home, one) for one in people] == [False] * 3
        assert home.cell.gate.ledger.since(await _mark(home)).acts == []


@asynchronous
async def test_several_who_erase_at_once_agree_with_the_ledger(
    postgres: Urls, tmp_path: Path
) -> None:
    """Each erasure has its line and its "done"; the mark is the last one's."""
    async with new_cell(postgres, tmp_path) as home, open_home(home.address) as other:
        people = [await _subject(home, f"+3247000{n:04d}", n) for n in range(12)]
        await asyncio.gather(
            *((home, other)[n % 2].erase(person) for n, person in enumerate(people))
        )
        whole = home.cell.gate.ledger.verify()
        intended = [line for line in whole.lines if line.said is Said.intended]
        assert {line.act.id for line in intended if line.act} == set(people)
        assert sorted(_said(whole)).count(Said.done) == len(people)
        assert await _mark(home) == Mark(intended[-1].number, intended[-1].sha256)


@asynchronous
async def test_a_restored_cell_is_not_served(database: Urls, tmp_path: Path) -> None:
    """It waits for the replay, which carries out what it lacks, and nothing twice."""
    async with new_cell(database, tmp_path) as home:
        people = [await _subject(home, number, n) for n, number in enumerate((ANNE, BORIS, CARLA))]
        await home.erase(people[0])
        backup = dump(database, tmp_path / "backup")
        late = await _subject(home, "+32470000009", 9)
        for one in (people[1], late):
            await home.erase(one)
        address = home.address
    restore(database, backup)
    for _ in range(2):
        with pytest.raises(Restored, match="2 erasures"):
            await _open(address)
    async with open_home(address, is_gated=False) as shut:
        assert await _is_living(shut, people[1])
        with pytest.raises(Restored):
            await shut.erase(people[2])
        assert await shut.cell.gate.replay() == 2
        assert await shut.cell.gate.replay() == 0
    async with open_home(address) as home:
        assert [await _is_living(home, one) for one in people] == [False, False, True]
        await home.erase(people[2])


@asynchronous
async def test_a_workspace_that_ended_ends_again(database: Urls, tmp_path: Path) -> None:
    """Its key is destroyed again, also in a database in which it was not even closed."""
    clock = SetClock()
    async with new_cell(database, tmp_path, clock) as home:
        await _subject(home, ANNE, 1)
        own, other = home.address.workspace_id, await new_workspace(home)
        backup = dump(database, tmp_path / "backup")
        command = CloseWorkspace(occurred_at=clock(), reason=ClosureReason.terminated)
        await home.cell.writer.handle(
            Request(own, own, WORKSPACE, command, Context("cli", uuid4()))
        )
        clock.passed = timedelta(days=120)
        assert await home.cell.closures.finish() == 1
        address = home.address
    restore(database, backup)
    async with open_home(address, clock, is_gated=False) as home:
        assert await home.cell.gate.replay() == 1
        keys = await home.address.sql("SELECT workspace_id FROM workspace_keys")
        assert keys == [(other.address.workspace_id,)]
        (*_, last) = await home.stream(own)
        assert last.event.name == "workspace.keys_destroyed"
    async with open_home(address, clock):
        pass


@asynchronous
async def test_a_cell_without_its_ledger_is_not_served(postgres: Urls, tmp_path: Path) -> None:
    """Once it has erased somebody, it needs the very ledger; one that is lost is begun anew."""
    async with new_cell(postgres, tmp_path) as home:
        await home.erase(await _subject(home, ANNE, 1))
        await home.erase(await _subject(home, BORIS, 2))
        home.cell.gate.ledger.path.unlink()
        with pytest.raises(IntegrityAlarm, match="at line 3"):
            await _open(home.address)
        assert await home.cell.gate.begin_anew() == 2
        async with open_home(home.address) as next_one:
            await next_one.erase(await _subject(next_one, CARLA, 3))
        assert len(home.cell.gate.ledger.verify().lines) == 6


@asynchronous
async def test_who_was_erased_before_there_was_a_ledger(database: Urls, tmp_path: Path) -> None:
    """They are written down when it begins: a backup of that time is told apart as well."""
    async with new_cell(database, tmp_path) as home:
        anne, boris = await _subject(home, ANNE, 1), await _subject(home, BORIS, 2)
        backup = dump(database, tmp_path / "backup")
        await home.erase(anne)
        # As it was before the ledger came.
        home.cell.gate.ledger.path.unlink()
        await home.address.sql("UPDATE counter SET ledger_number = 0, ledger_sha256 = ''")
        address = home.address
    async with open_home(address) as home:
        assert len(home.cell.gate.ledger.verify().lines) == 2
        assert (await _mark(home)).number == 1
        await home.erase(boris)
    restore(database, backup)
    with pytest.raises(Restored, match="2 erasures"):
        await _open(address)
