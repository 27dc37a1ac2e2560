"""The REST API: basic auth, validation, paging, media, deletion, and faults on demand."""

import asyncio
from base64 import b64decode
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web

from twilio_standin.books import ENDED, EVENTS_AFTER, VERSION, Account, Recording, Resource
from twilio_standin.requests import Refusal, day_of, not_found, validate

Handler = Callable[[web.Request, Account], web.StreamResponse | Awaitable[web.StreamResponse]]
DEFAULT_PAGE: Final = 50
UNDER_WAY: Final = frozenset({"accepted", "scheduled", "queued", "sending", "receiving"})
MEDIA_TYPES: Final = {"": "audio/x-wav", ".wav": "audio/x-wav", ".mp3": "audio/mpeg"}


@dataclass(frozen=True)
class Fault:
    """What is done to one request instead of answering it well."""

    status: int | None = None
    """Refuse it with this; ``None`` answers as usual, after the delay."""

    code: int = 20500
    retry_after: str | None = None
    location: str | None = None
    """Where to go instead."""

    delay_seconds: float = 0.0
    is_cut: bool = False
    """Hang up in the middle of the answer."""

    is_lost: bool = False
    """Do what is asked, and hang up before the answer."""

    body: bytes | None = None
    """Answer with this instead."""


TOO_MANY: Final = Fault(429, 20429, "0")
BROKEN: Final = Fault(503, 20503)


class Rest:
    """Answers requests out of the accounts' books."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.accounts: dict[str, Account] = {}
        self.faults: list[Fault] = []
        self.asked: list[str] = []
        self._clock = clock

    def app(self) -> web.Application:
        """The application that serves all of it."""
        app = web.Application(middlewares=[self._guard])
        root = f"/{VERSION}/Accounts/{{account}}"
        for method, path, handler in (
            ("GET", "/Calls.json", self._calls),
            ("GET", "/Calls/{sid}/Events.json", self._events),
            ("GET", "/Calls/{sid}.json", self._call),
            ("DELETE", "/Calls/{sid}.json", self._delete_call),
            ("POST", "/Calls/{sid}.json", self._lead_call),
            ("GET", "/Recordings.json", self._recordings),
            ("GET", "/Recordings/{sid}.json", self._recording),
            ("DELETE", "/Recordings/{sid}.json", self._delete_recording),
            ("GET", "/Recordings/{sid}/Transcriptions.json", self._transcriptions),
            ("DELETE", "/Transcriptions/{sid}.json", self._delete_transcription),
            ("DELETE", "/Messages/{sid}.json", self._delete_message),
            ("POST", "/Calls/{call}/Recordings.json", self._start_recording),
            ("POST", "/Calls/{call}/Recordings/{sid}.json", self._control_recording),
            ("GET", r"/Recordings/{sid:RE[0-9a-fA-F]{32}}{kind:(\.wav|\.mp3)?}", self._media),
        ):
            app.router.add_route(method, root + path, self._authorized(handler))
        for method, path, handler in (
            ("GET", "/v2/Transcripts", self._transcripts),
            ("GET", "/v2/Transcripts/{sid}", self._transcript),
            ("GET", "/v2/Transcripts/{sid}/Sentences", self._sentences),
            ("DELETE", "/v2/Transcripts/{sid}", self._delete_transcript),
        ):
            app.router.add_route(method, path, self._authorized(handler))
        return app

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        self.asked.append(f"{request.method} {request.path_qs}")
        fault = self.faults.pop(0) if self.faults else Fault()
        await asyncio.sleep(fault.delay_seconds)
        if fault.is_cut:
            return await _cut(request)
        if fault.body is not None:
            return web.Response(body=fault.body, content_type="application/json")
        if fault.status is not None:
            told = Refusal(fault.status, fault.code, "told to fail")
            return _problem(told, fault)
        try:
            answer = await handler(request)
            return await _cut(request) if fault.is_lost else answer
        except Refusal as refusal:
            return _problem(refusal)
        except web.HTTPNotFound:
            return _problem(not_found(request.path))

    def _authorized(self, handler: Handler) -> Callable[[web.Request], Awaitable[Any]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            account, login = self._account(request), _login(request)
            if account is None or not account.admits(*login):
                raise Refusal(401, 20003, "Authenticate")
            answer = handler(request, account)
            return await answer if isinstance(answer, Awaitable) else answer

        return handle

    def _account(self, request: web.Request) -> Account | None:
        """The account that a path names, or else the one of the login."""
        if sid := request.match_info.get("account"):
            return self.accounts.get(sid)
        login = _login(request)
        return next((one for one in self.accounts.values() if one.admits(*login)), None)

    def _transcript(self, request: web.Request, account: Account) -> web.StreamResponse:
        validate("Transcript", request.query)
        return web.json_response(_found(account.transcripts, request))

    def _sentences(self, request: web.Request, account: Account) -> web.StreamResponse:
        validate("Sentences", request.query)
        _found(account.transcripts, request)
        return _newer_page(request, "sentences", account.sentences[request.match_info["sid"]])

    def _calls(self, request: web.Request, account: Account) -> web.StreamResponse:
        validate("Calls", request.query)
        found = [
            call
            for call in account.calls.values()
            if _is_asked(call, request, "parent_call_sid", "ParentCallSid")
            and all(_is_asked(call, request, name) for name in ("to", "from", "status"))
            and _is_on(call, request, "start_time", "StartTime")
            and _is_on(call, request, "end_time", "EndTime")
        ]
        return _page(request, "calls", sorted(found, key=_newest))

    def _call(self, request: web.Request, account: Account) -> web.StreamResponse:
        validate("Call", request.query)
        return web.json_response(_found(account.calls, request))

    def _events(self, request: web.Request, account: Account) -> web.StreamResponse:
        """Every request to the application, from 15 minutes after the call's end on."""
        validate("Events", request.query)
        call = _found(account.calls, request)
        ended = call["end_time"] or call["date_updated"]
        is_there = call["status"] in ENDED and (
            self._clock() >= parsedate_to_datetime(ended) + EVENTS_AFTER
        )
        return _page(request, "events", account.events.get(call["sid"], []) if is_there else [])

    def _delete_call(self, request: web.Request, account: Account) -> web.StreamResponse:
        validate("Deletion", request.query)
        call = _found(account.calls, request)
        _refuse_unfinished(call, is_unfinished=call["sid"] in account.unfinished)
        del account.calls[call["sid"]]
        return web.Response(status=204)

    def _recordings(self, request: web.Request, account: Account) -> web.StreamResponse:
        validate("Recordings", request.query)
        seen = (self._seen(one, request) for one in account.recordings.values())
        found = [
            one
            for one in seen
            if one is not None
            and _is_asked(one, request, "call_sid", "CallSid")
            and _is_asked(one, request, "conference_sid", "ConferenceSid")
            and _is_on(one, request, "date_created", "DateCreated")
        ]
        return _page(request, "recordings", sorted(found, key=_newest))

    def _recording(self, request: web.Request, account: Account) -> web.StreamResponse:
        validate("Recording", request.query)
        seen = self._seen(_found(account.recordings, request), request)
        if seen is None:
            raise not_found(request.path)
        return web.json_response(seen)

    def _delete_recording(self, request: web.Request, account: Account) -> web.StreamResponse:
        """Gone at once for who asks as usual; its metadata can be asked for, for 40 days."""
        validate("Deletion", request.query)
        recording = _found(account.recordings, request)
        if recording.deleted_at is not None:
            raise not_found(request.path)
        _refuse_unfinished(recording.resource)
        recording.deleted_at = self._clock()
        return web.Response(status=204)

    def _transcriptions(self, request: web.Request, account: Account) -> web.StreamResponse:
        validate("Transcriptions", request.query)
        wanted = request.match_info["sid"]
        found = [t for t in account.transcriptions.values() if t["recording_sid"] == wanted]
        return _page(request, "transcriptions", found)

    def _delete_transcription(self, request: web.Request, account: Account) -> web.StreamResponse:
        validate("Deletion", request.query)
        del account.transcriptions[_found(account.transcriptions, request)["sid"]]
        return web.Response(status=204)

    def _transcripts(self, request: web.Request, account: Account) -> web.StreamResponse:
        """A service of the newer kind: its pages have what is about them in ``meta``."""
        validate("Transcripts", request.query)
        wanted = request.query.get("SourceSid")
        found = [
            one
            for one in account.transcripts.values()
            if wanted in (None, one["channel"]["media_properties"]["source_sid"])
        ]
        return _newer_page(request, "transcripts", found)

    def _delete_transcript(self, request: web.Request, account: Account) -> web.StreamResponse:
        validate("Deletion", request.query)
        del account.transcripts[_found(account.transcripts, request)["sid"]]
        return web.Response(status=204)

    def _delete_message(self, request: web.Request, account: Account) -> web.StreamResponse:
        """With its media; one that is under way cannot be deleted."""
        validate("Deletion", request.query)
        message = _found(account.messages, request)
        if message["status"] in UNDER_WAY:
            raise Refusal(409, 20009, "Cannot delete this resource before it is complete")
        del account.messages[message["sid"]]
        return web.Response(status=204)

    async def _lead_call(self, request: web.Request, account: Account) -> web.StreamResponse:
        """Only a call that goes on (error 21220)."""
        said = await _form(request, "Lead")
        call = _found(account.calls, request)
        if call["status"] != "in-progress":
            raise Refusal(400, 21220, "Call is not in-progress. Cannot redirect.")
        account.led[call["sid"]] = said["Url"]
        return web.json_response(call)

    async def _start_recording(self, request: web.Request, account: Account) -> web.StreamResponse:
        """Only of a call that two people talk in (error 21220)."""
        said = await _form(request, "Start")
        call = account.calls.get(request.match_info["call"])
        if call is None:
            raise not_found(request.path)
        if call["status"] != "in-progress":
            raise Refusal(400, 21220, "Requested resource is not eligible for recording")
        number = len(account.recordings) + 1
        recording = account.add_recording(
            f"RE{number:032x}",
            call["sid"],
            self._clock(),
            b"",
            status="in-progress",
            duration="-1",
            channels=2 if said.get("RecordingChannels") == "dual" else 1,
        )
        account.callbacks[recording.resource["sid"]] = said.get("RecordingStatusCallback", "")
        return web.json_response(recording.resource, status=201)

    async def _control_recording(
        self, request: web.Request, account: Account
    ) -> web.StreamResponse:
        """Stop what is under way; ``Twilio.CURRENT`` is whatever that is, if it is one."""
        said = await _form(request, "Control")
        if "Status" not in said:
            raise Refusal(400, 20001, "Missing required parameter Status")
        call, sid = request.match_info["call"], request.match_info["sid"]
        running = [
            one
            for one in account.recordings.values()
            if one.resource["call_sid"] == call and one.resource["status"] == "in-progress"
        ]
        found = (
            running
            if sid == "Twilio.CURRENT"
            else [one for one in running if one.resource["sid"] == sid]
        )
        if not found:
            raise not_found(request.path)
        if len(found) > 1:
            raise Refusal(400, 21220, "Several recordings are under way")
        # Its audio is worked on: only then is it complete, and can be deleted.
        found[0].resource["status"] = (
            "processing" if said["Status"] == "stopped" else said["Status"]
        )
        return web.json_response(found[0].resource)

    def _media(self, request: web.Request, account: Account) -> web.StreamResponse:
        validate("Media", request.query)
        recording = _found(account.recordings, request)
        lags = recording.media_from is not None and self._clock() < recording.media_from
        if recording.deleted_at is not None or lags:
            raise not_found(request.path)
        if request.query.get("RequestedChannels") == "2" and recording.resource["channels"] == 1:
            raise Refusal(400, 20001, "Invalid value of RequestedChannels")
        kind = MEDIA_TYPES[request.match_info["kind"]]
        return web.Response(body=recording.media, content_type=kind)

    def _seen(self, recording: Recording, request: web.Request) -> Resource | None:
        deleted_too = request.query.get("IncludeSoftDeleted") == "true"
        return recording.seen(self._clock(), deleted_too=deleted_too)


def _problem(refusal: Refusal, fault: Fault | None = None) -> web.Response:
    given = {"Retry-After": fault.retry_after, "Location": fault.location} if fault else {}
    headers = {name: text for name, text in given.items() if text is not None}
    if refusal.status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
    said = {
        "code": refusal.code,
        "message": refusal.message,
        "more_info": f"https://www.twilio.com/docs/errors/{refusal.code}",
        "status": refusal.status,
    }
    return web.json_response(said, status=refusal.status, headers=headers)


async def _form(request: web.Request, operation: str) -> dict[str, str]:
    """A valid form."""
    said = {name: str(value) for name, value in (await request.post()).items()}
    validate(operation, said)
    return said


async def _cut(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"calls": [')
    if request.transport is not None:
        request.transport.abort()
    return response


def _login(request: web.Request) -> tuple[str, str]:
    scheme, _, coded = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Basic":
        return "", ""
    name, _, secret = b64decode(coded).decode().partition(":")
    return name, secret


def _found(kept: dict[str, Any], request: web.Request) -> Any:  # noqa: ANN401 - either kind
    try:
        return kept[request.match_info["sid"]]
    except KeyError:
        raise not_found(request.path) from None


def _refuse_unfinished(resource: Resource, *, is_unfinished: bool = False) -> None:
    if is_unfinished or resource["status"] not in ENDED:
        raise Refusal(409, 20009, "Cannot delete this resource before it is complete")


def _is_asked(resource: Resource, request: web.Request, name: str, asked: str = "") -> bool:
    wanted = request.query.get(asked or name.capitalize())
    return wanted is None or resource[name] == wanted


def _is_on(resource: Resource, request: web.Request, name: str, asked: str) -> bool:
    """By whole UTC days: on it, before it, on or after it. What has no time is on no day."""
    wanted = {sign: request.query.get(asked + sign) for sign in ("", "<", ">")}
    if not any(wanted.values()):
        return True
    day = day_of(resource[name]) if resource[name] else None
    on, before, since = (day_of(text) if text else None for text in wanted.values())
    return day is not None and (
        (on is None or day == on)
        and (before is None or day < before)
        and (since is None or day >= since)
    )


def _newest(resource: Resource) -> float:
    return -parsedate_to_datetime(resource["date_created"]).timestamp()


def _page(request: web.Request, name: str, everything: Sequence[Resource]) -> web.Response:
    """One page of a list: its token names the last of it, so that newer ones shift nothing."""
    size, number = (
        int(request.query.get("PageSize", DEFAULT_PAGE)),
        int(request.query.get("Page", 0)),
    )
    first = _after(everything, request.query.get("PageToken"))
    shown = everything[first : first + size]
    following = None
    if first + size < len(everything):
        last = shown[-1].get("sid", str(first + size - 1))
        following = _uri(request, size, Page=number + 1, PageToken=f"PA{last}")
    said = {
        name: shown,
        "page": number,
        "page_size": size,
        "start": number * size,
        "end": max(number * size + len(shown) - 1, 0),
        "uri": request.path_qs,
        "first_page_uri": _uri(request, size, Page=0),
        "next_page_uri": following,
        "previous_page_uri": _uri(request, size, Page=number - 1) if number else None,
    }
    return web.json_response(said)


def _newer_page(request: web.Request, name: str, everything: Sequence[Resource]) -> web.Response:
    size = int(request.query.get("PageSize", DEFAULT_PAGE))
    first = _after(everything, request.query.get("PageToken"))
    shown = everything[first : first + size]
    number = int(request.query.get("Page", 0))
    following = None
    if first + size < len(everything):
        following = _uri(request, size, Page=number + 1, PageToken=f"PA{shown[-1]['sid']}")
    meta = {
        "page": number,
        "page_size": size,
        "key": name,
        "first_page_url": _uri(request, size, Page=0),
        "previous_page_url": None,
        "next_page_url": following and f"https://intelligence.twilio.com{following}",
        "url": request.path_qs,
    }
    return web.json_response({name: shown, "meta": meta})


def _after(everything: Sequence[Resource], token: str | None) -> int:
    if token is None:
        return 0
    sids = [one.get("sid", str(number)) for number, one in enumerate(everything)]
    try:
        return sids.index(token.removeprefix("PA")) + 1
    except ValueError:
        raise Refusal(400, 20001, "Invalid value of PageToken") from None


def _uri(request: web.Request, size: int, **paging: object) -> str:
    asked = {k: v for k, v in request.query.items() if not k.startswith("Page")}
    return f"{request.path}?{urlencode({**asked, 'PageSize': size, **paging})}"
