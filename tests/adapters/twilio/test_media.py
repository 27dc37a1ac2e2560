"""Audio comes from Twilio's hosts only, whole or not at all, however often it breaks off."""

import os
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

import pytest
from cells import asynchronous
from media_server import LOGIN, Fault, MediaServer, media_server
from twilio_forms import ACCOUNT_SID

from adapters.recordings.failures import CannotKeep
from adapters.twilio.client import Login
from adapters.twilio.media import BACKOFF_SECONDS, Media, logins_of, media_session
from adapters.twilio.recordings import media_url
from adapters.workspaces.credentials import Credentials
from domain.recordings.words import FetchFailure

SID: Final = "RE00000000000000000000000000000001"
URL: Final = media_url(ACCOUNT_SID, SID)
AUDIO: Final = os.urandom(700_001)
WRONG: Final = Login(ACCOUNT_SID, "another")


class Pauses(list[float]):
    """How long was waited, if it had been."""

    async def __call__(self, seconds: float) -> None:
        """Wait for nothing."""
        self.append(seconds)


async def fetched(
    server: MediaServer,
    *faults: Fault,
    url: str = URL,
    logins: Sequence[Login] = (LOGIN,),
    most_bytes: int = len(AUDIO),
) -> tuple[bytes, Pauses]:
    """What comes of the test's recording when its answers have these faults."""
    server.faults[:] = faults
    pauses = Pauses()
    async with media_session() as session:
        media = Media(session, server.origin, pauses, most_bytes)
        return b"".join([part async for part in media.parts(url, logins)]), pauses


async def failure(server: MediaServer, *faults: Fault, **options: object) -> FetchFailure:
    """Why it does not come."""
    with pytest.raises(CannotKeep) as raised:
        await fetched(server, *faults, **options)  # type: ignore[arg-type] # as above
    return raised.value.reason


@asynchronous
async def test_audio_comes_whole() -> None:
    """In one answer, asked for as it is: nothing packed, nothing followed blindly."""
    async with media_server(**{SID: AUDIO}) as server:
        assert await fetched(server) == (AUDIO, [])
        (asked,) = server.asked
        assert asked.headers["Accept-Encoding"] == "identity"
        assert "Range" not in asked.headers


@asynchronous
async def test_what_breaks_off_goes_on_where_it_was() -> None:
    """Again and again, with the tag of what came before; nothing is fetched twice."""
    async with media_server(**{SID: AUDIO}) as server:
        cuts = [Fault(cut_after=size) for size in (1, 300_000, 70_000, 9)]
        audio, pauses = await fetched(server, *cuts)
        assert audio == AUDIO
        assert pauses == [BACKOFF_SECONDS[0]] * len(cuts)
        ranges = [one.headers.get("Range") for one in server.asked]
        assert ranges[0] is None
        assert ranges[1:] == [f"bytes={n}-" for n in (1, 300_001, 370_001, 370_010)]
        assert {one.headers["If-Range"] for one in server.asked[1:]} == {'"one"'}


@asynchronous
async def test_a_server_that_knows_no_ranges_is_listened_to_again() -> None:
    """What came before is passed over, not doubled."""
    async with media_server(**{SID: AUDIO}) as server:
        audio, _ = await fetched(
            server, Fault(cut_after=400_000), Fault(ignores_range=True, cut_after=500_000)
        )
        assert audio == AUDIO


@asynchronous
async def test_audio_that_was_changed_meanwhile_is_not_patched_together() -> None:
    """Another tag is other audio."""
    async with media_server(**{SID: AUDIO}) as server:
        changed = [Fault(tag='"two"')] * 10
        reason = await failure(server, Fault(cut_after=400_000), *changed)
        assert reason is FetchFailure.broken_off


@asynchronous
async def test_a_size_that_is_not_true_is_not_believed() -> None:
    """Where fewer bytes come than were promised, it is not whole."""
    async with media_server(**{SID: AUDIO}) as server:
        lies = [Fault(too_long=5)] * 10
        assert await failure(server, *lies, most_bytes=10**9) is FetchFailure.broken_off


@asynchronous
async def test_audio_without_a_size_is_whole_when_it_ends_well() -> None:
    """And is gone on with, where it does not."""
    async with media_server(**{SID: AUDIO}) as server:
        assert await fetched(server, Fault(has_no_size=True)) == (AUDIO, [])
        broken = Fault(has_no_size=True, cut_after=1000)
        assert (await fetched(server, broken))[0] == AUDIO


@asynchronous
async def test_media_may_lag_behind_the_callback() -> None:
    """Until it is there, it is asked for, a little later each time."""
    async with media_server(**{SID: AUDIO}) as server:
        lag = [Fault(status=404)] * 3
        assert await fetched(server, *lag) == (AUDIO, list(BACKOFF_SECONDS[:3]))
        lag = [Fault(status=404)] * 10
        assert await failure(server, *lag) is FetchFailure.not_there


@pytest.mark.parametrize("status", [408, 429, 500, 503])
@asynchronous
async def test_a_server_in_trouble_is_asked_again(status: int) -> None:
    """It may pass, though not for ever."""
    async with media_server(**{SID: AUDIO}) as server:
        assert (await fetched(server, Fault(status=status)))[0] == AUDIO
        assert await failure(server, *[Fault(status=status)] * 9) is FetchFailure.unreachable


@asynchronous
async def test_a_server_that_is_not_there_is_unreachable() -> None:
    """And nothing of the address is in what is said."""
    async with media_server() as server:
        pass
    assert await failure(server) is FetchFailure.unreachable


@asynchronous
async def test_while_a_token_rotates_both_open() -> None:
    """Whichever is accepted; and where none is, it is said at once."""
    async with media_server(**{SID: AUDIO}) as server:
        assert (await fetched(server, logins=(WRONG, LOGIN)))[0] == AUDIO
        assert await failure(server, logins=(WRONG,)) is FetchFailure.refused
        assert await failure(server, logins=()) is FetchFailure.refused


def test_the_newest_token_is_asked_first_and_none_for_a_foreign_account() -> None:
    """Credentials are for the accounts that the workspace named."""
    known = Credentials((ACCOUNT_SID,), ("old", "new"), {}, None)
    assert [login.secret for login in logins_of(known, ACCOUNT_SID)] == ["new", "old"]
    assert logins_of(known, "AC1") == ()
    assert "new" not in repr(logins_of(known, ACCOUNT_SID))


@asynchronous
async def test_nobody_else_s_host_is_asked() -> None:
    """Wherever we are sent to: the credentials are for Twilio."""
    async with media_server() as elsewhere, media_server(**{SID: AUDIO}) as server:
        sent = Fault(status=307, location=elsewhere.origin + urlsplit(URL).path)
        assert await failure(server, sent) is FetchFailure.foreign_host
        assert elsewhere.asked == []
        async with media_session() as session:
            parts = Media(session).parts(elsewhere.origin + urlsplit(URL).path, (LOGIN,))
            with pytest.raises(CannotKeep, match="foreign_host"):
                await anext(parts)
        assert elsewhere.asked == []


@asynchronous
async def test_another_place_on_the_same_host_is_followed() -> None:
    """Not without end."""
    async with media_server(**{SID: AUDIO}) as server:
        there = Fault(status=307, location=urlsplit(URL).path)
        assert (await fetched(server, there))[0] == AUDIO
        assert await failure(server, *[there] * 99) is FetchFailure.unreachable


@asynchronous
async def test_what_is_too_large_is_not_read_to_its_end() -> None:
    """Whether it says so beforehand or not."""
    async with media_server(**{SID: AUDIO}) as server:
        limit = 500_000
        assert await failure(server, most_bytes=limit) is FetchFailure.too_large
        untold = Fault(has_no_size=True)
        assert await failure(server, untold, most_bytes=limit) is FetchFailure.too_large
