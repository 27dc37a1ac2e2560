"""A campaign's values lie in buckets of their own, and go by its own period."""

from pathlib import Path
from uuid import uuid4

from asking import change
from cells import Home, asynchronous, new_cell, open_home
from clocks import SetClock
from msgspec import structs
from studio import studio
from twilio_forms import call_callbacks, call_sid, incoming_form
from waves import samples, wave_file

from adapters.event_store.requests import Receipt, Request
from adapters.postgres.embedded import Urls
from domain.messages import Context
from domain.workspaces.words import Kept, RetentionPeriod
from domain.workspaces.workspace import WORKSPACE


async def hear(home: Home, number: int, campaign: str | None) -> Receipt:
    """A call comes in at an address that names a campaign, or none."""
    request = home.address.request(incoming_form(call_sid(number)))
    command = structs.replace(request.command, campaign=campaign)
    return await home.cell.writer.handle(request._replace(command=command))


async def keep_for(home: Home, days: int, campaign: str | None, category: Kept) -> None:
    """Have a campaign's, or everything, kept so long."""
    own = home.address.workspace_id
    wanted = RetentionPeriod(category=category, days=days, campaign=campaign)
    command = change(retention=(wanted,))
    await home.cell.writer.handle(Request(own, own, WORKSPACE, command, Context("cli", uuid4())))


async def buckets(home: Home) -> set[tuple[str, str]]:
    """The category and the campaign of every bucket that has its key."""
    query = "SELECT category, campaign FROM buckets WHERE destroyed_at IS NULL"
    return {(category, campaign) for category, campaign in await home.address.sql(query)}


@asynchronous
async def test_a_call_s_values_go_by_its_campaign_s_period(postgres: Urls, tmp_path: Path) -> None:
    """Also those that come later and name none; another campaign's and nobody's stay."""
    clock = SetClock()
    async with new_cell(postgres, tmp_path, clock) as home:
        calls = [await hear(home, n, c) for n, c in enumerate(("spring", "autumn", None))]
        # A process that never met the call is told of its end.
        async with open_home(home.address, clock) as late:
            for number in range(3):
                legs = call_callbacks(call_sid(number), call_sid(number + 10))
                await late.hear(*([*form, ("Odd", "1")] for form in legs))
        assert await buckets(home) == {
            (category, campaign)
            for category in ("call_metadata", "unclassified")
            for campaign in ("spring", "autumn", "")
        }
        await keep_for(home, 60, None, Kept.unclassified)
        await keep_for(home, 30, "spring", Kept.unclassified)
        clock.let_pass(days=31)
        assert (await home.cell.expiries.finish()).buckets == 1
        found = await home.read([call.stream_id for call in calls])
        states = [
            {
                str(reading.state)
                for (_, field), reading in one.items()
                if field == "unknown_fields"
            }
            for one in found
        ]
        assert states == [{"expired"}, {"value"}, {"value"}]
        clock.let_pass(days=30)
        assert (await home.cell.expiries.finish()).buckets == 2


@asynchronous
async def test_what_was_named_first_holds(postgres: Urls, tmp_path: Path) -> None:
    """An address that names another campaign, later, moves nothing."""
    async with new_cell(postgres, tmp_path) as home:
        (first, again) = [await hear(home, 1, campaign) for campaign in ("spring", "autumn")]
        assert first.stream_id == again.stream_id
        assert home.call(await home.stream(first.stream_id)).campaign == "spring"
        assert {campaign for _, campaign in await buckets(home)} == {"spring"}


@asynchronous
async def test_audio_goes_by_its_call_s_campaign(postgres: Urls, tmp_path: Path) -> None:
    """Its keys lie in the campaign's bucket, and end with it."""
    clock = SetClock()
    async with studio(postgres, tmp_path, clock) as house:
        for number, campaign in ((1, "spring"), (2, None)):
            await hear(house.home, number, campaign)
        audio = wave_file(samples(1), samples(30_000))
        spring, other = [await house.recorded(audio, number=number) for number in (1, 2)]
        for recording in (spring, other):
            await house.keep(recording)
        await keep_for(house.home, 10, "spring", Kept.recordings)
        clock.let_pass(days=11)
        assert (await house.home.cell.expiries.finish()).buckets == 1
        assert await house.heard(spring) == ["expired", "expired"]
        assert all(isinstance(track, bytes) for track in await house.heard(other))


@asynchronous
async def test_audio_counts_from_when_it_was_made(postgres: Urls, tmp_path: Path) -> None:
    """However late it is kept; and where that day is over by then it is expired at once."""
    clock = SetClock()
    async with studio(postgres, tmp_path, clock) as house:
        audio = wave_file(samples(1), samples(30_000))
        made = [await house.recorded(audio, number=number) for number in (1, 2)]
        clock.let_pass(days=20)
        await house.keep(made[0])
        clock.let_pass(days=71)
        assert (await house.home.cell.expiries.finish()).values == 2
        assert await house.heard(made[0]) == ["expired", "expired"]
        await house.keep(made[1])
        assert await house.heard(made[1]) == ["expired", "expired"]
