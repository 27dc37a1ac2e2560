"""From the callback to sealed audio in the store: once, whole, and locked by whoever is heard."""

import asyncio
import json
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest
from asking import recording_is_on
from cells import asynchronous
from consent_stories import said
from envelopes import PRIVATE, encrypted
from media_server import Fault
from recordings import begin
from studio import AGENT, recording_form, recording_sid, studio
from twilio_forms import CALLER, START, call_callbacks, call_sid
from waves import MP3, samples, wave_file

from adapters.event_store.requests import Request
from adapters.objects.store import new_name
from adapters.postgres.embedded import Urls
from adapters.recordings.failures import MOST_ATTEMPTS
from adapters.recordings.owners import PATIENCE
from adapters.wiring import now
from adapters.workspaces.credentials import Kind
from domain.consents.commands import GiveConsent
from domain.consents.consent import CONSENT
from domain.consents.words import Purpose
from domain.identifiers import consent_id
from domain.messages import Context
from domain.personal_data import Category, Sealed
from domain.recordings.events import (
    RecordingFetchBegun,
    RecordingFetchFailed,
    RecordingStored,
)
from domain.recordings.words import FetchFailure, Ground, Loss

ERASED: Final = Loss.erased
FIRST, SECOND = samples(1), samples(30_000)
STEREO: Final = wave_file(FIRST, SECOND)


@asynchronous
async def test_a_recorded_call_is_kept(postgres: Urls, tmp_path: Path) -> None:
    """Each channel is a track, locked by who speaks on it; nothing else lies in the store."""
    async with studio(postgres, tmp_path) as house:
        recording = await house.recorded(STEREO)
        assert await house.keep(recording)
        assert await house.heard(recording) == [FIRST, SECOND]
        names = [entry.event.name for entry in await house.entries(recording)]
        assert names == [
            "recording.announced",
            "recording.completed",
            "recording.fetch_begun",
            "recording.stored",
        ]
        stored = (await house.recording(recording)).stored
        assert stored is not None
        assert await house.objects() == {track.name for track in stored.tracks}
        assert house.server.asked[0].query == {"RequestedChannels": "2"}
        caller, agent = await house.home.subject_of(CALLER), await house.home.subject_of(AGENT)
        assert isinstance(stored.first_key, Sealed)
        assert isinstance(stored.second_key, Sealed)
        assert stored.first_key.subjects == (caller,)
        assert stored.second_key.subjects == (agent,)
        assert stored.first_key.category is Category.recording
        assert stored.first_key.bucket == stored.second_key.bucket


@asynchronous
async def test_an_erasure_silences_one_channel(postgres: Urls, tmp_path: Path) -> None:
    """The caller's, in every recording of theirs; the agent is heard on."""
    async with studio(postgres, tmp_path) as house:
        recording = await house.recorded(STEREO)
        await house.keep(recording)
        await house.home.erase_number(CALLER)
        assert await house.heard(recording) == [ERASED, SECOND]
        await house.home.cell.erasures.finish()
        assert await house.heard(recording) == [ERASED, SECOND]
        await house.home.erase_number(AGENT)
        assert await house.heard(recording) == [ERASED, ERASED]


@pytest.mark.parametrize("audio", [MP3, wave_file(FIRST)])
@pytest.mark.parametrize("who", [CALLER, AGENT])
@asynchronous
async def test_either_erasure_ends_what_has_both(
    postgres: Urls, tmp_path: Path, audio: bytes, who: str
) -> None:
    """One channel, or audio that cannot be taken apart: it takes the keys of both."""
    async with studio(postgres, tmp_path) as house:
        recording = await house.recorded(audio, channels=1)
        await house.keep(recording)
        assert await house.heard(recording) == [audio]
        assert "RequestedChannels" not in house.server.asked[0].query
        await house.home.erase_number(who)
        assert await house.heard(recording) == [ERASED]


@pytest.mark.parametrize("who", [CALLER, "client:a", "client:b", "client:c"])
@asynchronous
async def test_each_of_many_owners_can_end_it(postgres: Urls, tmp_path: Path, who: str) -> None:
    """A call that was handed on has more than two voices, and a sealed value two owners."""
    async with studio(postgres, tmp_path) as house:
        await house.agree()
        for number, agent in enumerate(("client:a", "client:b", "client:c"), 2):
            await house.home.hear(
                *call_callbacks(call_sid(1), call_sid(number), caller=CALLER, agent=agent)
            )
        house.server.audio[recording_sid(1)] = MP3
        recording = await house.report(recording_form(channels=1))
        assert await house.keep(recording)
        assert await house.heard(recording) == [MP3]
        await house.home.erase_number(who)
        assert await house.heard(recording) == [ERASED]


@asynchronous
async def test_whoever_was_erased_before_is_not_heard(postgres: Urls, tmp_path: Path) -> None:
    """Between the call and its recording's arrival: the key of their channel is never kept."""
    async with studio(postgres, tmp_path) as house:
        recording = await house.recorded(STEREO)
        await house.home.erase_number(CALLER)
        assert await house.keep(recording)
        assert await house.heard(recording) == [ERASED, SECOND]
        stored = (await house.recording(recording)).stored
        assert stored is not None
        assert isinstance(stored.first_key, Sealed)
        assert stored.first_key.commitment is None


@asynchronous
async def test_another_process_than_that_which_heard_the_call_keeps_it(
    postgres: Urls, tmp_path: Path
) -> None:
    """It has never met its parties, and reads whose keys they are; of the erased there is none."""
    async with studio(postgres, tmp_path) as house:
        both, one = await house.recorded(STEREO), await house.recorded(STEREO, number=2)
        async with house.elsewhere() as other:
            assert await other.keep(both)
        await house.home.erase_number(CALLER)
        async with house.elsewhere() as other:
            assert await other.keep(one)
        assert await house.heard(both) == await house.heard(one) == [ERASED, SECOND]


@asynchronous
async def test_what_is_kept_is_fetched_no_more(postgres: Urls, tmp_path: Path) -> None:
    """However often it is asked for, and however often Twilio says that it is complete."""
    async with studio(postgres, tmp_path) as house:
        recording = await house.recorded(STEREO)
        assert await house.keep(recording)
        await house.report(recording_form(), recording_form(status="in-progress"))
        assert not await house.keep(recording)
        assert len(house.server.asked) == 1


@pytest.mark.parametrize("status", ["in-progress", "absent", "failed"])
@asynchronous
async def test_what_is_not_complete_is_not_fetched(
    postgres: Urls, tmp_path: Path, status: str
) -> None:
    """There is no audio, or none yet."""
    async with studio(postgres, tmp_path) as house:
        recording = await house.report(recording_form(status=status))
        assert not await house.keep(recording)
        assert house.server.asked == []


@asynchronous
async def test_the_end_of_the_call_is_waited_for(postgres: Urls, tmp_path: Path) -> None:
    """Who is heard may be told by the call's last callback; after an hour, by what there is."""
    clock = [now()]
    async with studio(postgres, tmp_path, lambda: clock[0]) as house:
        await house.agree()
        house.server.audio[recording_sid(1)] = STEREO
        recording = await house.report(recording_form())
        assert not await house.keep(recording)
        callbacks = call_callbacks(call_sid(1), call_sid(2), caller=CALLER, agent=AGENT)
        await house.home.hear(*callbacks[:2])
        assert not await house.keep(recording)
        assert house.server.asked == []
        clock[0] += PATIENCE + timedelta(seconds=1)
        assert await house.keep(recording)
        assert await house.heard(recording) == [FIRST, SECOND]


@asynchronous
async def test_without_anybody_to_lock_it_audio_is_not_kept(
    postgres: Urls, tmp_path: Path
) -> None:
    """A call that names nobody, for an hour: it is said so, and tried again for days."""
    clock = [now()]
    async with studio(postgres, tmp_path, lambda: clock[0]) as house:
        await house.agree()
        house.server.audio[recording_sid(1)] = STEREO
        recording = await house.report(recording_form())
        clock[0] += PATIENCE + timedelta(seconds=1)
        assert not await house.keep(recording)
        found = await house.recording(recording)
        assert (found.failure, found.is_given_up) == (FetchFailure.nobody, False)
        assert house.server.asked == []


@asynchronous
async def test_a_failure_is_said_and_the_next_attempt_may_succeed(
    postgres: Urls, tmp_path: Path
) -> None:
    """With the reason; and what the failed one wrote is gone."""
    async with studio(postgres, tmp_path) as house:
        recording = await house.recorded(STEREO)
        house.server.faults[:] = [Fault(status=404)] * 5
        assert not await house.keep(recording)
        found = await house.recording(recording)
        assert (found.failure, found.is_due) == (FetchFailure.not_there, True)
        assert await house.objects() == set()
        assert await house.keep(recording)
        assert await house.heard(recording) == [FIRST, SECOND]


@asynchronous
async def test_what_the_workspace_had_not_recorded_is_not_kept(
    postgres: Urls, tmp_path: Path
) -> None:
    """By its setting when the recording began, whatever it is by now; nothing is fetched."""
    async with studio(postgres, tmp_path, is_recording=False) as house:
        recording = await house.recorded(STEREO)
        await house.home.cell.writer.handle(
            recording_is_on(house.workspace_id, since=START + timedelta(days=1))
        )
        assert not await house.keep(recording)
        found = await house.recording(recording)
        assert (found.failure, found.is_given_up) == (FetchFailure.not_enabled, True)
        assert house.server.asked == []
        assert await house.objects() == set()


@asynchronous
async def test_what_nobody_agreed_to_is_not_kept(postgres: Urls, tmp_path: Path) -> None:
    """It is forbidden for good, and nothing is fetched: a later yes is none for what was said."""
    async with studio(postgres, tmp_path) as house:
        recording = await house.recorded(STEREO, agrees=False)
        assert not await house.keep(recording)
        found = await house.recording(recording)
        assert (found.forbidden, found.is_due) == (Ground.no_consent, False)
        assert (found.attempts, found.is_to_be_undone) == (0, True)
        await house.agree()
        assert not await house.keep(recording)
        assert house.server.asked == []
        assert await house.objects() == set()


@pytest.mark.parametrize("seconds", [0, 20])
@asynchronous
async def test_a_consent_that_was_given_before_is_one(
    postgres: Urls, tmp_path: Path, seconds: int
) -> None:
    """Of a call that we did not route: all who are heard must have had agreed when it began."""
    async with studio(postgres, tmp_path) as house:
        recording = await house.recorded(STEREO, agrees=False)
        for who in (CALLER, AGENT):
            subject = await house.home.subject_of(who)
            assert subject is not None
            told = said(GiveConsent, seconds, subject_id=subject)
            stream = consent_id(house.workspace_id, subject, Purpose.recording)
            request = Request(house.workspace_id, stream, CONSENT, told, Context("cli", uuid4()))
            await house.home.cell.writer.handle(request)
        is_kept = await house.keep(recording)  # it began at second 9
        assert is_kept is (seconds == 0)


@asynchronous
async def test_what_cannot_succeed_is_given_up(postgres: Urls, tmp_path: Path) -> None:
    """At once where the next attempt would come to the same, else after many."""
    async with studio(postgres, tmp_path) as house:
        page = await house.recorded(b"<html>no audio</html>")
        assert not await house.keep(page)
        assert (await house.recording(page)).is_given_up
        absent = await house.recorded(STEREO, number=2)
        house.server.audio.clear()
        for _ in range(MOST_ATTEMPTS):
            await house.keep(absent)
        found = await house.recording(absent)
        assert (found.is_given_up, found.attempts) == (True, MOST_ATTEMPTS)
        assert not await house.keep(absent)


@pytest.mark.parametrize("id_of_key", ["CR1", "CR2"])
@asynchronous
async def test_what_twilio_encrypted_is_opened_with_the_workspace_s_key(
    postgres: Urls, tmp_path: Path, id_of_key: str
) -> None:
    """And sealed with ours; without that key it waits for it, and is kept by nobody."""
    sealed = encrypted(STEREO)
    details = {
        "public_key_sid": "CR1",
        "encrypted_cek": sealed.wrapped_key,
        "iv": sealed.nonce,
    }
    async with studio(postgres, tmp_path) as house:
        await house.add_credential(Kind.recording_key, f"{id_of_key} {PRIVATE}")
        await house.agree()
        await house.home.hear(*call_callbacks(call_sid(1), call_sid(2), agent=AGENT))
        house.server.audio[recording_sid(1)] = sealed.audio
        form = [*recording_form(), ("EncryptionDetails", json.dumps(details))]
        recording = await house.report(form)
        is_kept = await house.keep(recording)
        assert is_kept == (id_of_key == "CR1")
        if is_kept:
            assert await house.heard(recording) == [FIRST, SECOND]
            assert "RequestedChannels" not in house.server.asked[0].query
        else:
            found = await house.recording(recording)
            assert (found.failure, found.is_due) == (FetchFailure.no_private_key, True)


@asynchronous
async def test_what_was_changed_under_twilio_s_encryption_is_not_kept(
    postgres: Urls, tmp_path: Path
) -> None:
    """Though all of it but the tag was opened and sealed by then; nothing is left of that."""
    sealed = encrypted(STEREO)
    details = {"public_key_sid": "CR1", "encrypted_cek": sealed.wrapped_key, "iv": sealed.nonce}
    async with studio(postgres, tmp_path) as house:
        await house.add_credential(Kind.recording_key, f"CR1 {PRIVATE}")
        await house.agree()
        await house.home.hear(*call_callbacks(call_sid(1), call_sid(2), agent=AGENT))
        house.server.audio[recording_sid(1)] = sealed.audio[:-1] + b"x"
        form = [*recording_form(), ("EncryptionDetails", json.dumps(details))]
        recording = await house.report(form)
        assert not await house.keep(recording)
        found = await house.recording(recording)
        assert (found.failure, found.is_given_up) == (FetchFailure.not_authentic, True)
        assert await house.objects() == set()


@asynchronous
async def test_two_at_once_keep_it_once(postgres: Urls, tmp_path: Path) -> None:
    """In one process or in several: the second finds that somebody is at it."""
    async with studio(postgres, tmp_path) as house:
        recording = await house.recorded(STEREO)
        found = await asyncio.gather(*(house.keep(recording) for _ in range(4)))
        assert found.count(True) == 1
        kinds = Counter(type(entry.event) for entry in await house.entries(recording))
        assert (kinds[RecordingFetchBegun], kinds[RecordingStored]) == (1, 1)
        assert len(await house.objects()) == 2


@asynchronous
async def test_an_attempt_that_was_overtaken_leaves_nothing(
    postgres: Urls, tmp_path: Path
) -> None:
    """Its lock was lost with its connection, and somebody else began anew meanwhile."""
    async with studio(postgres, tmp_path) as house:
        recording = await house.recorded(STEREO)
        house.server.faults[:] = [Fault(cut_after=60_000, hangs=True)]
        slow = asyncio.create_task(house.keep(recording))
        await house.server.has_hung.wait()
        later = new_name(house.workspace_id), new_name(house.workspace_id)
        await house.tell(recording, begin(later))
        for request in house.server.asked:
            assert request.transport is not None
            request.transport.abort()
        assert not await slow
        kinds = Counter(type(entry.event) for entry in await house.entries(recording))
        assert (kinds[RecordingStored], kinds[RecordingFetchFailed]) == (0, 0)
        assert await house.objects() == set()
        assert await house.keep(recording)
        assert await house.heard(recording) == [FIRST, SECOND]


@pytest.mark.parametrize("steps", range(0, 240, 12))
@asynchronous
async def test_broken_off_anywhere_the_next_attempt_is_whole(
    postgres: Urls, tmp_path: Path, steps: int
) -> None:
    """After so many turns of the event loop: two objects in the end, and no third."""
    async with studio(postgres, tmp_path) as house:
        recording = await house.recorded(STEREO)
        attempt = asyncio.create_task(house.keep(recording))
        for _ in range(steps):
            await asyncio.sleep(0.0005)
        attempt.cancel()
        await asyncio.gather(attempt, return_exceptions=True)
        await house.keep(recording)
        assert await house.heard(recording) == [FIRST, SECOND]
        stored = (await house.recording(recording)).stored
        assert stored is not None
        assert await house.objects() == {track.name for track in stored.tracks}
