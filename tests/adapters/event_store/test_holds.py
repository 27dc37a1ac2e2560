"""Holds and erasures: one lock, so that a hold in time wins; its release finishes what waited."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from cells import Home, asynchronous, new_cell, new_workspace, open_home
from holding import hold, placing, read_for, release, restrict, states
from hypothesis import given, settings
from hypothesis import strategies as st
from twilio_forms import Form, call_sid, incoming_form
from waiting import waited_for

from adapters.event_store import escrow
from adapters.event_store.erasures import Erasure
from adapters.event_store.standing import waiting_for
from adapters.postgres.embedded import Urls
from domain.errors import NotFound, Refused
from domain.holds.words import Scope
from domain.messages import Context
from domain.personal_data import Need
from domain.subjects.events import ErasureReason, RestrictionGround, SubjectErasureAsked

ANNE, BORIS, CARLA = "+32470000001", "+32470000002", "+32470000003"


def call(number: int, caller: str = ANNE, callee: str = BORIS) -> Form:
    """A call that comes in."""
    return incoming_form(call_sid(number), caller=caller, callee=callee)


async def known(home: Home, number: str) -> UUID:
    """The living subject who has this number."""
    subject = await home.subject_of(number)
    assert subject is not None, "nobody has this number"
    return subject


async def names(home: Home, stream: UUID) -> list[str]:
    """What happened to it."""
    return [entry.event.name for entry in await home.stream(stream)]


async def waits(home: Home, subject: UUID) -> list[UUID]:
    """The holds because of which something of a subject is left."""
    own = home.address.workspace_id
    async with home.cell.scoped(own) as connection:
        return await waiting_for(connection, own, subject)


async def boxes(home: Home, subject: UUID) -> int:
    """How many boxes of a subject lie in the vault."""
    query = "SELECT count(*) FROM vault WHERE %s = ANY(subject_ids)"
    found: int = (await home.address.sql(query, subject))[0][0]
    return found


@pytest.mark.parametrize("scope", [Scope.subject, Scope.matter, Scope.workspace])
def test_an_erasure_waits_for_its_hold(scope: Scope, postgres: Urls, tmp_path: Path) -> None:
    """Nothing of the subject is destroyed; that it was asked for is kept, and the release does it.

    Also in another process, after a restart.
    """

    @asynchronous
    async def story() -> None:
        async with new_cell(postgres, tmp_path) as home:
            (receipt,) = await home.hear(call(1))
            anne = await known(home, ANNE)
            subjects = [] if scope is Scope.workspace else [anne]
            hold_id = await hold(home, placing(scope=scope, subjects=subjects))
            for _ in range(2):
                assert await home.erase(anne) == Erasure(anne, None, None, (hold_id,))
            assert await home.cell.erasures.finish() == 0
            assert await names(home, anne) == ["subject.erasure_asked"]
            assert states(await read_for(home, receipt.stream_id))["caller"] == "value"
            assert await waits(home, anne) == [hold_id]
            async with open_home(home.address) as restarted:
                await release(restarted, hold_id)
                assert await restarted.cell.erasures.finish() == 2
            assert states(await read_for(home, receipt.stream_id))["caller"] == "erased"
            assert await names(home, anne) == [
                *("subject.erasure_asked", "subject.erased", "subject.values_deleted")
            ]
            assert await waits(home, anne) == []

    story()


@asynchronous
async def test_an_erasure_waits_for_the_last_of_its_holds(postgres: Urls, tmp_path: Path) -> None:
    """Asked again, it names the holds that stand by then."""
    async with new_cell(postgres, tmp_path) as home:
        await home.hear(call(1))
        anne = await known(home, ANNE)
        one, other = (
            await hold(home, placing(subjects=[anne])),
            await hold(home, placing(subjects=[anne])),
        )
        assert set((await home.erase(anne)).waits_for) == {one, other}
        await release(home, one)
        assert await home.cell.erasures.finish() == 0
        assert (await home.erase(anne)).waits_for == (other,)
        asked = [entry.event for entry in await home.stream(anne)]
        assert [set(e.holds) for e in asked if isinstance(e, SubjectErasureAsked)] == [
            {one, other},
            {other},
        ]
        await release(home, other)
        await home.cell.erasures.finish()
        assert (await home.erase(anne)).deleted_at is not None


@asynchronous
async def test_a_held_call_survives_the_erasure_of_its_caller(
    postgres: Urls, tmp_path: Path
) -> None:
    """Theirs in that call opens for the hold's purpose alone; in every other call it is gone.

    After the release nothing is left, and only then is the deletion complete.
    """
    async with new_cell(postgres, tmp_path) as home:
        held, other = await home.hear(call(1), call(2))
        anne = await known(home, ANNE)
        hold_id = await hold(home, placing(calls=[held.stream_id]))
        erasure = await home.erase(anne)
        assert erasure.erased_at is not None
        assert await home.cell.erasures.finish() == 2
        assert await home.cell.erasures.finish() == 0
        assert await boxes(home, anne) == 2
        assert (await home.erase(anne)).deleted_at is None
        assert await waits(home, anne) == [hold_id]
        assert await home.subject_of(ANNE) is None
        gone = {"caller": "erased", "callee": "value", "unknown_fields": "erased"}
        assert states(await read_for(home, held.stream_id)) == gone
        assert states(await read_for(home, other.stream_id, *Need)) == gone
        kept = await read_for(home, held.stream_id, Need.legal_claims)
        assert set(states(kept).values()) == {"value"}
        assert (kept[1, "caller"].value or {})["address"] == ANNE
        await release(home, hold_id)
        assert states(await read_for(home, held.stream_id, *Need)) == gone
        async with open_home(home.address) as restarted:
            assert await restarted.cell.erasures.finish() == 2
        assert await boxes(home, anne) == 0
        assert (await home.erase(anne)).deleted_at is not None
        assert await waits(home, anne) == []


@asynchronous
async def test_a_large_matter_is_taken_into_escrow_in_portions(
    postgres: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever fits into one: nothing of it is left out, and the erasure is one all the same."""
    for at_once in (1, 2, 3):
        monkeypatch.setattr(escrow, "AT_ONCE", at_once)
        async with new_cell(postgres, tmp_path / str(at_once)) as home:
            receipts = await home.hear(*(call(number) for number in range(3)))
            calls = [receipt.stream_id for receipt in receipts]
            await hold(home, placing(calls=calls))
            anne = await home.erase_number(ANNE)
            for one in calls:
                kept = states(await read_for(home, one, Need.legal_claims))
                assert set(kept.values()) == {"value"}
            assert await names(home, anne) == ["subject.erased"]


@asynchronous
async def test_what_is_shared_with_who_is_held_survives(postgres: Urls, tmp_path: Path) -> None:
    """The erasure of one party does not take from a hold what is the other party's as well."""
    async with new_cell(postgres, tmp_path) as home:
        (receipt,) = await home.hear(call(1))
        anne, boris = await known(home, ANNE), await known(home, BORIS)
        hold_id = await hold(home, placing(subjects=[boris], scope=Scope.subject))
        await home.erase(anne)
        await home.cell.erasures.finish()
        opened = states(await read_for(home, receipt.stream_id, Need.legal_claims))
        assert opened == {"caller": "erased", "callee": "value", "unknown_fields": "value"}
        assert (await home.erase(boris)).waits_for == (hold_id,)
        await release(home, hold_id)
        await home.cell.erasures.finish()
        assert await boxes(home, anne) == await boxes(home, boris) == 0


@asynccontextmanager
async def locked(home: Home) -> AsyncIterator[psycopg.AsyncConnection]:
    """Take the writers' lock: whoever comes meanwhile queues."""
    inside = f"-c search_path={home.address.schema}"
    owner = await psycopg.AsyncConnection.connect(home.address.urls.admin, options=inside)
    async with owner:
        await owner.execute("SELECT FROM counter FOR UPDATE")
        yield owner


@pytest.mark.parametrize("is_hold_first", [True, False])
def test_a_hold_placed_while_an_erasure_is_under_way_wins(
    postgres: Urls, tmp_path: Path, *, is_hold_first: bool
) -> None:
    """Both queue for one lock. First in it, the hold keeps all; second, it hears that it is late.

    Two pools and so two connections, as two processes have.
    """

    @asynchronous
    async def race() -> None:
        async with new_cell(postgres, tmp_path) as home, open_home(home.address) as other:
            (receipt,) = await home.hear(call(1))
            anne = await known(home, ANNE)
            doing: list[Coroutine[Any, Any, Any]] = [
                hold(other, placing(subjects=[anne])),
                home.erase(anne),
            ]
            async with locked(home) as owner:
                tasks = []
                for number, one in enumerate(doing if is_hold_first else doing[::-1], 1):
                    tasks.append(asyncio.create_task(one))
                    await waited_for(owner, number)
            first, second = await asyncio.gather(*tasks, return_exceptions=True)
            state = states(await read_for(home, receipt.stream_id))["caller"]
            if is_hold_first:
                assert isinstance(second, Erasure)
                assert (second.erased_at, second.waits_for) == (None, (first,))
                assert state == "value"
            else:
                assert isinstance(second, Refused)
                assert str(second) == "subject_erased"
                assert state == "erased"

    race()


@asynchronous
async def test_a_call_that_is_held_while_its_caller_is_erased(
    postgres: Urls, tmp_path: Path
) -> None:
    """The erasure finds it under the lock, takes it into escrow, and comes again."""
    async with new_cell(postgres, tmp_path) as home, open_home(home.address) as other:
        (receipt,) = await home.hear(call(1))
        anne = await known(home, ANNE)
        async with locked(home) as owner:
            holding = asyncio.create_task(hold(other, placing(calls=[receipt.stream_id])))
            await waited_for(owner, 1)
            erasing = asyncio.create_task(home.erase(anne))
            await waited_for(owner, 2)
        await holding
        assert (await erasing).erased_at is not None
        kept = states(await read_for(home, receipt.stream_id, Need.legal_claims))
        assert kept["caller"] == "value"


@settings(max_examples=3, deadline=None)
@given(
    orders=st.lists(
        st.permutations(["hold", "hold", "erase", "erase", "release", "finish"]),
        min_size=4,
        max_size=4,
    )
)
def test_whatever_comes_first_it_ends_the_same(
    orders: list[list[str]], postgres: Urls, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """In any order, and all at once from two processes: once nothing stands, she is erased.

    Until then a value that is held is never gone.
    """
    folder = tmp_path_factory.mktemp("order")

    @asynchronous
    async def play() -> None:
        async with new_cell(postgres, folder) as home, open_home(home.address) as other:
            for number, order in enumerate(orders, 1):
                await all_at_once(order, call(number), (home, other))

    play()


async def all_at_once(order: list[str], form: Form, homes: tuple[Home, Home]) -> None:
    """Each step in the other process than the one before."""
    home, other = homes
    (receipt,) = await home.hear(form)
    anne = await known(home, ANNE)
    standing: list[UUID] = []

    async def do(step: str, where: Home) -> None:
        match step:
            case "hold":
                standing.append(await hold(where, placing(subjects=[anne])))
            case "erase":
                await where.erase(anne)
            case "release" if standing:
                await release(where, standing.pop())
            case _:
                await where.cell.erasures.finish()

    doing = (do(step, homes[n % 2]) for n, step in enumerate(order))
    for done in await asyncio.gather(*doing, return_exceptions=True):
        assert done is None or str(done) == "subject_erased"
    if standing:
        assert states(await read_for(home, receipt.stream_id))["caller"] == "value"
    for hold_id in standing:
        await release(other, hold_id)
    await home.cell.erasures.finish()
    assert states(await read_for(home, receipt.stream_id))["caller"] == "erased"
    assert await boxes(home, anne) == 0


@asynchronous
async def test_nobody_holds_what_is_not_theirs(postgres: Urls, tmp_path: Path) -> None:
    """Subjects, calls and holds of another workspace, or of none, are not found."""
    async with new_cell(postgres, tmp_path) as home:
        (receipt,) = await home.hear(call(1))
        anne = await known(home, ANNE)
        mine = await hold(home, placing(subjects=[anne]))
        stranger = await new_workspace(home)
        for wrong in (
            placing(subjects=[anne]),
            placing(calls=[receipt.stream_id]),
            placing(subjects=[uuid4()]),
            placing(calls=[anne]),
        ):
            with pytest.raises(NotFound):
                await hold(stranger, wrong)
        for nothing in (mine, uuid4()):
            with pytest.raises(NotFound):
                await release(stranger, nothing)
        with pytest.raises(NotFound):
            await restrict(stranger, anne)
        assert await waits(home, anne) == [mine]


@asynchronous
async def test_only_the_subject_erases_what_is_restricted(postgres: Urls, tmp_path: Path) -> None:
    """The controller's instruction is refused; the subject's own wish ends the restriction."""
    async with new_cell(postgres, tmp_path) as home:
        (receipt,) = await home.hear(call(1))
        anne, own = await known(home, ANNE), home.address.workspace_id
        await restrict(home, anne)
        instructed = ErasureReason.instruction
        with pytest.raises(Refused, match="restricted"):
            await home.cell.erasures.erase(own, anne, instructed, Context("cli", uuid4()))
        assert states(await read_for(home, receipt.stream_id))["caller"] == "restricted"
        await home.erase(anne)
        assert states(await read_for(home, receipt.stream_id, *Need))["caller"] == "erased"
        with pytest.raises(Refused, match="subject_erased"):
            await restrict(home, anne)


@asynchronous
async def test_who_opposes_the_erasure_takes_it_back(postgres: Urls, tmp_path: Path) -> None:
    """Restricted rather than erased (Art. 18(1)(b)): the release carries out nothing."""
    async with new_cell(postgres, tmp_path) as home:
        await home.hear(call(1))
        anne = await known(home, ANNE)
        hold_id = await hold(home, placing(subjects=[anne]))
        await home.erase(anne)
        await restrict(home, anne, RestrictionGround.unlawful)
        await release(home, hold_id)
        await home.cell.erasures.finish()
        assert await names(home, anne) == ["subject.erasure_asked", "subject.restricted"]
