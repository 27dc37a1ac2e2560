"""The stand-in answers as Twilio does: its shapes, its errors, its oddities, its callbacks.

Twilio's own samples say what a shape is, and Twilio's own library must be able to read it.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp
import pytest
from aiohttp import web
from cells import asynchronous
from twilio.http.http_client import TwilioHttpClient  # type: ignore[import-untyped] # it ships none
from twilio.http.response import Response  # type: ignore[import-untyped] # it ships none
from twilio.rest import Client  # type: ignore[import-untyped] # it ships none
from twilio_forms import SAMPLES, call_sid, leg_callbacks
from twilio_standin import Standin, standing_in
from twilio_standin.books import Account, rfc2822
from twilio_standin.rest import TOO_MANY, Fault
from twilio_standin.sending import Sender, Told

from adapters.twilio.signature import SignedRequest, SigningKeys, genuine

NOON: Final = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY: Final = timedelta(days=1)
_TWILIO: Final = re.compile(r"https://(api|intelligence)\.twilio\.com")


def sample(name: str) -> Any:  # noqa: ANN401 - JSON
    """A sample of Twilio's JSON."""
    return json.loads((SAMPLES / f"rest_{name}.json").read_text())


class Asker:
    """Asks the stand-in as an account."""

    def __init__(self, standin: Standin, account: Account, session: aiohttp.ClientSession) -> None:
        self.standin, self.account, self._session = standin, account, session
        self.login = (account.sid, account.auth_token)

    async def ask(
        self, path: str, query: dict[str, object] | None = None, method: str = "GET"
    ) -> tuple[int, Any]:
        """Status and JSON (or bytes) of an answer below the account's path."""
        url = f"{self.standin.url}/2010-04-01/Accounts/{self.account.sid}/{path}"
        asked = f"{url}?{urlencode(query)}" if query else url
        headers = {"Authorization": aiohttp.encode_basic_auth(*self.login)}
        async with self._session.request(method, asked, headers=headers) as answer:
            is_json = answer.content_type == "application/json"
            return answer.status, json.loads(
                await answer.text()
            ) if is_json else await answer.read()

    async def code(self, path: str, query: dict[str, object] | None = None) -> tuple[int, int]:
        """Status and Twilio's code of a refusal, which has Twilio's shape."""
        status, said = await self.ask(path, query)
        assert said.keys() == {"code", "message", "more_info", "status"}
        assert said["status"] == status
        return status, said["code"]


class Time:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        """What time it is."""
        return self.now


@asynccontextmanager
async def asking(time: Time | None = None) -> AsyncIterator[Asker]:
    """A stand-in with one account."""
    async with standing_in(time or Time()) as standin, aiohttp.ClientSession() as session:
        yield Asker(standin, standin.open_account(1), session)


@asynchronous
async def test_resources_have_twilios_fields() -> None:
    """A call, a recording and a list have every field of Twilio's own examples, and no other."""
    async with asking() as twilio:
        twilio.account.add_call(call_sid(1), NOON)
        twilio.account.add_recording(f"RE{1:032x}", call_sid(1), NOON, b"audio")
        _, call = await twilio.ask(f"Calls/{call_sid(1)}.json")
        expected = sample("call_fetch")
        assert call.keys() == expected.keys()
        assert call["subresource_uris"].keys() == expected["subresource_uris"].keys()
        _, recording = await twilio.ask(f"Recordings/RE{1:032x}.json")
        assert recording.keys() == sample("recording_fetch_encrypted").keys()
        _, page = await twilio.ask("Calls.json", {"PageSize": 2})
        assert page.keys() == sample("calls_list_page1").keys()
        _, events = await twilio.ask(f"Calls/{call_sid(1)}/Events.json")
        assert events.keys() == sample("call_events").keys()


@asynchronous
async def test_a_call_just_made_has_no_times_and_no_price() -> None:
    """Times, duration and price are null until they are known."""
    later = {"start_time", "end_time", "duration", "price"}
    async with asking() as twilio:
        call = twilio.account.add_call(call_sid(1), NOON)
        assert {name for name in later if call[name] is None} == later
        made = sample("call_created_queued")
        assert {name for name in later if made[name] is None} == later
        assert call["status"] == made["status"] == "queued"


@asynchronous
async def test_pages_are_whole_while_calls_come_in() -> None:
    """Whoever follows `next_page_uri` meets every call that was there once, the newest first."""
    async with asking() as twilio:
        for number in range(5):
            moment = NOON + timedelta(seconds=number)
            twilio.account.add_call(call_sid(number), moment, start_time=rfc2822(moment))
        met, query = [], {"StartTime": "2026-03-02", "PageSize": 2}
        path = f"Calls.json?{urlencode(query)}"
        while path:
            _, page = await twilio.ask(path)
            met += [call["sid"] for call in page["calls"]]
            twilio.account.add_call(call_sid(100 + len(met)), NOON + DAY, start_time=rfc2822(NOON))
            path = (page["next_page_uri"] or "").rpartition("/")[2]
        assert met == [call_sid(number) for number in (4, 3, 2, 1, 0)]


@asynchronous
async def test_days_are_whole_and_in_utc() -> None:
    """A date alone is that day; "on or after" with "before" the same day is nothing."""
    async with asking() as twilio:
        for number, moment in enumerate((NOON - DAY, NOON, NOON + DAY)):
            twilio.account.add_call(call_sid(number), moment, start_time=rfc2822(moment))
        twilio.account.add_call(call_sid(9), NOON)  # queued: it has no day yet

        async def found(**query: str) -> list[int]:
            asked = {name.replace("_gt", ">").replace("_lt", "<"): v for name, v in query.items()}
            _, page = await twilio.ask("Calls.json", {**asked})
            return sorted(int(call["sid"][-2:]) for call in page["calls"])

        assert await found() == [0, 1, 2, 9]
        assert await found(StartTime="2026-03-02") == [1]
        assert await found(StartTime_gt="2026-03-02") == [1, 2]
        assert await found(StartTime_lt="2026-03-02") == [0]
        assert await found(StartTime_gt="2026-03-02", StartTime_lt="2026-03-02") == []
        # The hour of a time is not looked at.
        assert await found(StartTime_gt="2026-03-02T23:00:00Z") == [1, 2]


@asynchronous
async def test_odd_dates_are_taken() -> None:
    """What Twilio's own example gives as a date is one."""
    uri = sample("calls_list_odd_dates")["uri"].rpartition("/")[2]
    async with asking() as twilio:
        status, page = await twilio.ask(uri)
        assert (status, page["calls"]) == (200, [])


@pytest.mark.parametrize(
    ("path", "query", "refusal"),
    [
        ("Calls.json", {"Since": "2026-03-02"}, (400, 20001)),
        ("Calls.json", {"StartTime": "yesterday"}, (400, 20001)),
        ("Calls.json", {"Status": "initiated"}, (400, 20001)),
        ("Calls.json", {"ParentCallSid": "CA1"}, (400, 20001)),
        ("Calls.json", {"PageSize": 1001}, (400, 20007)),
        ("Calls.json", {"PageToken": "PACA1"}, (400, 20001)),
        ("Recordings.json", {"StartTime": "2026-03-02"}, (400, 20001)),
        (f"Calls/{call_sid(7)}.json", {}, (404, 20404)),
        (f"Calls/{call_sid(7)}/Events.json", {}, (404, 20404)),
        (f"Recordings/RE{7:032x}.json", {}, (404, 20404)),
        ("Fax.json", {}, (404, 20404)),
    ],
)
@asynchronous
async def test_what_is_not_allowed_is_refused(
    path: str, query: dict[str, object], refusal: tuple[int, int]
) -> None:
    """A request that the OpenAPI description does not allow gets Twilio's error, in its shape."""
    async with asking() as twilio:
        assert await twilio.code(path, query) == refusal


@asynchronous
async def test_an_account_is_opened_by_its_own_keys() -> None:
    """By auth token or API key; by nothing else, and nobody else's."""
    async with asking() as twilio:
        twilio.login = twilio.account.api_key
        assert (await twilio.ask("Calls.json"))[0] == 200
        other = twilio.standin.open_account(2)
        for login in ((other.sid, other.auth_token), other.api_key, ("", "")):
            twilio.login = login
            assert await twilio.code("Calls.json") == (401, 20003)


@asynchronous
async def test_what_goes_on_cannot_be_deleted() -> None:
    """A live call, or one that Twilio is not done with, is 20009; a deleted one is gone."""
    async with asking() as twilio:
        twilio.account.add_call(call_sid(1), NOON, status="in-progress")
        path = f"Calls/{call_sid(1)}.json"
        assert (await twilio.ask(path, method="DELETE"))[1]["code"] == 20009
        twilio.account.calls[call_sid(1)]["status"] = "completed"
        twilio.account.unfinished.add(call_sid(1))
        assert (await twilio.ask(path, method="DELETE"))[1]["code"] == 20009
        twilio.account.unfinished.clear()
        assert (await twilio.ask(path, method="DELETE"))[0] == 204
        assert await twilio.code(path) == (404, 20404)


@asynchronous
async def test_a_deleted_recording_leaves_its_metadata_for_40_days() -> None:
    """Its audio is gone at once; its metadata is shown to who asks for what was deleted."""
    time, path = Time(), f"Recordings/RE{1:032x}"
    async with asking(time) as twilio:
        recording = twilio.account.add_recording(
            f"RE{1:032x}", call_sid(1), NOON, b"audio", status="processing"
        )
        assert (await twilio.ask(f"{path}.json", method="DELETE"))[1]["code"] == 20009
        recording.resource["status"] = "completed"
        assert await twilio.ask(f"{path}.mp3") == (200, b"audio")
        assert (await twilio.ask(f"{path}.json", method="DELETE"))[0] == 204
        assert await twilio.code(f"{path}.wav") == (404, 20404)
        assert await twilio.code(f"{path}.json") == (404, 20404)
        deleted_too: dict[str, object] = {"IncludeSoftDeleted": "true"}
        _, seen = await twilio.ask(f"{path}.json", deleted_too)
        assert seen.keys() == sample("recording_soft_deleted").keys()
        assert seen["status"] == "deleted"
        time.now = NOON + timedelta(days=40)
        assert await twilio.code(f"{path}.json", deleted_too) == (404, 20404)


@asynchronous
async def test_media_may_lag_and_has_the_channels_it_has() -> None:
    """No audio before it is ready; a second channel of a mono recording is refused."""
    time, path = Time(), f"Recordings/RE{1:032x}"
    async with asking(time) as twilio:
        recording = twilio.account.add_recording(f"RE{1:032x}", call_sid(1), NOON, b"audio")
        recording.media_from = NOON + timedelta(seconds=5)
        assert (await twilio.ask(path))[0] == 404
        time.now += timedelta(seconds=5)
        assert await twilio.ask(path) == (200, b"audio")
        assert (await twilio.ask(path, {"RequestedChannels": 2}))[0] == 400


@asynchronous
async def test_faults_come_as_told() -> None:
    """Each fault is done to one request; after them all is well again."""
    async with asking() as twilio:
        faults = (TOO_MANY, Fault(500), Fault(is_cut=True), Fault(body=b"<html>"))
        twilio.standin.faults.extend(faults)
        assert await twilio.code("Calls.json") == (429, 20429)
        assert (await twilio.ask("Calls.json"))[0] == 500
        with pytest.raises(aiohttp.ClientPayloadError):
            await twilio.ask("Calls.json")
        with pytest.raises(json.JSONDecodeError):
            await twilio.ask("Calls.json")
        assert (await twilio.ask("Calls.json"))[0] == 200


class _Elsewhere(TwilioHttpClient):  # type: ignore[misc] # the library ships no types
    """Sends the library's requests to the stand-in."""

    def __init__(self, url: str) -> None:
        super().__init__(timeout=5)
        self._base = url

    def request(self, method: str, url: str, *args: Any, **options: Any) -> Response:  # noqa: ANN401 - as its base
        here = _TWILIO.sub(self._base, url)
        return super().request(method, here, *args, **options)


@asynchronous
async def test_twilios_library_reads_it() -> None:
    """Twilio's own client finds, pages, reads and deletes what the stand-in serves."""
    async with asking() as twilio:
        for number in range(3):
            twilio.account.add_call(
                call_sid(number),
                NOON,
                status="completed",
                start_time=rfc2822(NOON),
                end_time=rfc2822(NOON + timedelta(seconds=61)),
                duration="61",
                price="-0.0170",
            )

        def read() -> list[Any]:
            login = (twilio.account.sid, twilio.account.auth_token)
            http = _Elsewhere(twilio.standin.url)
            with closing(http.session):  # the library leaves it open
                client = Client(*login, http_client=http)
                found: list[Any] = client.calls.list(start_time=date(2026, 3, 2), page_size=2)
                client.calls(call_sid(0)).delete()
                return found

        calls = await asyncio.to_thread(read)
        assert [call.sid for call in calls] == [call_sid(number) for number in range(3)]
        assert calls[0].start_time == NOON
        assert (calls[0].duration, calls[0].price, calls[0].price_unit) == ("61", "-0.0170", "USD")
        assert list(twilio.account.calls) == [call_sid(1), call_sid(2)]


@asynchronous
async def test_twilios_library_reads_a_transcript() -> None:
    """Its sentences page by page, as the newer parts of the API have pages."""
    sid = "GT" + "1" * 32
    async with asking() as twilio:
        said = [(1, "Hello?"), (2, "Hello."), (1, "Goodbye.")]
        twilio.account.add_transcript(sid, "RE" + "1" * 32, NOON, *said)

        def read() -> list[Any]:
            http = _Elsewhere(twilio.standin.url)
            with closing(http.session):
                client = Client(*twilio.account.api_key, http_client=http)
                transcript = client.intelligence.v2.transcripts(sid)
                assert transcript.fetch().channel["media_properties"]["source_sid"][:2] == "RE"
                found: list[Any] = transcript.sentences.list(page_size=2)
                return found

        sentences = await asyncio.to_thread(read)
        assert [(one.media_channel, one.transcript) for one in sentences] == said
        assert [str(one.confidence) for one in sentences] == ["0.91"] * 3


class _Application:
    """What Twilio calls: it notes each request and answers as told."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.heard: list[web.BaseRequest] = []
        self.bodies: list[bytes] = []

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        self.bodies.append(await request.read())
        self.heard.append(request)
        return web.Response(status=self.statuses.pop(0) if self.statuses else 204)


@asynccontextmanager
async def _listening(application: _Application) -> AsyncIterator[str]:
    runner = web.ServerRunner(web.Server(application, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


LEG: Final = [Told("voice/status", form) for form in leg_callbacks(call_sid(1))]


@asynchronous
async def test_callbacks_are_signed_and_stand_in_the_calls_events() -> None:
    """Each is genuine; also one that nobody heard is found in the events, 15 minutes later."""
    time, application = Time(), _Application()
    async with asking(time) as twilio, _listening(application) as url:
        twilio.account.add_call(call_sid(1), NOON, status="completed", end_time=rfc2822(NOON))
        async with aiohttp.ClientSession() as session:
            sender = Sender(twilio.account, session, url)
            answers = await sender.play(LEG, lost={1}, order=[3, 2, 2, 1, 0])
        assert answers == [204] * 4
        keys = SigningKeys((twilio.account.auth_token.encode(),))
        for request, told in zip(application.heard, (LEG[3], LEG[2], LEG[2], LEG[0]), strict=True):
            signature = request.headers["X-Twilio-Signature"]
            signed = SignedRequest((f"{url}/voice/status",), signature, params=told.form)
            assert genuine(signed, keys)
        events = f"Calls/{call_sid(1)}/Events.json"
        assert (await twilio.ask(events))[1]["events"] == []
        time.now += timedelta(minutes=15)
        found = (await twilio.ask(events))[1]["events"]
        statuses = sorted(event["request"]["parameters"]["call_status"] for event in found)
        assert statuses == ["completed", "in-progress", "in-progress", "initiated", "ringing"]
        assert [event["response"] is None for event in found].count(True) == 1


@pytest.mark.parametrize(
    ("overrides", "statuses", "tries"),
    [
        ("", [503], 1),  # By default Twilio does not repeat what was answered, however badly.
        ("#rc=3&rp=all", [503, 503, 204], 3),
        ("#rc=3&rp=all", [503] * 9, 4),
        ("#rc=3&rp=5xx", [404], 1),
    ],
)
@asynchronous
async def test_callbacks_are_repeated_as_the_url_asks(
    overrides: str, statuses: list[int], tries: int
) -> None:
    """A retry is the same request with the same token; without overrides there is none."""
    application = _Application(*statuses)
    async with asking() as twilio, _listening(application) as url:
        async with aiohttp.ClientSession() as session:
            await Sender(twilio.account, session, url, overrides).send(LEG[0])
        assert len(application.heard) == tries
        assert len(set(application.bodies)) == 1
        tokens = {request.headers["I-Twilio-Idempotency-Token"] for request in application.heard}
        assert len(tokens) == 1
