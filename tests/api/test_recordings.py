"""Recordings over HTTP: listed, played in any part, and every listener written down beforehand."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from asking import recording_is_on
from cells import asynchronous
from media_server import MediaServer, media_server
from serving import House, over_http, serving
from studio import AGENT, agreement, recording_form, recording_sid
from twilio_forms import CALLER, call_callbacks, call_sid
from waves import MP3, channels_of, samples, wave_file

from adapters.event_store.history import read_stream
from adapters.postgres.embedded import Urls
from adapters.recordings.ending import Ender
from adapters.recordings.keeping import Keeper
from adapters.twilio.media import Media, media_session
from adapters.wiring import now
from adapters.workspaces.api_keys import Scope
from api.routes import recordings
from domain.identifiers import call_id, recording_id
from domain.recordings.events import RecordingPlayed
from domain.recordings.words import Purpose

FRAMES: Final = 50_000
FIRST, SECOND = samples(1, FRAMES), samples(30_000, FRAMES)
STEREO: Final = wave_file(FIRST, SECOND)
WHY: Final = {"purpose": "dispute"}


@dataclass(frozen=True, slots=True)
class Desk:
    """A house with a recorded call."""

    house: House
    call: UUID
    recording: UUID

    @property
    def path(self) -> str:
        """Where its audio is."""
        return f"/calls/{self.call}/recordings/{self.recording}/audio"

    async def play(self, *, method: str = "GET", **options: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        """Ask for it."""
        given = {"params": WHY} | options
        return await self.house.ask(method, self.house.here + self.path, **given)

    async def listed(self) -> dict[str, Any]:
        """What the list says of it."""
        await self.house.follow()
        answer = await self.house.get(f"/calls/{self.call}/recordings")
        (found,) = answer.json()["data"]
        return dict(found)

    async def played(self) -> list[tuple[str, Purpose]]:
        """Who was given it, and what for."""
        cell = await self.house.cell()
        async with cell.scoped(self.house.workspace_id) as connection:
            entries = await read_stream(connection, self.recording)
        return [
            (entry.context.actor, entry.event.purpose)
            for entry in entries
            if isinstance(entry.event, RecordingPlayed)
        ]

    async def subject_of(self, number: str) -> str:
        """Whoever has this number."""
        found = (await self.house.get("/subjects", params={"number": number})).json()["data"]
        return str(found[0]["subject_id"])

    async def erase(self, number: str) -> str:
        """Erase whoever has this number; who it was."""
        subject = await self.subject_of(number)
        path = f"{self.house.here}/subjects/{subject}/erasure"
        assert (await self.house.ask("POST", path)).status_code == 200
        return subject

    async def accesses_to(self, subject: str) -> list[tuple[str, str]]:
        """By what and what for somebody's values were read."""
        answer = await self.house.get(f"/subjects/{subject}/access-entries")
        return [(one["operation"], one["purpose"]) for one in answer.json()["data"]]


async def report(house: House, form: list[tuple[str, str]]) -> UUID:
    """Post a recording's callback, signed, as Twilio does."""
    answer = await house.post(form, "voice/recording")
    assert (answer.status_code, answer.content) == (204, b"")
    return recording_id(house.workspace_id, "twilio", dict(form)["RecordingSid"])


async def keep(house: House, server: MediaServer, recording: UUID) -> None:
    """Fetch it and keep it."""
    async with media_session() as session:
        media = Media(session, server.origin)
        keeper = Keeper(await house.cell(), house.ledger.objects, media, now)
        assert await keeper.keep(house.workspace_id, recording)


@asynccontextmanager
async def desk(
    database: Urls, folder: Path, audio: bytes | None = STEREO, channels: int = 2
) -> AsyncIterator[Desk]:
    """A house with one call; its recording is kept, if there is audio."""
    async with serving(database, folder) as house, media_server() as server:
        forms_of_call = call_callbacks(call_sid(1), call_sid(2), caller=CALLER, agent=AGENT)
        await house.hear(*forms_of_call)
        for asked in (recording_is_on(house.workspace_id), *agreement(house.workspace_id)):
            await house.ledger.handle(asked)
        recording = await report(house, recording_form(channels=channels))
        if audio is not None:
            server.audio[recording_sid(1)] = audio
            await keep(house, server, recording)
        yield Desk(house, call_id(house.workspace_id, "twilio", call_sid(1)), recording)


@asynchronous
async def test_a_callback_that_is_not_genuine_is_nothing(database: Urls, tmp_path: Path) -> None:
    """A recording's address is signed for like every other."""
    async with serving(database, tmp_path) as house:
        answer = await house.post(recording_form(), "voice/recording", token="x")
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/bad-signature")


@asynchronous
async def test_a_callback_that_is_not_understood_waits_for_its_replay(
    database: Urls, tmp_path: Path
) -> None:
    """It is a dead letter of its own channel, and is read again by that channel's rules."""
    async with serving(database, tmp_path) as house:
        conference = [(name, value) for name, value in recording_form() if name != "CallSid"]
        await report(house, [*conference, ("ConferenceSid", "CF1")])
        (letter,) = (await house.get("/dead-letters")).json()["data"]
        assert (letter["channel"], letter["reason"]) == ("voice/recording", "conference_recording")
        path = f"{house.here}/dead-letters/{letter['id']}/replay"
        answer = await house.ask("POST", path)
        assert (answer.status_code, answer.json()["code"]) == (409, "conference_recording")


@asynchronous
async def test_a_recording_is_played_and_its_listener_written_down(
    database: Urls, tmp_path: Path
) -> None:
    """All of it, in one answer that nobody may keep."""
    async with desk(database, tmp_path) as found:
        answer = await found.play()
        assert (answer.status_code, answer.content) == (200, STEREO)
        assert answer.headers["content-type"] == "audio/wav"
        assert answer.headers["content-length"] == str(len(STEREO))
        assert answer.headers["accept-ranges"] == "bytes"
        assert answer.headers["cache-control"] == "no-store"
        ((actor, purpose),) = await found.played()
        assert (actor.partition(":")[0], purpose) == ("api_key", Purpose.dispute)


@asynchronous
async def test_who_is_heard_can_see_who_listened(database: Urls, tmp_path: Path) -> None:
    """A playback is an access to the values of whoever is heard in it; nothing else here is."""
    async with desk(database, tmp_path) as found:
        await found.listed()
        await found.play(method="HEAD")
        tag = (await found.play()).headers["etag"]
        await found.play(headers={"If-None-Match": tag})
        agent = await found.erase(AGENT)
        await found.play()
        speakers = [await found.subject_of(CALLER), agent]
        assert [await found.accesses_to(one) for one in speakers] == [
            [("playRecording", "dispute")] * 2,
            [("playRecording", "dispute")],
        ]


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-43", 0, 44),
        ("bytes=40-50", 40, 51),
        ("bytes=131071-131075", 131_071, 131_076),
        ("bytes=100-", 100, len(STEREO)),
        ("bytes=-5", len(STEREO) - 5, len(STEREO)),
        ("bytes=0-99999999", 0, len(STEREO)),
        ("bytes=-99999999", 0, len(STEREO)),
    ],
)
@asynchronous
async def test_one_range(database: Urls, tmp_path: Path, asked: str, start: int, end: int) -> None:
    """Those bytes and no others, and where they lie."""
    async with desk(database, tmp_path) as found:
        answer = await found.play(headers={"Range": asked})
        assert (answer.status_code, answer.content) == (206, STEREO[start:end])
        said = f"bytes {start}-{end - 1}/{len(STEREO)}"
        assert answer.headers["content-range"] == said
        assert answer.headers["content-length"] == str(end - start)
        assert len(await found.played()) == 1


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,5-6", "bytes=", "bytes=-", "chapters=1-2", "bytes=9-3", "bytes=a-b", "x"]
)
@asynchronous
async def test_what_is_not_one_range_is_all_of_it(
    database: Urls, tmp_path: Path, asked: str
) -> None:
    """As RFC 9110 lets a server answer."""
    async with desk(database, tmp_path) as found:
        answer = await found.play(headers={"Range": asked})
        assert (answer.status_code, len(answer.content)) == (200, len(STEREO))


@pytest.mark.parametrize("asked", [f"bytes={len(STEREO)}-", "bytes=99999999-", "bytes=-0"])
@asynchronous
async def test_a_range_beyond_the_end(database: Urls, tmp_path: Path, asked: str) -> None:
    """416, and how long it is; nobody heard anything."""
    async with desk(database, tmp_path) as found:
        answer = await found.play(headers={"Range": asked})
        assert answer.json()["type"] == "/problems/range-not-satisfiable"
        assert answer.status_code == 416
        assert answer.headers["content-range"] == f"bytes */{len(STEREO)}"
        assert await found.played() == []


@asynchronous
async def test_what_a_listener_has_already(database: Urls, tmp_path: Path) -> None:
    """The same tag is 304; a range of other audio is all of this one."""
    async with desk(database, tmp_path) as found:
        tag = (await found.play()).headers["etag"]
        same = await found.play(headers={"If-None-Match": f'"x", {tag}'})
        assert (same.status_code, same.content) == (304, b"")
        part = {"Range": "bytes=0-9"}
        held = await found.play(headers={**part, "If-Range": tag})
        assert (held.status_code, len(held.content)) == (206, 10)
        for other in ('"x"', "Mon, 02 Mar 2026 13:58:16 GMT"):
            whole = await found.play(headers={**part, "If-Range": other})
            assert (whole.status_code, len(whole.content)) == (200, len(STEREO))
        assert len(await found.played()) == 4
        await found.erase(CALLER)
        assert (await found.play()).headers["etag"] != tag


@asynchronous
async def test_head_tells_and_plays_nothing(database: Urls, tmp_path: Path) -> None:
    """How long it is, and of what kind; no byte is opened and nobody heard it."""
    async with desk(database, tmp_path) as found:
        answer = await found.play(method="HEAD", headers={"Range": "bytes=0-9"})
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["content-length"] == str(len(STEREO))
        assert answer.headers["content-type"] == "audio/wav"
        assert answer.headers["etag"] == (await found.play()).headers["etag"]
        assert len(await found.played()) == 1


@asynchronous
async def test_an_erased_speaker_is_silent(database: Urls, tmp_path: Path) -> None:
    """The other one is heard as before, before and after the object is gone."""
    async with desk(database, tmp_path) as found:
        await found.erase(CALLER)
        quiet = (bytes(len(FIRST)), SECOND)
        assert channels_of((await found.play()).content) == quiet
        assert (await found.listed())["tracks"] == ["erased", "audible"]
        ender = Ender(await found.house.cell(), found.house.ledger.objects)
        assert await ender.end(found.house.workspace_id, found.recording) == 1
        assert channels_of((await found.play()).content) == quiet


@pytest.mark.parametrize(("audio", "channels"), [(STEREO, 2), (MP3, 1)])
@asynchronous
async def test_where_nobody_is_left_it_is_gone(
    database: Urls, tmp_path: Path, audio: bytes, channels: int
) -> None:
    """410, and why; nobody heard it any more."""
    async with desk(database, tmp_path, audio, channels) as found:
        for number in (CALLER, AGENT)[:channels]:
            await found.erase(number)
        for method in ("GET", "HEAD"):
            answer = await found.play(method=method)
            assert answer.status_code == 410
        assert (await found.play()).json()["state"] == "erased"
        assert await found.played() == []


@asynchronous
async def test_what_expired_is_gone_and_says_so(database: Urls, tmp_path: Path) -> None:
    """Its bucket's key was destroyed: that is no erasure."""
    async with desk(database, tmp_path) as found:
        cell = await found.house.cell()
        place = await cell.whereabouts.now()
        options = f"-c search_path={place.schema}"
        async with await psycopg.AsyncConnection.connect(
            database.admin, autocommit=True, options=options
        ) as owner:
            await owner.execute("UPDATE buckets SET destroyed_at = now()")
            await owner.execute("DELETE FROM bucket_keys")
        answer = await found.play()
        assert (answer.status_code, answer.json()["state"]) == (410, "expired")
        assert (await found.listed())["tracks"] == ["expired", "expired"]


@asynchronous
async def test_a_purpose_is_needed_and_is_one_of_a_list(database: Urls, tmp_path: Path) -> None:
    """Without one, with another or with two nothing is heard."""
    async with desk(database, tmp_path) as found:
        for given in ({}, {"purpose": "to hear Ann"}, {"purpose": ["dispute", "legal_claim"]}):
            answer = await found.play(params=given)
            assert (answer.status_code, answer.json()["type"]) == (
                400,
                "/problems/invalid-request",
            )
            assert "Ann" not in answer.text
        assert await found.played() == []


@asynchronous
async def test_it_takes_a_scope_of_its_own(database: Urls, tmp_path: Path) -> None:
    """Whoever sees calls and opens values does not hear them yet."""
    async with desk(database, tmp_path) as found:
        key = await found.house.new_key(Scope.calls_read, Scope.values_open)
        answer = await found.play(key=key)
        assert (answer.status_code, answer.json()["scope"]) == (403, "recordings:play")
        assert (await found.play(key=await found.house.new_key(Scope.recordings_play))).is_success


@asynchronous
async def test_only_by_its_own_call_and_workspace(database: Urls, tmp_path: Path) -> None:
    """Elsewhere it is not found, whether or not it exists."""
    async with desk(database, tmp_path) as found:
        house = found.house
        for path in (
            f"/calls/{uuid4()}/recordings/{found.recording}/audio",
            f"/calls/{found.call}/recordings/{uuid4()}/audio",
            f"/calls/{found.call}/recordings/{found.call}/audio",
        ):
            answer = await house.get(path, params=WHY)
            assert answer.json()["type"] == "/problems/not-found"
        neighbour = await house.neighbour()
        assert (await neighbour.get(found.path, params=WHY)).status_code == 404
        assert (await house.get(f"/calls/{uuid4()}/recordings")).status_code == 404


@asynchronous
async def test_a_recording_is_listed_from_its_first_callback_on(
    database: Urls, tmp_path: Path
) -> None:
    """While its audio is not kept there is none to play."""
    async with desk(database, tmp_path, None) as found:
        listed = await found.listed()
        assert (listed["status"], listed["tracks"], listed["media_type"]) == (
            "completed",
            [],
            None,
        )
        assert (listed["source"], listed["channels"]) == ("dialed_call", 2)
        answer = await found.play()
        assert answer.status_code == 404
        assert answer.json()["recording_status"] == "completed"


@asynchronous
async def test_a_kept_recording_is_listed_with_its_tracks(database: Urls, tmp_path: Path) -> None:
    """And tells nobody's number; the call's other answers are as before."""
    async with desk(database, tmp_path) as found:
        listed = await found.listed()
        assert listed["tracks"] == ["audible", "audible"]
        assert listed["media_type"] == "audio/wav"
        assert listed["provider_copy"] == "kept"
        assert listed["id"] == str(found.recording)
        assert CALLER not in str(listed)


@asynchronous
async def test_an_object_that_was_tampered_with_is_an_alarm(
    database: Urls, tmp_path: Path
) -> None:
    """Before the first byte is answered, and not taken for an erasure."""
    async with desk(database, tmp_path) as found:
        store = found.house.ledger.objects
        async for one in store.each(found.house.workspace_id):
            path = found.house.ledger.settings.objects_folder / one.name
            path.write_bytes(path.read_bytes()[::-1])
        answer = await found.play()
        assert (answer.status_code, answer.json()["type"]) == (500, "/problems/integrity-alarm")


@asynchronous
async def test_a_playback_that_goes_on_ends_with_its_speaker(
    database: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is erased while somebody listens is not heard to the end."""
    monkeypatch.setattr(recordings, "STILL_SECONDS", 0.0)
    long = wave_file(samples(1, 4_000_000), samples(9, 4_000_000))
    async with desk(database, tmp_path, long) as found, over_http(found.house) as http:
        heard = bytearray()
        with pytest.raises(httpx.RemoteProtocolError):
            await listen(http, found.path, heard, lambda: found.erase(CALLER))
        assert 0 < len(heard) < len(long)


async def listen(
    http: House, path: str, heard: bytearray, meanwhile: Callable[[], Awaitable[object]]
) -> None:
    """Listen to a recording, as far as it goes; something happens once it has begun."""
    key = {"Authorization": f"Bearer {http.api_key}"}
    async with http.client.stream("GET", http.here + path, params=WHY, headers=key) as answer:
        async for part in answer.aiter_bytes():
            if not heard:
                await meanwhile()
            heard += part


@asynchronous
async def test_who_is_restricted_is_not_heard(database: Urls, tmp_path: Path) -> None:
    """Their channel is silent; with nobody else on it, 403. For a need it plays."""
    async with desk(database, tmp_path) as found:
        for number in (CALLER, AGENT):
            who = (await found.house.get("/subjects", params={"number": number})).json()["data"]
            path = f"{found.house.here}/subjects/{who[0]['subject_id']}/restriction"
            restricted = await found.house.ask("POST", path, json={"ground": "accuracy"})
            assert restricted.status_code == 200
            if number == CALLER:
                audio = (await found.play()).content
                assert channels_of(audio) == (bytes(len(FIRST)), SECOND)
        assert (await found.listed())["tracks"] == ["restricted", "restricted"]
        refused = await found.play()
        assert (refused.status_code, refused.json()["type"]) == (
            *(403, "/problems/audio-restricted"),
        )
        played = await found.play(params={**WHY, "need": "legal_claims"})
        assert channels_of(played.content) == (FIRST, SECOND)
        player = await found.house.new_key(Scope.recordings_play)
        refused = await found.play(key=player, params={**WHY, "need": "legal_claims"})
        assert (refused.status_code, refused.json()["scope"]) == (403, "restricted:open")
