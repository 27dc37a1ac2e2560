"""What the provider holds of who was erased goes, whatever breaks on the way, with evidence."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest
from cells import asynchronous
from estates import AUDIO, DIALED, GOES, INSIGHT, LINE, TEXT, Estate, estate
from holding import hold, placing, release
from msgspec import structs
from twilio_forms import CALLEE, CALLER, START, call_callbacks, call_sid, leg_callbacks
from twilio_standin.rest import Fault
from views import rebuilt, rows_of

from adapters.event_store.requests import Receipt, Request
from adapters.event_store.writer import CellWriter
from adapters.postgres.embedded import Urls
from adapters.twilio.forms import Form
from adapters.twilio.gatherings import own_call, read_conference
from adapters.workspaces.credentials import Kind, add_credential
from domain.calls.call import CALL
from domain.identifiers import call_id
from domain.messages import Context
from domain.provider_copies.events import CopyDeleted, CopyRefused
from domain.provider_copies.words import CopyState, Remains
from domain.recordings.words import ProviderCopy
from projections.provider_copies.read import copies_of
from projections.provider_copies.view import PROVIDER_COPIES

REFUSED: Final = Fault(409, 20009)
LOOKS: Final = 8
"""Requests of a look at the call: three for each leg, and the recording's texts of either kind."""


class Killed(BaseException):
    """The process is no more."""


class DiesBefore:
    """A writer that so many requests reach; with the next the process dies."""

    def __init__(self, writer: CellWriter, requests: int) -> None:
        self._writer, self._left = writer, requests

    async def handle(self, request: Request) -> Receipt:
        """Write down, or die."""
        if not self._left:
            raise Killed
        self._left -= 1
        return await self._writer.handle(request)


async def evidence(house: Estate) -> dict[str, int]:
    """What Twilio answered to the deletion of each copy that is gone."""
    return {
        entry.event.provider_id: entry.event.status
        for entry in await house.home.stream(house.place[1])
        if isinstance(entry.event, CopyDeleted)
    }


@asynchronous
async def test_everything_of_who_was_erased_goes_in_its_order(
    postgres: Urls, tmp_path: Path
) -> None:
    """Texts, audio, the leg that was dialled, the first leg; each with the answer as evidence."""
    async with estate(postgres, tmp_path) as house:
        await house.furnish()
        subject = await house.erase()
        assert (await house.go_on()).is_done
        assert house.held == set()
        assert sorted(house.deleted[:2]) == sorted(GOES[:2])
        assert tuple(house.deleted[2:]) == GOES[2:]
        assert await evidence(house) == dict.fromkeys(GOES, 204)
        found = await house.copies_of(subject)
        assert (found.is_all_asked, found.is_done) == (True, True)
        assert found.states == {
            CopyState.asked: 0,
            CopyState.retrying: 0,
            CopyState.residual: 5,
            CopyState.confirmed: 0,
        }
        assert {one.what for one in found.residuals} >= {
            Remains.numbers,
            Remains.recording_metadata,
            Remains.backups,
            Remains.event_sinks,
        }


@asynchronous
async def test_whoever_was_dialled_is_found_as_well(postgres: Urls, tmp_path: Path) -> None:
    """Also where they stand in a leg that was dialled, and in no column of the call log."""
    async with estate(postgres, tmp_path) as house:
        await house.home.hear(*call_callbacks(LINE, DIALED, agent="+442079460999"))
        subject = await house.erase("+442079460999")
        assert (await house.copies()).deletions.keys() == {LINE, DIALED}
        assert (await house.copies_of(subject)).states[CopyState.asked] == 2


@asynchronous
async def test_nothing_is_said_to_be_done_before_all_is_asked_for(
    postgres: Urls, tmp_path: Path
) -> None:
    """Neither before the boxes lead to the calls, nor while the view is behind."""
    async with estate(postgres, tmp_path) as house:
        await house.furnish()
        subject = await house.home.erase_number(CALLER)
        before = await house.copies_of(subject)
        assert (before.is_all_asked, before.is_done) == (False, False)
        await house.home.cell.erasures.finish()
        await house.go_on()
        async with house.home.cell.scoped(house.workspace_id) as connection:
            behind = await copies_of(connection, house.workspace_id, subject, START.date())
        assert (behind.is_all_asked, behind.is_done) == (False, False)
        found = await house.copies_of(subject)
        assert (found.is_all_asked, found.is_done) == (True, True)


@asynchronous
async def test_what_is_not_complete_is_tried_until_it_is(postgres: Urls, tmp_path: Path) -> None:
    """Error 20009, for two weeks: each refusal is written down, what comes after waits."""
    async with estate(postgres, tmp_path) as house:
        await house.furnish()
        subject = await house.erase()
        house.desk.account.unfinished.add(DIALED)
        for _ in range(14):
            assert not (await house.go_on()).is_done
            house.clock.let_pass(days=1, seconds=1)
        assert house.held == {LINE, DIALED}
        assert (await house.copies_of(subject)).states[CopyState.retrying] == 1
        refusals = [
            (entry.event.provider_id, entry.event.attempt, entry.event.status)
            for entry in await house.home.stream(house.place[1])
            if isinstance(entry.event, CopyRefused) and entry.event.error_code == 20009
        ]
        assert refusals == [(DIALED, number, 409) for number in range(1, 15)]
        house.desk.account.unfinished.clear()
        assert (await house.go_on()).is_done


@asynchronous
async def test_nobody_is_asked_before_it_is_time(postgres: Urls, tmp_path: Path) -> None:
    """After a refusal a minute at least."""
    async with estate(postgres, tmp_path) as house:
        await house.furnish()
        await house.erase()
        house.desk.account.unfinished.add(DIALED)
        await house.go_on()
        asked = len(house.desk.twilio.asked)
        house.clock.let_pass(seconds=50)
        await house.go_on()
        assert len(house.desk.twilio.asked) == asked
        house.clock.let_pass(seconds=11)
        await house.go_on()
        assert len(house.desk.twilio.asked) == asked + 1


@asynchronous
async def test_a_call_that_goes_on_is_looked_at_again(postgres: Urls, tmp_path: Path) -> None:
    """What is recorded after the first look goes too."""
    async with estate(postgres, tmp_path) as house:
        await house.furnish(status="in-progress")
        await house.erase()
        assert not (await house.go_on()).is_looked_at
        assert house.deleted == []
        late, books = f"RE{2:032x}", house.desk.account
        books.add_recording(late, LINE, house.clock(), b"RIFF")
        books.calls[LINE]["status"] = "completed"
        house.clock.let_pass(minutes=2)
        assert (await house.go_on()).is_done
        assert late in house.deleted
        assert house.held == set()


@pytest.mark.parametrize("lost", [False, True], ids=["not done", "done and not told"])
@asynchronous
async def test_broken_off_at_any_deletion_another_finishes_it(
    postgres: Urls, tmp_path: Path, *, lost: bool
) -> None:
    """Twilio never heard of it, or carried it out and could not say so.

    What was carried out is not there any more, and that is an evidence too.
    """
    async with estate(postgres, tmp_path) as house:
        await house.furnish()
        await house.erase()
        broken, copies = Fault(is_lost=lost, is_cut=not lost), await house.copies()
        before = LOOKS
        while not copies.is_done:
            async with house.elsewhere() as other:
                house.desk.twilio.faults[:] = [*[Fault()] * before, broken]
                copies = await house.go_on(other)
            house.desk.twilio.faults.clear()
            house.clock.let_pass(minutes=2)
            before = 1  # what was broken off goes well, and the next is broken off
        assert house.held == set()
        again = dict.fromkeys((INSIGHT, AUDIO, DIALED, LINE), 404 if lost else 204)
        assert await evidence(house) == {TEXT: 204, **again}
        assert len(house.deleted) == len(GOES) + len(again)


@asynchronous
async def test_killed_at_any_entry_another_finishes_it(postgres: Urls, tmp_path: Path) -> None:
    """Whatever is not in the history is done again: each answer is durable before the next."""
    async with estate(postgres, tmp_path) as house:
        await house.furnish()
        await house.erase()
        copies, killed = await house.copies(), 0
        while not copies.is_done:
            async with house.elsewhere() as other:
                writer = DiesBefore(other.cell.writer, killed)
                cell = replace(other.cell, writer=writer)  # type: ignore[arg-type] # all that is used
                dying = replace(other, cell=cell)
                with suppress(Killed):
                    await house.go_on(dying)
            copies, killed = await house.copies(), killed + 1
        assert killed > 3
        assert house.held == set()
        assert (await evidence(house)).keys() == set(GOES)


@asynchronous
async def test_a_look_that_fails_anywhere_is_made_again(postgres: Urls, tmp_path: Path) -> None:
    """At every request of it; nothing is deleted before all of it is known."""
    async with estate(postgres, tmp_path) as house:
        await house.furnish()
        await house.erase()
        for number in range(LOOKS):
            house.desk.twilio.faults[:] = [*[Fault()] * number, Fault(403, 20403)]
            copies = await house.go_on()
            assert (copies.look_attempts, copies.is_looked_at) == (number + 1, False)
            house.clock.let_pass(days=1)
        assert house.deleted == []
        assert (await house.go_on()).is_done


@asynchronous
async def test_in_several_accounts_it_is_gone_when_each_says_so(
    postgres: Urls, tmp_path: Path
) -> None:
    """An account that does not let us look keeps it open: it may be there."""
    async with estate(postgres, tmp_path) as house:
        await house.furnish()
        second = house.desk.twilio.open_account(2)
        async with house.home.cell.writing.connection() as connection:
            key = await house.home.cell.workspace_key(connection, house.workspace_id)
            await add_credential(connection, key, Kind.account_sid, second.sid)
        await house.erase()
        assert not (await house.go_on()).is_looked_at
        async with house.home.cell.writing.connection() as connection:
            await add_credential(connection, key, Kind.api_key, " ".join(second.api_key))
            await add_credential(connection, key, Kind.auth_token, second.auth_token)
        house.clock.let_pass(minutes=2)
        assert (await house.go_on()).is_done
        assert house.held == set()


@asynchronous
async def test_a_recording_of_ours_knows_that_its_copy_is_gone(
    postgres: Urls, tmp_path: Path
) -> None:
    """So nobody fetches it any more."""
    async with estate(postgres, tmp_path) as house:
        await house.furnish()
        await house.record()
        await house.erase()
        assert (await house.go_on()).is_done
        ours = await house.recording()
        assert ours.copy is ProviderCopy.deleted
        assert not ours.is_due


@asynchronous
async def test_both_parties_erased_are_asked_for_once_each(postgres: Urls, tmp_path: Path) -> None:
    """And each is told the same."""
    async with estate(postgres, tmp_path) as house:
        await house.furnish()
        subjects = [await house.erase(CALLER), await house.erase(CALLEE)]
        await house.home.cell.erasures.finish()
        await house.go_on()
        one, other = [await house.copies_of(subject) for subject in subjects]
        assert one == other
        assert len((await house.copies()).asked_for) == 2
        assert len(house.deleted) == len(GOES)


@asynchronous
async def test_a_message_goes_too(postgres: Urls, tmp_path: Path) -> None:
    """With what is attached to it; one that is under way is refused, and tried again."""
    async with estate(postgres, tmp_path) as house:
        sid, place = await house.send()
        house.desk.account.messages[sid]["status"] = "sending"
        subject = await house.erase()
        assert not (await house.go_on(place=place)).is_done
        house.desk.account.messages[sid]["status"] = "delivered"
        house.clock.let_pass(minutes=2)
        assert (await house.go_on(place=place)).is_done
        assert house.deleted == [sid, sid]
        found = await house.copies_of(subject)
        assert (found.is_done, found.states[CopyState.residual]) == (True, 1)


@pytest.mark.parametrize("held", ["the call", "the other party"])
@asynchronous
async def test_a_hold_goes_before_deletion(postgres: Urls, tmp_path: Path, held: str) -> None:
    """On the call, or on whoever else took part; released, it goes on."""
    async with estate(postgres, tmp_path) as house:
        await house.furnish()
        other = await house.home.subject_of(CALLEE)
        assert other is not None
        call = call_id(house.workspace_id, "twilio", LINE)
        placed = placing(calls=[call]) if held == "the call" else placing(subjects=[other])
        hold_id = await hold(house.home, placed)
        subject = await house.erase()
        assert await house.is_due() == []
        assert not (await house.go_on()).is_looked_at
        assert house.deleted == []
        found = await house.copies_of(subject)
        # Where all that leads to the call is in escrow, it is asked for once that is released.
        assert (found.is_held, found.is_all_asked, found.is_done) == (
            held != "the call",
            held != "the call",
            False,
        )
        await release(house.home, hold_id)
        await house.home.cell.erasures.finish()
        assert await house.is_due() == [house.place]
        assert (await house.go_on()).is_done
        found = await house.copies_of(subject)
        assert not found.is_held


@asynchronous
async def test_the_view_says_what_is_due_and_is_rebuilt_the_same(
    postgres: Urls, tmp_path: Path
) -> None:
    """What was refused waits for its time; what is done is not due."""
    async with estate(postgres, tmp_path) as house:
        await house.furnish()
        await house.erase()

        assert await house.is_due() == [house.place]
        house.desk.account.unfinished.add(LINE)
        await house.go_on()
        assert await house.is_due() == []
        house.clock.let_pass(minutes=2)
        assert await house.is_due() == [house.place]
        house.desk.account.unfinished.clear()
        await house.go_on()
        assert await house.is_due() == []
        followed = await rows_of(house.home, PROVIDER_COPIES)
        assert (await rebuilt(house.home, PROVIDER_COPIES)).is_equal
        assert await rows_of(house.home, PROVIDER_COPIES) == followed
        assert INSIGHT in str(followed)


CONFERENCE, TAPE = f"CF{1:032x}", f"RE{2:032x}"
HOST = call_sid(77)


async def meet(house: Estate) -> None:
    """The caller comes to a conference that another call opened, and which Twilio recorded."""
    await house.home.hear(*leg_callbacks(HOST, caller="+442079460888"))
    form = Form(
        [
            *(("StatusCallbackEvent", "participant-join"), ("ConferenceSid", CONFERENCE)),
            *(("CallSid", LINE), ("SequenceNumber", "2")),
        ]
    )
    opened, told = read_conference(house.workspace_id, form, HOST)
    own = own_call(house.workspace_id, told)
    assert own is not None
    for call, command in ((opened, told), (own, structs.replace(told, opened_by=opened))):
        request = Request(house.workspace_id, call, CALL, command, Context("twilio", uuid4()))
        await house.home.cell.writer.handle(request)
    books = house.desk.account
    tape = books.add_recording(TAPE, "", START, b"RIFF", conference_sid=CONFERENCE)
    tape.resource["call_sid"] = None


@asynchronous
async def test_a_conference_is_heard_no_more_of_whoever_was_there(
    postgres: Urls, tmp_path: Path
) -> None:
    """Its recording hangs on no leg, and goes with the first of them who is erased."""
    async with estate(postgres, tmp_path) as house:
        await house.furnish()
        await meet(house)
        await house.erase()
        assert (await house.go_on()).is_done
        assert TAPE in house.deleted
        assert house.held == set()


@asynchronous
async def test_a_hold_on_who_else_was_there_goes_before_that(
    postgres: Urls, tmp_path: Path
) -> None:
    """Their voice is in it, too: nothing is deleted until it is released."""
    async with estate(postgres, tmp_path) as house:
        await house.furnish()
        await meet(house)
        await house.erase()
        host = call_id(house.workspace_id, "twilio", HOST)
        hold_id = await hold(house.home, placing(calls=[host]))
        assert not (await house.go_on()).is_looked_at
        assert house.deleted == []
        await release(house.home, hold_id)
        assert (await house.go_on()).is_done
