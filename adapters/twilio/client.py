"""Our side of Twilio's REST API: what an account's books hold, read page by page.

Not through Twilio's own client: its asynchronous one ignores its timeout and then has none, it
sends a failed POST again, builds a host that is gone for a region without an edge, and logs whom
calls were made to. Three documented paths need less than working around that.

Nothing here quotes what Twilio said: its messages may name a number.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import orjson

from adapters.workspaces.credentials import REGION, Credentials

API: Final = "2010-04-01"
PAGE_SIZE: Final = 500
MOST_PAGES: Final = 20
"""Of one call's events: more than that is no call of ours."""

MOST_BYTES: Final = 16 * 1024 * 1024
"""Of one answer; a page of calls has some 3 kB for each."""

BACKOFF_SECONDS: Final = (0.5, 1.0, 2.0, 4.0)
"""Before each further attempt, where Twilio does not say how long. Without jitter: an account's
requests come one by one, so there is no herd."""

LONGEST_PAUSE_SECONDS: Final = 30.0
"""Who is told to wait longer gives up; the next run begins where this one stopped."""

TIMEOUT: Final = aiohttp.ClientTimeout(total=30, sock_connect=5)

Resource = Mapping[str, Any]
Query = Mapping[str, str | int]
Pause = Callable[[float], Awaitable[object]]

_PAGING: Final = ("Page", "PageToken")
_REFUSED: Final = frozenset({401, 403})
_UNAUTHORIZED: Final = 401
_DELETED, _NOT_FOUND = 204, 404
_MOST_SAID: Final = 64 * 1024
_TOO_MANY: Final = 429
_BROKEN: Final = 500


class RestFailed(Exception):  # noqa: N818 - it says what is the case
    """Twilio did not answer, or not as promised. Its own words are left out."""

    def __init__(self, status: int, code: int | None = None) -> None:
        super().__init__(f"Twilio answered {status}, code {code}" if status else "no answer")
        self.status = status
        """0 where there was no answer that could be read."""

        self.code = code

    @property
    def may_pass(self) -> bool:
        """Whether the same request can succeed later."""
        return self.status in (0, _TOO_MANY) or self.status >= _BROKEN


class Login(NamedTuple):
    """An API key's id and secret, or an account's id and its auth token."""

    name: str
    secret: str

    def __repr__(self) -> str:
        """Print nothing of it."""
        return "Login()"


class Answer(NamedTuple):
    """What Twilio said to a request: the status of HTTP, and its own code where it has one."""

    status: int
    """0 where it did not answer."""

    code: int | None = None

    @property
    def is_gone(self) -> bool:
        """Whether what was to be deleted is: by this request, or before it."""
        return self.status in (_DELETED, _NOT_FOUND)


class Page(NamedTuple):
    """A part of a list, and what to ask for the next one."""

    items: Sequence[Resource]
    following: str | None
    """Opaque, and short enough to be kept; ``None`` on the last page."""


class RestClient:
    """Reads one account's books.

    One request at a time: an account is limited by how many it has under way, so that who waits
    for an answer before asking again needs no other limit.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        base_url: str,
        account_sid: str,
        logins: Sequence[Login],
        pause: Pause = asyncio.sleep,
    ) -> None:
        self.account_sid = account_sid
        self._session = session
        self._root = f"{base_url}/{API}/Accounts/{account_sid}"
        self.transcripts_url = (
            f"{base_url.replace('://api.', '://intelligence.', 1)}/v2/Transcripts"
        )
        self._logins = list(logins)
        self._pause = pause

    async def calls_on(self, day: date, following: str | None = None) -> Page:
        """The legs that started on a UTC day, the newest first.

        By that one date and no range: whether Twilio looks at the hour of a time is disputed,
        and "on or after" with "before" the same day is nothing.

        Raises:
            RestFailed: It was refused, or failed again and again.
        """
        asked = {"StartTime": day.isoformat()}
        return await self._page(f"{self._root}/Calls.json", "calls", following, asked)

    async def recordings_on(self, day: date, following: str | None = None) -> Page:
        """The recordings that were made on a UTC day. Raises ``RestFailed`` as above."""
        asked = {"DateCreated": day.isoformat()}
        return await self._page(f"{self._root}/Recordings.json", "recordings", following, asked)

    async def requests_of(self, call_sid: str) -> list[Resource]:
        """Every request that Twilio made of us for a leg; nothing until 15 minutes after its end.

        Raises:
            RestFailed: As above.
        """
        return await self._all(f"{self._root}/Calls/{call_sid}/Events.json", "events")

    async def call(self, call_sid: str) -> Resource | None:
        """A leg; ``None`` where the account has none of that id, or none any more.

        Raises:
            RestFailed: As above.
        """
        try:
            return await self._get(f"{self._root}/Calls/{call_sid}.json")
        except RestFailed as failure:
            if failure.status == _NOT_FOUND:
                return None
            raise

    async def dialed_by(self, call_sid: str) -> list[Resource]:
        """The legs that a leg dialled. Raises ``RestFailed`` as above."""
        return await self._all(f"{self._root}/Calls.json", "calls", {"ParentCallSid": call_sid})

    async def recordings_of(self, call_sid: str) -> list[Resource]:
        """The recordings that were made on a leg. Raises ``RestFailed`` as above."""
        asked = {"CallSid": call_sid}
        return await self._all(f"{self._root}/Recordings.json", "recordings", asked)

    async def recordings_of_conference(self, conference_sid: str) -> list[Resource]:
        """The recordings that were made of it, of no leg. Raises ``RestFailed`` as above."""
        asked = {"ConferenceSid": conference_sid}
        return await self._all(f"{self._root}/Recordings.json", "recordings", asked)

    async def transcriptions_of(self, recording_sid: str) -> list[Resource]:
        """The texts that were asked for with a recording. Raises ``RestFailed`` as above."""
        url = f"{self._root}/Recordings/{recording_sid}/Transcriptions.json"
        return await self._all(url, "transcriptions")

    async def transcripts_of(self, recording_sid: str) -> list[Resource]:
        """Conversational Intelligence's texts of a recording; none where a region lacks it.

        Raises:
            RestFailed: As above.
        """
        try:
            return await self._all(
                self.transcripts_url, "transcripts", {"SourceSid": recording_sid}
            )
        except RestFailed as failure:
            if failure.status == _NOT_FOUND:
                return []
            raise

    async def transcript(self, sid: str) -> Resource:
        """A text of Conversational Intelligence, without a word of it.

        Raises:
            RestFailed: As above, or it is not there (404).
        """
        return await self._get(f"{self.transcripts_url}/{sid}")

    async def sentences_of(self, sid: str) -> list[Resource]:
        """What such a text says, sentence by sentence. Raises ``RestFailed`` as above."""
        return await self._all(f"{self.transcripts_url}/{sid}/Sentences", "sentences")

    async def delete(self, path: str) -> Answer:
        """Delete what the account has there. Twice is as good as once.

        One try, with the first login that is accepted: when to try again is for the caller to say.
        """
        return await delete_at(self._session, f"{self._root}/{path}.json", self._logins)

    async def delete_transcript(self, sid: str) -> Answer:
        """The same of a text of Conversational Intelligence."""
        return await delete_at(self._session, f"{self.transcripts_url}/{sid}", self._logins)

    async def _all(self, url: str, name: str, query: Query | None = None) -> list[Resource]:
        """A whole list, as far as it is likely."""
        found: list[Resource] = []
        page = Page((), "")
        for _ in range(MOST_PAGES):
            page = await self._page(url, name, page.following, query)
            found += page.items
            if page.following is None:
                break
        return found

    async def _page(
        self, url: str, name: str, following: str | None, query: Query | None = None
    ) -> Page:
        asked = urlencode({**(query or {}), "PageSize": PAGE_SIZE})
        said = await self._get(f"{url}?{asked}" + (f"&{following}" if following else ""))
        items = said.get(name)
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise RestFailed(0)
        # The newer services have it in ``meta``, and call it a URL.
        meta = said.get("meta")
        newer = meta.get("next_page_url") if isinstance(meta, dict) else None
        return Page(items, _following(said.get("next_page_uri") or newer))

    async def _get(self, url: str) -> dict[str, Any]:
        """The answer; what may pass is tried again, a login that is refused gives way to the next.

        Twilio never began to work on what it answers 429, and a GET can always be repeated.
        """
        backoffs = iter(BACKOFF_SECONDS)
        while True:
            try:
                return await self._admitted(url)
            except _Later as later:
                backoff = next(backoffs, None)
                wait = backoff if later.after is None else later.after
                if backoff is None or wait is None or wait > LONGEST_PAUSE_SECONDS:
                    raise later.failure from None
            await self._pause(wait)

    async def _admitted(self, url: str) -> dict[str, Any]:
        failure = RestFailed(401)
        for login in tuple(self._logins):
            try:
                return await self._once(url, login)
            except RestFailed as error:
                if error.status not in _REFUSED:
                    raise
                failure = error
                # It is the last one that is asked from now on: one of several is being retired.
                self._logins.append(self._logins.pop(self._logins.index(login)))
        raise failure

    async def _once(self, url: str, login: Login) -> dict[str, Any]:
        headers = {"Authorization": aiohttp.encode_basic_auth(*login)}
        try:
            async with self._session.get(url, headers=headers, allow_redirects=False) as answer:
                body = await _bounded(answer)
                return _said(answer, body)
        except (aiohttp.ClientError, TimeoutError):
            # Raised anew and apart: the library's text holds the URL.
            failure = _Later(RestFailed(0))
        raise failure


async def delete_at(session: aiohttp.ClientSession, url: str, logins: Iterable[Login]) -> Answer:
    """Delete what is there, with the first of the logins that is accepted."""
    answer = Answer(_UNAUTHORIZED)
    for login in tuple(logins):
        headers = {"Authorization": aiohttp.encode_basic_auth(*login)}
        try:
            async with session.delete(url, headers=headers, allow_redirects=False) as said:
                answer = Answer(said.status, _code(await said.content.read(_MOST_SAID)))
        except (aiohttp.ClientError, TimeoutError):
            return Answer(0)
        if answer.status not in _REFUSED:
            break
    return answer


def clients_of(
    session: aiohttp.ClientSession, credentials: Credentials, standin: str | None = None
) -> list[RestClient]:
    """A client for each account of a workspace; none where no API key was given.

    The auth token would open the books as well. It is there to check signatures, and stays here.

    Args:
        session: What it connects with.
        credentials: Of the keys the newest is tried first.
        standin: Where to ask instead of Twilio.
    """
    pairs = [key.partition(" ")[::2] for key in reversed(credentials.api_keys)]
    logins = [Login(name, secret) for name, secret in pairs]
    base_url = standin or api_url(credentials.region)
    accounts = credentials.account_sids if logins else ()
    return [RestClient(session, base_url, sid, logins) for sid in accounts]


def api_url(region: str | None) -> str:
    """Where an account's REST API is: both region and edge, or neither.

    With the region alone the host would be one that Twilio has given up.

    Raises:
        ValueError: It is not a region and an edge.
    """
    if region is None:
        return "https://api.twilio.com"
    found = REGION.fullmatch(region)
    if found is None:
        raise ValueError("a Twilio region is given as two words: ie1 dublin")
    return f"https://api.{found['edge']}.{found['region']}.twilio.com"


class _Later(Exception):  # noqa: N818 - a moment, not an error
    """It may pass; after so many seconds, if Twilio said."""

    def __init__(self, failure: RestFailed, after: float | None = None) -> None:
        super().__init__()
        self.failure, self.after = failure, after


@asynccontextmanager
async def rest_session() -> AsyncIterator[aiohttp.ClientSession]:
    """Connections to Twilio for one process: kept alive, never without a time limit."""
    async with aiohttp.ClientSession(timeout=TIMEOUT, cookie_jar=aiohttp.DummyCookieJar()) as made:
        yield made


async def _bounded(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in answer.content.iter_chunked(65_536):
        body += chunk
        if len(body) > MOST_BYTES:
            raise RestFailed(answer.status)
    return bytes(body)


def _said(answer: aiohttp.ClientResponse, body: bytes) -> dict[str, Any]:
    said = _json(body)
    if answer.status == 200 and said is not None:  # noqa: PLR2004 - what HTTP calls well done
        return said
    status = 0 if answer.status == 200 else answer.status  # noqa: PLR2004 - as above
    failure = RestFailed(status, _code(body))
    if failure.may_pass:
        after = answer.headers.get("Retry-After", "")
        raise _Later(failure, float(after) if after.isdecimal() else None)
    raise failure


def _json(body: bytes) -> dict[str, Any] | None:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return said if isinstance(said, dict) else None


def _code(body: bytes) -> int | None:
    """Twilio's own code in what it said; its words may hold anything and are left out."""
    code = (_json(body) or {}).get("code")
    return code if isinstance(code, int) else None


def _following(uri: object) -> str | None:
    """What the next page is asked with: never the address itself, which could lead anywhere."""
    if not isinstance(uri, str):
        return None
    asked = parse_qs(urlsplit(uri).query)
    return urlencode([(name, asked[name][0]) for name in _PAGING if name in asked]) or None
