"""Behind the API recordings are kept, and deleted when they ended, without anybody asking."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import pytest
from asking import change
from cells import asynchronous
from holding import buckets, expire, hold, placing, read_for, release, states
from media_server import Fault
from studio import Studio, studio
from twilio_forms import CALLER
from views import catch_up
from waves import samples, wave_file

from adapters.event_store.requests import Request
from adapters.postgres.embedded import Urls
from adapters.twilio.media import Media, media_session
from adapters.wiring import now
from api import recording as rounds
from api.recording import RecordingRounds
from domain.messages import Context
from domain.personal_data import Need
from domain.recordings.commands import AskDeletion, Forbid
from domain.recordings.words import Ground, Loss, ProviderCopy
from domain.workspaces.words import ProviderCopy as Told
from domain.workspaces.words import ProviderDeletion
from domain.workspaces.workspace import WORKSPACE
from projections.recordings.view import RECORDINGS

FIRST, SECOND = samples(1, 500), samples(900, 500)
STEREO: Final = wave_file(FIRST, SECOND)


@asynccontextmanager
async def going_round(house: Studio) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """One round over the history as it is by then, each time it is asked for."""
    async with media_session() as session:
        media = Media(session, house.server.origin, lambda _: asyncio.sleep(0))
        found = RecordingRounds(house.home.cell, house.store, media, now)

        async def go() -> None:
            await catch_up(house.home, RECORDINGS)
            await found.go_round()

        yield go


async def kept(house: Studio, *recordings: UUID) -> list[bool]:
    """Which of these are."""
    return [(await house.recording(one)).stored is not None for one in recordings]


@asynchronous
async def test_whatever_is_complete_is_kept(postgres: Urls, tmp_path: Path) -> None:
    """All of it in one round; one that fails holds up no other."""
    async with studio(postgres, tmp_path) as house, going_round(house) as go:
        good = [await house.recorded(STEREO, number=number) for number in range(1, 6)]
        bad = await house.recorded(b"no audio", number=6)
        await go()
        assert await kept(house, *good, bad) == [True] * 5 + [False]
        asked = len(house.server.asked)
        await go()
        assert len(house.server.asked) == asked


@asynchronous
async def test_what_cannot_be_done_yet_is_looked_at_later(
    postgres: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not in every round."""
    async with studio(postgres, tmp_path) as house, going_round(house) as go:
        house.server.faults[:] = [Fault(status=401)]
        recording = await house.recorded(STEREO)
        await go()
        await house.home.address.sql("UPDATE recordings SET tried_at = NULL")
        await go()
        assert await kept(house, recording) == [False]
        assert len(house.server.asked) == 1
        monkeypatch.setattr(rounds, "NOT_YET_SECONDS", 0.0)
        async with going_round(house) as anew:
            await anew()
        assert await kept(house, recording) == [False]  # the failed attempt was a moment ago
        await house.home.address.sql("UPDATE recordings SET tried_at = NULL")
        async with going_round(house) as anew:
            await anew()
        assert await kept(house, recording) == [True]


@asynchronous
async def test_the_audio_of_who_was_erased_goes(postgres: Urls, tmp_path: Path) -> None:
    """Whether they were erased after it was kept, or before."""
    async with studio(postgres, tmp_path) as house, going_round(house) as go:
        early = await house.recorded(STEREO)
        await go()
        late = await house.recorded(STEREO, number=2)
        await house.home.erase_number(CALLER)
        await go()
        assert await house.heard(early) == [Loss.erased, SECOND]
        assert await house.heard(late) == [Loss.erased, SECOND]
        left = {
            track.name
            for one in (early, late)
            if (stored := (await house.recording(one)).stored)
            for track in stored.tracks[1:]
        }
        assert await house.objects() == left


@asynchronous
async def test_the_audio_of_a_held_call_goes_after_the_release(
    postgres: Urls, tmp_path: Path
) -> None:
    """Its caller is erased: nobody hears it without a need, and until then the object stays."""
    async with studio(postgres, tmp_path) as house, going_round(house) as go:
        held = await house.recorded(STEREO)
        other = await house.recorded(STEREO, number=2)
        await go()
        before = await house.objects()
        call = (await house.recording(held)).call_id
        assert call is not None
        hold_id = await hold(house.home, placing(calls=[call]))
        await house.home.erase_number(CALLER)
        await house.home.cell.erasures.finish()
        await go()
        assert await house.heard(held) == [Loss.erased, SECOND]
        stored = (await house.recording(held)).stored
        assert stored is not None
        assert {track.name for track in stored.tracks} <= await house.objects() < before
        assert (await house.recording(other)).deleted_tracks == {0}
        assert (await house.recording(held)).deleted_tracks == set()
        opened = states(await read_for(house.home, held, Need.legal_claims))
        assert opened == {"first_key": "value", "second_key": "value"}
        # Long ago by the time of the release.
        await house.home.address.sql(
            "UPDATE subjects SET erased_at = erased_at - interval '1 day'"
        )
        await release(house.home, hold_id)
        await go()
        assert (await house.recording(held)).deleted_tracks == {0}
        assert stored.tracks[0].name not in await house.objects()


@pytest.mark.parametrize("told", [*Told, None])
@asynchronous
async def test_the_copy_goes_once_it_is_stored_where_the_workspace_says_so(
    postgres: Urls, tmp_path: Path, told: Told | None
) -> None:
    """And is kept where it says something else, or nothing."""
    async with studio(postgres, tmp_path) as house, going_round(house) as go:
        if told is not None:
            setting = ProviderDeletion(recordings=told, transcriptions=Told.kept)
            place, context = (house.workspace_id,) * 2, Context("cli", uuid4())
            asked = Request(*place, WORKSPACE, change(provider_deletion=setting), context)
            await house.home.cell.writer.handle(asked)
        recording = await house.recorded(STEREO)
        await go()
        goes = told is Told.deleted_once_stored
        expected = ProviderCopy.asked if goes else ProviderCopy.kept
        assert (await house.recording(recording)).copy is expected


@asynchronous
async def test_what_nobody_agreed_to_goes_at_the_provider_too(
    postgres: Urls, tmp_path: Path
) -> None:
    """Without anything of it having been fetched; also where the workspace keeps the copies."""
    async with studio(postgres, tmp_path) as house:
        recording = await house.recorded(STEREO, agrees=False)
        house.server.faults[:] = [Fault(status=204)]
        for _ in range(3):
            await catch_up(house.home, RECORDINGS)
            await house.home.address.sql("UPDATE recordings SET tried_at = NULL")
            async with going_round(house) as go:
                await go()
        found = await house.recording(recording)
        assert (found.forbidden, found.copy) == (Ground.no_consent, ProviderCopy.deleted)
        assert [one.method for one in house.server.asked] == ["DELETE"]


@asynchronous
async def test_what_is_forbidden_later_is_deleted_with_us(postgres: Urls, tmp_path: Path) -> None:
    """What was kept by then: no track of it is left, and none can be heard."""
    async with studio(postgres, tmp_path) as house, going_round(house) as go:
        recording = await house.recorded(STEREO)
        await go()
        assert len(await house.objects()) == 2
        await house.tell(recording, Forbid(ground=Ground.objection))
        house.server.faults[:] = [Fault(status=409)]
        assert await house.heard(recording) == [Loss.forbidden] * 2
        await go()
        assert await house.objects() == set()
        assert (await house.recording(recording)).copy is ProviderCopy.asked


@asynchronous
async def test_a_copy_whose_deletion_was_asked_for_goes(postgres: Urls, tmp_path: Path) -> None:
    """At the provider; ours stays."""
    async with studio(postgres, tmp_path) as house, going_round(house) as go:
        recording = await house.recorded(STEREO)
        await go()
        await house.tell(recording, AskDeletion())
        house.server.faults[:] = [Fault(status=204)]
        await go()
        # A try is followed by a pause, and asking was the first.
        await house.home.address.sql("UPDATE recordings SET tried_at = NULL")
        async with going_round(house) as anew:
            await anew()
        assert (await house.recording(recording)).copy is ProviderCopy.deleted
        assert await house.heard(recording) == [FIRST, SECOND]


@pytest.mark.parametrize("told", [*Told, None])
@asynchronous
async def test_the_copy_goes_when_ours_expires_where_the_workspace_says_so(
    postgres: Urls, tmp_path: Path, told: Told | None
) -> None:
    """At the latest then; one that is to be kept stays, however old."""
    async with studio(postgres, tmp_path) as house, going_round(house) as go:
        recording = await house.recorded(STEREO)
        await go()
        if told is not None:
            setting = ProviderDeletion(recordings=told, transcriptions=Told.kept)
            place, context = (house.workspace_id,) * 2, Context("cli", uuid4())
            asked = Request(*place, WORKSPACE, change(provider_deletion=setting), context)
            await house.home.cell.writer.handle(asked)
        for bucket in await buckets(house.home, "recording"):
            await expire(house.home, bucket)
        await go()
        assert await house.heard(recording) == [Loss.expired, Loss.expired]
        goes = told not in (None, Told.kept)
        expected = ProviderCopy.asked if goes else ProviderCopy.kept
        assert (await house.recording(recording)).copy is expected
