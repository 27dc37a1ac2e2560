"""Our side of the REST API, against the stand-in over HTTP."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Final

import pytest
from cells import asynchronous
from twilio_forms import call_sid
from twilio_standin import Standin, standing_in
from twilio_standin.books import Account, rfc2822
from twilio_standin.rest import BROKEN, TOO_MANY, Fault

from adapters.twilio import client
from adapters.twilio.client import (
    Answer,
    Login,
    RestClient,
    RestFailed,
    api_url,
    clients_of,
    rest_session,
)
from adapters.workspaces.credentials import Credentials

NOON: Final = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY: Final = date(2026, 3, 2)


class Books:
    """A stand-in with one account, and a client that waits no time and says how long it would."""

    def __init__(self, standin: Standin, account: Account, rest: RestClient) -> None:
        self.standin, self.account, self.rest = standin, account, rest
        self.waited: list[float] = []

    async def pause(self, seconds: float) -> None:
        """Take note instead of waiting."""
        self.waited.append(seconds)

    def add_calls(self, count: int) -> None:
        """Legs that started at noon."""
        for number in range(count):
            self.account.add_call(call_sid(number), NOON, start_time=rfc2822(NOON))


@asynccontextmanager
async def books(*logins: Login) -> AsyncIterator[Books]:
    """The books of an account, asked with these logins, or its API key."""
    clock = lambda: NOON + timedelta(hours=1)  # noqa: E731 - too small for a name of its own
    async with standing_in(clock) as standin, rest_session() as session:
        account = standin.open_account(1)
        found = Books(standin, account, None)  # type: ignore[arg-type] # set below
        found.rest = RestClient(
            session,
            standin.url,
            account.sid,
            logins or [Login(*account.api_key)],
            found.pause,
        )
        yield found


@asynchronous
async def test_a_day_is_read_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page leads to the next by a short text, from which another client can go on."""
    monkeypatch.setattr(client, "PAGE_SIZE", 2)
    async with books() as found:
        found.add_calls(5)
        found.account.add_call(call_sid(9), NOON, start_time=rfc2822(NOON + timedelta(days=1)))
        met, following = [], None
        while True:
            page = await found.rest.calls_on(DAY, following)
            met += [call["sid"] for call in page.items]
            following = page.following
            if following is None:
                break
            assert "/" not in following
        assert met == [call_sid(number) for number in range(5)]
        assert len(found.standin.asked) == 3


@asynchronous
async def test_every_event_of_a_leg_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over all their pages, with a bound: books without an end are left."""
    monkeypatch.setattr(client, "PAGE_SIZE", 1)
    monkeypatch.setattr(client, "MOST_PAGES", 3)
    async with books() as found:
        found.account.add_call(call_sid(1), NOON, status="completed", end_time=rfc2822(NOON))
        found.account.events[call_sid(1)] = [{"request": {"url": "1"}}, {"request": {"url": "2"}}]
        assert len(await found.rest.requests_of(call_sid(1))) == 2
        found.account.events[call_sid(1)] *= 5
        assert len(await found.rest.requests_of(call_sid(1))) == 3


@asynchronous
async def test_what_may_pass_is_tried_again() -> None:
    """429, 5xx, silence and half an answer; after as long as Twilio says, else a little longer."""
    async with books() as found:
        found.add_calls(1)
        for told in (
            Fault(429, 20429, "7"),
            Fault(503),
            Fault(is_cut=True),
            Fault(body=b"<html>"),
        ):
            found.standin.faults.append(told)
        page = await found.rest.calls_on(DAY)
        assert len(page.items) == 1
        assert found.waited == [7.0, 1.0, 2.0, 4.0]


@pytest.mark.parametrize(
    ("faults", "status", "waits"),
    [
        ([BROKEN] * 5, 503, 4),
        ([TOO_MANY] * 5, 429, 4),
        ([Fault(429, 20429, "3600")], 429, 0),
        ([Fault(is_cut=True)] * 5, 0, 4),
        ([Fault(400, 20001)], 400, 0),
        ([Fault(body=b'{"calls": "none"}')], 0, 0),
        ([Fault(302, 20500, location="/elsewhere")], 302, 0),
    ],
)
@asynchronous
async def test_what_does_not_pass_is_said(faults: list[Fault], status: int, waits: int) -> None:
    """With Twilio's status and code, and none of its words; a redirect is never followed."""
    async with books() as found:
        found.standin.faults.extend(faults)
        with pytest.raises(RestFailed) as failure:
            await found.rest.calls_on(DAY)
        assert failure.value.status == status
        assert not any("elsewhere" in path for path in found.standin.asked)
        assert len(found.waited) == waits
        assert failure.value.may_pass is (status in (0, 429, 503))
        assert "told to fail" not in repr(failure.value)
        assert failure.value.__context__ is None or "127.0.0.1" not in str(
            failure.value.__context__
        )


@asynchronous
async def test_an_answer_too_large_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """No more of an answer is read than a page can have."""
    monkeypatch.setattr(client, "MOST_BYTES", 1000)
    async with books() as found:
        found.standin.faults.append(Fault(body=json.dumps({"calls": ["x" * 2000]}).encode()))
        with pytest.raises(RestFailed):
            await found.rest.calls_on(DAY)
        assert found.waited == []


@asynchronous
async def test_a_login_that_is_refused_gives_way() -> None:
    """While keys rotate the next one is tried, and stays the first; none at all is a refusal."""
    stale, good = Login("SK0", "stale"), Login(f"AC{1:032x}", f"{1:032d}")
    async with books(stale, good) as found:
        for _ in range(2):
            await found.rest.calls_on(DAY)
        assert len(found.standin.asked) == 3
    async with books(stale) as found:
        with pytest.raises(RestFailed) as failure:
            await found.rest.calls_on(DAY)
        assert (failure.value.status, failure.value.code, found.waited) == (401, 20003, [])


@asynchronous
async def test_an_account_is_asked_where_it_is() -> None:
    """A client for each account; region and edge make the host together; without a key none."""
    credentials = Credentials(("AC1", "AC2"), ("old", "new"), {}, None, ("SK1 s",), "ie1 dublin")
    async with rest_session() as session:
        assert [one.account_sid for one in clients_of(session, credentials)] == ["AC1", "AC2"]
        assert clients_of(session, replace(credentials, api_keys=())) == []
    assert api_url(None) == "https://api.twilio.com"
    assert api_url("ie1 dublin") == "https://api.dublin.ie1.twilio.com"
    for wrong in ("ie1", "ie1 dublin.example.org", "ie1 dublin/", "ie1  x", ""):
        with pytest.raises(ValueError, match="two words"):
            api_url(wrong)


@asynchronous
async def test_lists_of_either_kind_are_read_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """The newer services say elsewhere what comes next, and none is where a region lacks one."""
    monkeypatch.setattr(client, "PAGE_SIZE", 2)
    async with books() as found:
        recording = f"RE{1:032x}"
        found.account.add_recording(recording, call_sid(1), NOON, b"RIFF")
        for number in range(5):
            found.account.add_transcription(f"TR{number:032x}", recording, NOON)
            found.account.add_transcript(f"GT{number:032x}", recording, NOON)
        found.account.add_transcript(f"GT{9:032x}", f"RE{9:032x}", NOON)
        for ask in (found.rest.transcriptions_of, found.rest.transcripts_of):
            found.standin.asked.clear()
            assert len({one["sid"] for one in await ask(recording)}) == 5
            assert len(found.standin.asked) == 3
        found.standin.faults.append(Fault(404, 20404))
        assert await found.rest.transcripts_of(recording) == []


@asynchronous
async def test_where_conversational_intelligence_is() -> None:
    """A service beside the API, in the same region; a stand-in is both."""
    async with rest_session() as session:
        for base, expected in (
            (api_url(None), "https://intelligence.twilio.com/v2/Transcripts"),
            (api_url("au1 sydney"), "https://intelligence.sydney.au1.twilio.com/v2/Transcripts"),
            ("http://127.0.0.1:9", "http://127.0.0.1:9/v2/Transcripts"),
        ):
            rest = RestClient(session, base, "AC1", [])
            assert rest.transcripts_url == expected


@asynchronous
async def test_a_deletion_is_asked_for_once_with_the_login_that_is_accepted() -> None:
    """What is not there is gone too; when to try again is not decided here."""
    stale, good = Login("SK0", "stale"), Login(f"AC{1:032x}", f"{1:032d}")
    async with books(stale, good) as found:
        found.account.add_message(f"SM{1:032x}", NOON)
        path = f"Messages/SM{1:032x}"
        assert await found.rest.delete(path) == Answer(204)
        assert await found.rest.delete(path) == Answer(404, 20404)
        assert len(found.standin.asked) == 4
        found.standin.faults.append(BROKEN)
        assert (await found.rest.delete(path)).status == 503
        assert found.waited == []
    async with books(stale) as found:
        assert (await found.rest.delete(path)).status == 401


def test_a_login_is_never_printed() -> None:
    """Neither name nor secret."""
    assert repr(Login("SK1", "secret")) == "Login()"
