"""After the keys, the objects: what no key opens any more does not lie there either."""

import os
from datetime import timedelta
from pathlib import Path

from cells import asynchronous
from studio import AGENT, studio
from twilio_forms import CALLER
from views import catch_up
from waves import MP3, samples, wave_file

from adapters.objects.store import new_name
from adapters.postgres.embedded import Urls
from adapters.recordings.ending import STRAY, Ender
from adapters.wiring import now
from domain.recordings.events import RecordingTrackDeleted
from domain.recordings.words import Loss
from projections.recordings.read import objects_of
from projections.recordings.view import RECORDINGS

STEREO = wave_file(samples(1), samples(30_000))


@asynchronous
async def test_the_object_goes_after_its_key(postgres: Urls, tmp_path: Path) -> None:
    """That of one channel; and the other one when its time has come, too. Each is said once."""
    async with studio(postgres, tmp_path) as house:
        recording, ender = await house.recorded(STEREO), Ender(house.home.cell, house.store)
        await house.keep(recording)
        place = house.workspace_id, recording
        assert await ender.end(*place) == 0
        await house.home.erase_number(CALLER)
        assert await ender.end(*place) == 1
        assert await ender.end(*place) == 0
        stored = (await house.recording(recording)).stored
        assert stored is not None
        assert await house.objects() == {stored.tracks[1].name}
        await house.home.address.sql("UPDATE buckets SET destroyed_at = now()")
        await house.home.address.sql("DELETE FROM bucket_keys")
        assert await ender.end(*place) == 1
        assert await house.objects() == set()
        told = [e.event for e in await house.entries(recording)][-2:]
        assert told == [
            RecordingTrackDeleted(track=0, reason=Loss.erased),
            RecordingTrackDeleted(track=1, reason=Loss.expired),
        ]


@asynchronous
async def test_a_track_of_both_goes_with_either(postgres: Urls, tmp_path: Path) -> None:
    """There is nothing left of it."""
    async with studio(postgres, tmp_path) as house:
        recording = await house.recorded(MP3, channels=1)
        await house.keep(recording)
        await house.home.erase_number(AGENT)
        assert await Ender(house.home.cell, house.store).end(house.workspace_id, recording) == 1
        assert await house.objects() == set()


@asynchronous
async def test_old_objects_of_nobody_are_deleted(postgres: Urls, tmp_path: Path) -> None:
    """Never what a recording has or may be getting, nor a new one, nor while that is unknown."""
    async with studio(postgres, tmp_path) as house:
        recording = await house.recorded(STEREO)
        await house.keep(recording)
        kept = await house.objects()
        async with house.home.cell.scoped(house.workspace_id) as connection:
            assert await objects_of(connection, house.workspace_id, now()) is None
        await catch_up(house.home, RECORDINGS)
        stray, fresh = new_name(house.workspace_id), new_name(house.workspace_id)
        for name in (stray, fresh):
            async with house.store.writing(name) as file:
                await file.write(b"nobody's")
        long_ago = (now() - 2 * STRAY).timestamp()
        for name in (*kept, stray):
            os.utime(tmp_path / "objects" / name, (long_ago, long_ago))
        async with house.home.cell.scoped(house.workspace_id) as connection:
            known = await objects_of(connection, house.workspace_id, now())
        assert known == kept
        assert known is not None
        ender = Ender(house.home.cell, house.store)
        assert await ender.delete_strays(house.workspace_id, known, now()) == [stray]
        assert await house.objects() == {*kept, fresh}
        assert await ender.delete_strays(house.workspace_id, known, now()) == []
        later = now() + STRAY + timedelta(minutes=1)
        assert await ender.delete_strays(house.workspace_id, known, later) == [fresh]
