"""The reconciler at work: it goes on where it stopped, and outlives Twilio's moods."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from call_shapes import SHAPES
from cells import asynchronous
from reconciling import LATER, Desk, Play, desk
from reports import START
from twilio_standin.rest import BROKEN, TOO_MANY, Fault

from adapters.event_store.requests import Request
from adapters.postgres.embedded import Urls
from adapters.reconciler.days import BookDay, Books, close_look, read_days
from adapters.twilio import client
from adapters.twilio.client import RestFailed
from adapters.workspaces.credentials import Kind, add_credential
from domain.calls.outcome import is_over, outcome
from domain.messages import Context
from domain.workspaces.commands import CloseWorkspace
from domain.workspaces.words import ClosureReason
from domain.workspaces.workspace import WORKSPACE

DAY: Final = START.date()
ANSWERED: Final = SHAPES["inbound, answered"]


async def stuck_calls(house: Desk, count: int) -> list[Play]:
    """Calls of which nobody told us that either leg ended."""
    plays = [house.play(ANSWERED) for _ in range(count)]
    await asyncio.gather(*(play.hear_all_but(1, 5) for play in plays))
    return plays


async def ended(plays: Sequence[Play]) -> list[bool]:
    """Which of the calls are over."""
    return [is_over(play.desk.home.call(await play.entries())) for play in plays]


async def days_known(house: Desk) -> list[BookDay]:
    """How far the books were read."""
    books = Books.of(house.workspace_id, house.account.sid)
    async with house.home.cell.scoped(house.workspace_id) as connection:
        return await read_days(connection, books, LATER)


@asynchronous
async def test_stuck_calls_are_closed_within_the_hour(postgres: Urls, tmp_path: Path) -> None:
    """At the next look after a quarter of an hour, under the reconciler's own name."""
    async with desk(postgres, tmp_path) as house:
        (play,) = await stuck_calls(house, 1)
        soon = START + timedelta(minutes=5)
        assert (await house.reconcile(soon)).tally.entries == 0
        assert await ended([play]) == [False]
        await house.reconcile(soon + timedelta(hours=1))
        assert await ended([play]) == [True]
        added = [e for e in await play.entries() if e.context.actor == "reconciler"]
        assert {entry.event.name for entry in added} == {"call.leg_ended", "call.leg_priced"}
        assert len({entry.context.cause_id for entry in added}) == 1


@asynchronous
async def test_a_call_that_goes_on_is_left_to_itself(postgres: Urls, tmp_path: Path) -> None:
    """However long it lasts."""
    async with desk(postgres, tmp_path) as house:
        (play,) = await stuck_calls(house, 1)
        for sid in play.sids.values():
            house.account.calls[sid] |= {"status": "in-progress", "end_time": None, "price": None}
        found = await house.reconcile(only=DAY)
        assert (found.tally.legs, found.tally.entries) == (2, 0)


@asynchronous
async def test_a_call_that_nobody_told_us_of_is_found(postgres: Urls, tmp_path: Path) -> None:
    """Placed without a status URL, it is known from the books alone, with its parties."""
    async with desk(postgres, tmp_path) as house:
        play = house.play(SHAPES["outbound, answered"])
        house.account.events.clear()
        await house.reconcile(only=DAY)
        call = house.home.call(await play.entries())
        assert outcome(call) == "answered"
        (values,) = await house.home.read([play.call_id])
        assert {name for _, name in values} == {"caller", "callee"}


@asynchronous
async def test_prices_are_read_until_they_appear(postgres: Urls, tmp_path: Path) -> None:
    """Null at first; written down once when it is there, and anew if it was corrected."""
    async with desk(postgres, tmp_path) as house:
        play = house.play(SHAPES["outbound, answered"])
        await play.hear_all_but()
        (resource,) = (house.account.calls[sid] for sid in play.sids.values())
        resource["price"] = None
        prices = []
        for hours, price in enumerate((None, None, "-0.0170", "-0.0170", "-0.0200"), 1):
            resource["price"] = price
            await house.reconcile(START + timedelta(hours=hours))
            (leg,) = house.home.call(await play.entries()).legs.values()
            prices.append(leg.price and str(leg.price.amount))
        assert prices == [None, None, "0.0170", "0.0170", "0.0200"]
        names = [entry.event.name for entry in await play.entries()]
        assert names.count("call.leg_priced") == 2


@asynchronous
async def test_gaps_are_asked_for_once_at_a_days_last_look(postgres: Urls, tmp_path: Path) -> None:
    """Hourly looks close what is stuck; the last one, a day after its end, fills gaps."""
    async with desk(postgres, tmp_path) as house:
        play = house.play(ANSWERED)
        await play.hear_all_but(3)  # the desk's telephone rang

        def asked() -> int:
            return sum("Events" in one for one in house.twilio.asked)

        await house.reconcile(START + timedelta(hours=1))
        assert asked() == 0
        midnight = datetime(2026, 3, 4, tzinfo=UTC)
        await house.reconcile(midnight - timedelta(minutes=1))
        assert asked() == 0
        await house.reconcile(midnight)
        assert asked() == 1
        await house.reconcile(midnight + timedelta(hours=2))
        assert asked() == 1
        assert [one.is_closed for one in await days_known(house) if one.day == DAY] == [True]
        assert len(await play.entries()) == 2 + 6 + 1 + 2  # with the step, and two prices


@pytest.mark.parametrize("answered", range(10))
@asynchronous
async def test_it_goes_on_where_it_was_stopped(
    postgres: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answered: int
) -> None:
    """Cut off after any answer of Twilio's, the next run repeats at most the page it was at."""
    monkeypatch.setattr(client, "PAGE_SIZE", 2)
    async with desk(postgres, tmp_path) as house:
        plays = await stuck_calls(house, 2)
        async with house.home.cell.writing.connection() as connection:
            books = Books.of(house.workspace_id, house.account.sid)
            await close_look(connection, books, DAY - timedelta(days=1), LATER)
        house.twilio.faults.extend([Fault()] * answered + [Fault(delay_seconds=30)])
        run = asyncio.create_task(house.reconcile(START + timedelta(hours=1)))
        while len(house.twilio.asked) <= answered and not run.done():  # noqa: ASYNC110 - as it is
            await asyncio.sleep(0.005)
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)
        before = len(house.twilio.asked)
        await house.reconcile(START + timedelta(hours=1, minutes=1))
        assert await ended(plays) == [True, True]
        again = house.twilio.asked[before:]
        # A page, the requests of its two legs (one has two pages), the same once more, and the
        # recordings.
        assert ["PageToken" in one for one in again[:1]] == [3 < answered < 8] * (answered < 9)
        assert any("Recordings" in one for one in again) == (answered < 9)
        entries = [len(await play.entries()) for play in plays]
        assert entries == [11, 11]


@asynchronous
async def test_moods_of_twilio_delay_and_lose_nothing(
    postgres: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """429 and 5xx on the way are waited out; a longer outage leaves the rest to the next run."""
    monkeypatch.setattr(client, "BACKOFF_SECONDS", (0.0, 0.0))
    async with desk(postgres, tmp_path) as house:
        plays = await stuck_calls(house, 3)
        house.twilio.faults.extend([TOO_MANY, BROKEN, Fault(), BROKEN, *[BROKEN] * 9])
        with pytest.raises(RestFailed):
            await house.reconcile(START + timedelta(hours=1))
        house.twilio.faults.clear()
        house.twilio.faults.extend([TOO_MANY, BROKEN] * 3)
        with pytest.raises(RestFailed):
            await house.reconcile(START + timedelta(hours=1))
        house.twilio.faults.clear()
        await house.reconcile(START + timedelta(hours=1))
        assert await ended(plays) == [True] * 3


@asynchronous
async def test_one_turn_is_bounded(
    postgres: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many pages, then it is another's turn; in the end all of it is read, nothing twice."""
    monkeypatch.setattr(client, "PAGE_SIZE", 2)
    async with desk(postgres, tmp_path) as house:
        plays = await stuck_calls(house, 5)
        turns = 1  # the last of which finds nothing due
        while not (await house.reconcile(START + timedelta(hours=1), most_pages=2)).is_done:
            turns += 1
        assert turns == 5
        listed = [one for one in house.twilio.asked if "Calls.json" in one]
        assert len(listed) == len(set(listed)) == 6  # five pages, and one of the day before
        assert await ended(plays) == [True] * 5


@asynchronous
async def test_every_account_of_a_workspace_is_read(postgres: Urls, tmp_path: Path) -> None:
    """Each with its own cursor; a leg that cannot be understood is counted and passed over."""
    async with desk(postgres, tmp_path) as house:
        other = house.twilio.open_account(2)
        async with house.home.cell.writing.connection() as connection:
            key = await house.home.cell.workspace_key(connection, house.workspace_id)
            await add_credential(connection, key, Kind.account_sid, other.sid)
            await add_credential(connection, key, Kind.api_key, " ".join(other.api_key))
        first = house.play(SHAPES["outbound, answered"])
        house.account, mine = other, house.account
        second = house.play(SHAPES["outbound, answered"])
        mine.calls |= {"CA!": {**next(iter(mine.calls.values())), "sid": "CA!"}}
        found = await house.reconcile(only=DAY)
        assert (found.tally.legs, found.tally.not_understood) == (3, 1)
        assert await ended([first, second]) == [True, True]


@asynchronous
async def test_days_are_looked_at_from_the_oldest_on(postgres: Urls, tmp_path: Path) -> None:
    """After an absence the days in between are read too."""
    async with desk(postgres, tmp_path) as house:
        await house.reconcile(datetime(2026, 3, 2, 1, tzinfo=UTC))
        house.twilio.asked.clear()
        await house.reconcile(datetime(2026, 3, 6, 1, tzinfo=UTC))
        for asked in ("StartTime=", "DateCreated="):
            days = [one.partition(asked)[2][:10] for one in house.twilio.asked if asked in one]
            assert days == [str(date(2026, 3, number)) for number in range(1, 7)]


@asynchronous
async def test_a_look_begun_too_early_closes_no_day(
    postgres: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Broken off before a day's last look was due and ended after: its first pages are too old."""
    monkeypatch.setattr(client, "PAGE_SIZE", 2)
    async with desk(postgres, tmp_path) as house:
        await stuck_calls(house, 2)
        midnight = datetime(2026, 3, 4, tzinfo=UTC)
        await house.reconcile(START + timedelta(hours=1))
        begun = await house.reconcile(midnight - timedelta(minutes=1), most_pages=3)
        assert not begun.is_done
        await house.reconcile(midnight + timedelta(minutes=1), most_pages=2)
        (day,) = (one for one in await days_known(house) if one.day == DAY)
        assert (day.following, day.is_closed) == (None, False)
        await house.reconcile(midnight + timedelta(minutes=2))
        (day,) = (one for one in await days_known(house) if one.day == DAY)
        assert day.is_closed


@asynchronous
async def test_a_closed_workspace_is_left_alone(postgres: Urls, tmp_path: Path) -> None:
    """Nothing is asked of Twilio, and nothing added, as its callbacks are refused."""
    async with desk(postgres, tmp_path) as house:
        (play,) = await stuck_calls(house, 1)
        own = house.workspace_id
        command = CloseWorkspace(occurred_at=LATER, reason=ClosureReason.terminated)
        context = Context("cli", own)
        await house.home.cell.writer.handle(Request(own, own, WORKSPACE, command, context))
        assert (await house.reconcile(only=DAY)).is_done
        assert house.twilio.asked == []
        assert await ended([play]) == [False]
