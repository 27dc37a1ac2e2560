"""The recordings' view: what is to be done, for which, and when; the same however it is built."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from cells import Home, asynchronous, new_workspace
from media_server import Fault
from studio import Studio, recording_form, studio
from twilio_forms import CALLER, call_sid
from views import catch_up, rebuilt, rows_of
from waves import samples, wave_file

from adapters.postgres.embedded import Urls
from domain.identifiers import call_id
from domain.recordings.commands import AskDeletion
from domain.recordings.words import RecordingStatus
from projections.recordings.build import Work
from projections.recordings.read import Place, due, ended_with, ends_since, streams_of_call
from projections.recordings.view import RECORDINGS

STEREO: Final = wave_file(samples(1, 100), samples(500, 100))
ALWAYS: Final = datetime(2000, 1, 1, tzinfo=UTC)
AT_ONCE: Final = timedelta(0)


async def work(home: Home, kind: Work, first_pause: timedelta = AT_ONCE) -> list[UUID]:
    """The recordings for which this is to be done, by the view as it should be by now."""
    await catch_up(home, RECORDINGS)
    async with await home.cell.follow() as connection:
        return [place.recording_id for place in await due(connection, kind, first_pause)]


async def ended(house: Studio) -> list[Place]:
    """The recordings of which a track ended."""
    await catch_up(house.home, RECORDINGS)
    async with house.home.cell.writing.connection() as connection:
        ends = await ends_since(connection, ALWAYS)
    async with await house.home.cell.follow() as connection:
        return await ended_with(connection, ends)


@asynchronous
async def test_what_is_complete_is_to_be_fetched_until_it_is_kept(
    postgres: Urls, tmp_path: Path
) -> None:
    """And then its copy is to be deleted, if that is asked for, until it is confirmed."""
    async with studio(postgres, tmp_path) as house:
        await house.report(
            recording_form(2, status="in-progress"), recording_form(3, status="absent")
        )
        recording = await house.recorded(STEREO)
        assert await work(house.home, Work.fetch) == [recording]
        await house.keep(recording)
        assert await work(house.home, Work.fetch) == []
        await house.tell(recording, AskDeletion())
        assert await work(house.home, Work.delete_copy) == [recording]
        assert await work(house.home, Work.fetch) == []


@asynchronous
async def test_after_a_failure_one_waits_a_while(postgres: Urls, tmp_path: Path) -> None:
    """Twice as long after each."""
    async with studio(postgres, tmp_path) as house:
        recording = await house.recorded(STEREO)
        assert await work(house.home, Work.fetch, timedelta(hours=1)) == [recording]
        house.server.faults[:] = [Fault(status=401)] * 3
        await house.keep(recording)
        assert await work(house.home, Work.fetch, timedelta(hours=1)) == []
        long_ago = "UPDATE recordings SET tried_at = tried_at - interval '90 minutes'"
        await house.home.address.sql(long_ago)
        assert await work(house.home, Work.fetch, timedelta(hours=1)) == [recording]
        await house.keep(recording)
        await catch_up(house.home, RECORDINGS)
        await house.home.address.sql(long_ago)
        assert await work(house.home, Work.fetch, timedelta(hours=1)) == []


@asynchronous
async def test_what_ends_with_somebody_is_found(postgres: Urls, tmp_path: Path) -> None:
    """By whose erasure it is, or by its bucket's end, until its last track is deleted."""
    async with studio(postgres, tmp_path) as house:
        recording = await house.recorded(STEREO)
        other = await house.recorded(STEREO, number=2, caller="+447700900999")
        for one in (recording, other):
            await house.keep(one)
        assert await ended(house) == []
        await house.home.erase_number(CALLER)
        assert await ended(house) == [Place(house.workspace_id, recording)]
        await house.home.address.sql("UPDATE buckets SET destroyed_at = now()")
        assert {one.recording_id for one in await ended(house)} == {recording, other}


@asynchronous
async def test_a_call_has_its_recordings(postgres: Urls, tmp_path: Path) -> None:
    """All of its own, the oldest first; no other call's and no other workspace's."""
    async with studio(postgres, tmp_path) as house:
        ids = [await house.report(recording_form(number)) for number in (1, 2)]
        await house.report(recording_form(3, call=9))
        await catch_up(house.home, RECORDINGS)
        call = call_id(house.workspace_id, "twilio", call_sid(1))
        async with house.home.cell.scoped(house.workspace_id) as connection:
            found = await streams_of_call(connection, house.workspace_id, call)
        assert list(found) == ids
        assert {entry.stream_id for told in found.values() for entry in told} == set(ids)
        neighbour = await new_workspace(house.home)
        async with neighbour.cell.scoped(neighbour.address.workspace_id) as connection:
            assert await streams_of_call(connection, house.workspace_id, call) == {}


@asynchronous
async def test_a_rebuild_comes_to_the_same(postgres: Urls, tmp_path: Path) -> None:
    """Over every state that a recording may be in."""
    async with studio(postgres, tmp_path) as house:
        recorded = [await house.recorded(STEREO, number=number) for number in range(1, 7)]
        await house.report(recording_form(7, status=RecordingStatus.failed))
        house.server.faults[:] = [Fault(status=401)]
        for recording in recorded[:4]:
            await house.keep(recording)
        await house.tell(recorded[1], AskDeletion())
        await house.home.erase_number(CALLER)
        rows = await _followed(house)
        assert (await rebuilt(house.home, RECORDINGS)).is_equal
        assert await rows_of(house.home, RECORDINGS) == rows


async def _followed(house: Studio) -> list[tuple[object, ...]]:
    await catch_up(house.home, RECORDINGS)
    return await rows_of(house.home, RECORDINGS)
