"""Expiry in a cell: keys in one transaction with what says so, then the boxes, counted."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from asking import change
from cells import Home, Readings, asynchronous, new_cell, new_workspace, open_home
from clocks import SetClock
from consent_stories import said
from holding import hold, lift, placing, read_for, release, restrict
from twilio_forms import CALLER, call_callbacks, call_sid, incoming_form
from views import catch_up

from adapters.event_store import expiries
from adapters.event_store.expiries import Expired
from adapters.event_store.requests import Request
from adapters.postgres.embedded import Urls
from domain.consents.commands import RefuseConsent
from domain.consents.consent import CONSENT
from domain.consents.words import Marketing, Purpose
from domain.expiries.events import BucketsDestroyed, ExpiredValuesDeleted, LookupsDeleted
from domain.holds.words import Scope
from domain.identifiers import consent_id, expiry_id
from domain.messages import Context, Event
from domain.personal_data import Need
from domain.subjects.events import SubjectValuesDeleted
from domain.workspaces.words import Kept, RetentionPeriod
from domain.workspaces.workspace import WORKSPACE
from projections.consents.view import CONSENT_REGISTER


async def keep_for(home: Home, days: int | None, category: Kept = Kept.unclassified) -> None:
    """Have the workspace keep something so many days."""
    own = home.address.workspace_id
    wanted = RetentionPeriod(category=category, days=days)
    command = change(retention=(wanted,))
    await home.cell.writer.handle(Request(own, own, WORKSPACE, command, Context("cli", uuid4())))


async def refuse_marketing(home: Home, subject: UUID) -> None:
    """They want no calls."""
    own, kind = home.address.workspace_id, Marketing.calls
    command = said(RefuseConsent, 0, Purpose.marketing, kind, subject_id=subject)
    stream = consent_id(own, subject, Purpose.marketing, kind)
    await home.cell.writer.handle(Request(own, stream, CONSENT, command, Context("cli", uuid4())))
    await catch_up(home, CONSENT_REGISTER)


async def told(home: Home) -> list[Event]:
    """What is said to have expired."""
    stream = await home.stream(expiry_id(home.address.workspace_id))
    assert {entry.context.actor for entry in stream} <= {expiries.ACTOR}
    return [entry.event for entry in stream]


def destroyed(events: list[Event]) -> list[dict[str, Any]]:
    """The buckets' ends, in short."""
    return [
        {"category": e.category, "buckets": e.buckets, "level": e.level, "length": e.length}
        for e in events
        if isinstance(e, BucketsDestroyed)
    ]


def states(readings: Readings) -> dict[str, str]:
    """How each field reads."""
    return {field: str(reading.state) for (_, field), reading in readings.items()}


async def count(home: Home, table: str) -> int:
    """How many rows of the workspace there are."""
    query = f"SELECT count(*) FROM {table} WHERE workspace_id = %s"  # noqa: S608 - a test's own
    ((found,),) = await home.address.sql(query, home.address.workspace_id)
    return int(found)


@asynchronous
async def test_what_is_over_goes_and_nothing_beside_it(postgres: Urls, tmp_path: Path) -> None:
    """What nobody understood, after 90 days. The numbers stay, and a newer call is whole."""
    clock = SetClock()
    async with new_cell(postgres, tmp_path, clock) as home:
        (old,) = await home.hear(incoming_form(call_sid(1)))
        clock.let_pass(days=90)
        (new,) = await home.hear(incoming_form(call_sid(2)))
        assert await home.cell.expiries.finish() == Expired(0, 0)
        clock.let_pass(days=1)
        assert await home.cell.expiries.finish() == Expired(1, 1)
        before, after = await home.read([old.stream_id, new.stream_id])
        kept = {"caller": "value", "callee": "value"}
        assert states(before) == {**kept, "unknown_fields": "expired"}
        assert states(after) == {**kept, "unknown_fields": "value"}
        (key, boxes) = await told(home)
        assert isinstance(key, BucketsDestroyed)
        assert destroyed([key]) == [
            {"category": "unclassified", "buckets": 1, "level": "profile", "length": 90}
        ]
        assert key.first_day == key.last_day == clock().date() - timedelta(days=91)
        assert isinstance(boxes, ExpiredValuesDeleted)
        assert (boxes.values_deleted, boxes.buckets_emptied, boxes.is_complete) == (1, 1, True)
        assert await home.cell.expiries.finish() == Expired(0, 0)


@asynchronous
async def test_a_shorter_period_takes_what_is_over_by_it(postgres: Urls, tmp_path: Path) -> None:
    """At the next sweep, by the workspace's own rule; a longer one brings nothing back."""
    clock = SetClock()
    async with new_cell(postgres, tmp_path, clock) as home:
        calls = []
        for number in range(3):
            calls += await home.hear(incoming_form(call_sid(number)))
            clock.let_pass(days=10)
        await keep_for(home, 25)
        assert await home.cell.expiries.finish() == Expired(1, 1)
        await keep_for(home, 60)
        clock.let_pass(days=30)
        assert await home.cell.expiries.finish() == Expired(0, 0)
        found = await home.read([call.stream_id for call in calls])
        assert [states(one)["unknown_fields"] for one in found] == ["expired", "value", "value"]
        await keep_for(home, None)
        clock.let_pass(days=51)
        assert await home.cell.expiries.finish() == Expired(2, 2)
        assert [(one["level"], one["length"]) for one in destroyed(await told(home))] == [
            ("workspace", 25),
            ("profile", 90),
        ]


@asynchronous
async def test_a_longer_period_set_a_moment_before_holds(postgres: Urls, tmp_path: Path) -> None:
    """What was acknowledged before the key goes is seen: it is decided under the writers' lock."""
    clock = SetClock()
    async with new_cell(postgres, tmp_path, clock) as home, open_home(home.address, clock) as late:
        await home.hear(incoming_form(call_sid(1)))
        await keep_for(home, 10)
        clock.let_pass(days=30)
        lock = "SELECT FROM counter FOR UPDATE"
        inside = f"-c search_path={home.address.schema}"
        owner = await psycopg.AsyncConnection.connect(postgres.admin, options=inside)
        async with owner:
            await owner.execute(lock)
            longer = asyncio.create_task(keep_for(late, 60))
            await asyncio.sleep(0.2)  # it waits for the lock, and the sweep behind it
            sweep = asyncio.create_task(home.cell.expiries.finish())
            await asyncio.sleep(0.2)
            await owner.rollback()
            await longer
            assert await sweep == Expired(0, 0)


@asynchronous
async def test_workspaces_go_by_their_own_periods(postgres: Urls, tmp_path: Path) -> None:
    """Many at once, in one transaction, and each is told of its own."""
    clock = SetClock()
    async with new_cell(postgres, tmp_path, clock) as home:
        homes = [home, await new_workspace(home), await new_workspace(home)]
        for one in homes:
            await one.hear(incoming_form(call_sid(1)))
        await keep_for(homes[0], 10)
        await keep_for(homes[1], 20)
        clock.let_pass(days=21)
        assert await home.cell.expiries.finish() == Expired(2, 2)
        assert [len(await told(one)) for one in homes] == [2, 2, 0]
        assert await home.address.sql("SELECT epoch FROM counter") == [(1,)]


@asynchronous
async def test_boxes_go_in_batches_that_add_up(
    postgres: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are, and whatever breaks off between: each is said once."""
    monkeypatch.setattr(expiries, "DELETED_AT_ONCE", 3)
    monkeypatch.setattr(expiries, "DESTROYED_AT_ONCE", 2)
    clock = SetClock()
    async with new_cell(postgres, tmp_path, clock) as home:
        for day in range(3):
            await home.hear(*call_callbacks(call_sid(day), call_sid(day + 10)))
            await home.hear(incoming_form(call_sid(day)))
            clock.let_pass(days=1)
        boxes = await count(home, "vault")
        clock.let_pass(days=400)
        await home.address.sql("ALTER TABLE buckets ADD CONSTRAINT full_disk CHECK (kept IS NULL)")
        with pytest.raises(psycopg.errors.CheckViolation):
            await home.cell.expiries.finish()
        await home.address.sql("ALTER TABLE buckets DROP CONSTRAINT full_disk")
        async with open_home(home.address, clock) as next_one:
            swept = await next_one.cell.expiries.finish()
        events = [e for e in await told(home) if isinstance(e, ExpiredValuesDeleted)]
        assert swept.buckets == 0
        assert await count(home, "vault") == 0
        assert sum(event.values_deleted for event in events) == boxes
        assert sum(event.buckets_emptied for event in events) == await count(home, "buckets") == 6
        assert [event.is_complete for event in events] == [False] * (len(events) - 1) + [True]
        assert await count(home, "bucket_keys") == 0


@asynchronous
async def test_an_expiry_that_cannot_be_written_down_ends_nothing(
    postgres: Urls, tmp_path: Path
) -> None:
    """The key is there or the entry is, wherever it breaks off."""
    clock = SetClock()
    async with new_cell(postgres, tmp_path, clock) as home:
        (call,) = await home.hear(incoming_form(call_sid(1)))
        clock.let_pass(days=91)
        refuse = "CHECK (name <> 'expiry.buckets_destroyed')"
        await home.address.sql(f"ALTER TABLE entries ADD CONSTRAINT full_disk {refuse}")
        with pytest.raises(psycopg.errors.CheckViolation):
            await home.cell.expiries.finish()
        (readings,) = await home.read([call.stream_id])
        assert set(states(readings).values()) == {"value"}
        assert await told(home) == []


@asynchronous
async def test_several_who_sweep_and_erase_count_everything_once(
    postgres: Urls, tmp_path: Path
) -> None:
    """Two sweeps and two deletions after an erasure: nobody waits for ever, the sums are right."""
    clock = SetClock()
    async with new_cell(postgres, tmp_path, clock) as home, open_home(home.address, clock) as two:
        for number in range(12):
            await home.hear(*call_callbacks(call_sid(number), call_sid(number + 50)))
            await home.hear(incoming_form(call_sid(number)))
        boxes = await count(home, "vault")
        clock.let_pass(days=800)
        both = (home.cell, two.cell)
        await home.erase_number(CALLER)
        await asyncio.gather(
            *(one.expiries.finish() for one in both), *(one.erasures.finish() for one in both)
        )
        await home.cell.expiries.finish()
        assert await count(home, "vault") == 0
        entries = [entry.event for entry in await home.entries()]
        deletions = (ExpiredValuesDeleted, SubjectValuesDeleted)
        deleted = [event.values_deleted for event in entries if isinstance(event, deletions)]
        assert sum(deleted) == boxes
        assert sum(one["buckets"] for one in destroyed(entries)) == 2


@asynchronous
async def test_a_writer_that_knew_the_key_seals_nothing_under_it(
    postgres: Urls, tmp_path: Path
) -> None:
    """One whose clock is behind seals for a day that is over: that reads as expired at once."""
    clock, slow = SetClock(), SetClock()
    async with new_cell(postgres, tmp_path, clock) as home, open_home(home.address, slow) as late:
        await late.hear(incoming_form(call_sid(1)))
        await keep_for(home, 10)
        clock.let_pass(days=11)
        assert await home.cell.expiries.finish() == Expired(1, 1)
        (call,) = await late.hear(incoming_form(call_sid(2)))
        (readings,) = await home.read([call.stream_id])
        assert states(readings) == {
            "caller": "value",
            "callee": "value",
            "unknown_fields": "expired",
        }
        assert await home.cell.expiries.finish() == Expired(0, 0)


@asynchronous
async def test_what_is_held_or_restricted_survives_its_bucket(
    postgres: Urls, tmp_path: Path
) -> None:
    """One call's values by a hold, one person's by a restriction; they go when these end."""
    clock = SetClock()
    async with new_cell(postgres, tmp_path, clock) as home:
        callers = ["+32470000001", "+32470000002", "+32470000003"]
        forms = (incoming_form(call_sid(n), caller=caller) for n, caller in enumerate(callers))
        calls = [call.stream_id for call in await home.hear(*forms)]
        subject = await home.subject_of(callers[1])
        assert subject is not None
        held = await hold(home, placing(calls=[calls[0]]))
        await restrict(home, subject)
        clock.let_pass(days=800)
        boxes = await count(home, "vault")
        swept = await home.cell.expiries.finish()
        assert swept == Expired(2, boxes - 5)  # the callee's own lock of the other call went
        assert states(await read_for(home, calls[0], Need.legal_claims)) == {
            **dict.fromkeys(("caller", "callee", "unknown_fields"), "value")
        }
        found = await home.read(calls)
        assert [states(one)["caller"] for one in found] == ["expired", "restricted", "expired"]
        assert await home.cell.expiries.finish() == Expired(0, 0)
        await release(home, held)
        assert await home.cell.expiries.finish() == Expired(0, 3)
        await lift(home, subject)
        assert await home.cell.expiries.finish() == Expired(0, 2)
        assert await count(home, "vault") == 0
        assert await home.cell.expiries.finish() == Expired(0, 0)
        deletions = [e for e in await told(home) if isinstance(e, ExpiredValuesDeleted)]
        assert [one.values_deleted for one in deletions] == [boxes - 5, 3, 2]


@asynchronous
async def test_a_workspace_that_is_held_keeps_everything(postgres: Urls, tmp_path: Path) -> None:
    """Until the hold is released; its neighbour's periods end meanwhile."""
    clock = SetClock()
    async with new_cell(postgres, tmp_path, clock) as home:
        other = await new_workspace(home)
        for one in (home, other):
            await one.hear(incoming_form(call_sid(1)))
        held = await hold(home, placing(scope=Scope.workspace))
        clock.let_pass(days=91)
        assert await home.cell.expiries.finish() == Expired(1, 1)
        assert (len(await told(home)), len(await told(other))) == (0, 2)
        await release(home, held)
        assert await home.cell.expiries.finish() == Expired(1, 1)


@asynchronous
async def test_who_has_no_value_left_is_found_no_more(postgres: Urls, tmp_path: Path) -> None:
    """A number that returns is somebody new; who called later, or said no, is who they were."""
    clock = SetClock()
    gone, later, refused = "+32470000001", "+32470000002", "+32470000003"
    async with new_cell(postgres, tmp_path, clock) as home, open_home(home.address, clock) as two:
        for number, caller in enumerate((gone, later, refused)):
            await home.hear(incoming_form(call_sid(number), caller=caller))
        subjects = [await home.subject_of(number) for number in (gone, later, refused)]
        assert subjects[2] is not None
        await refuse_marketing(home, subjects[2])
        await two.hear(incoming_form(call_sid(8), caller=gone))  # it remembers the number
        clock.let_pass(days=200)
        await home.hear(incoming_form(call_sid(9), caller=later))
        clock.let_pass(days=166)
        await home.cell.expiries.finish()
        found = [await home.subject_of(number) for number in (gone, later, refused)]
        assert found == [None, *subjects[1:]]
        assert await home.address.sql("SELECT count(*) FROM lapsing") == [(0,)]
        (*_, last) = await told(home)
        assert last == LookupsDeleted(lookups_deleted=1, occurred_at=last.occurred_at)
        (call,) = await two.hear(incoming_form(call_sid(10), caller=gone))
        assert await home.subject_of(gone) not in (None, subjects[0])
        (readings,) = await home.read([call.stream_id])
        assert states(readings)["caller"] == "value"
        # A late word of the old call is still heard, as its caller's.
        (late,) = await home.hear(*call_callbacks(call_sid(0), call_sid(20), caller=gone)[-1:])
        assert (await home.stream(late.stream_id))[-1].event.name == "call.leg_ended"
