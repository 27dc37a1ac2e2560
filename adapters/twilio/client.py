"""Our side of Twilio's REST API: what an account's books hold, read page by page.

Not through Twilio's own client: its asynchronous one ignores its timeout and then has none, it
sends a failed POST again, builds a host that is gone for a region without an edge, and logs whom
calls were made to. Three documented paths need less than working around that.

Nothing here quotes what Twilio said: its messages may name a number.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
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
    """An API key's id and its secret."""

    name: str
    secret: str

    def __repr__(self) -> str:
        """Print nothing of it."""
        return "Login()"


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
        self._logins = list(logins)
        self._pause = pause

    async def calls_on(self, day: date, following: str | None = None) -> Page:
        """The legs that started on a UTC day, the newest first.

        By that one date and no range: whether Twilio looks at the hour of a time is disputed,
        and "on or after" with "before" the same day is nothing.

        Raises:
            RestFailed: It was refused, or failed again and again.
        """
        return await self._page("Calls", "calls", following, {"StartTime": day.isoformat()})

    async def requests_of(self, call_sid: str) -> list[Resource]:
        """Every request that Twilio made of us for a leg; nothing until 15 minutes after its end.

        Raises:
            RestFailed: As above.
        """
        found: list[Resource] = []
        page = Page((), "")
        for _ in range(MOST_PAGES):
            page = await self._page(f"Calls/{call_sid}/Events", "events", page.following)
            found += page.items
            if page.following is None:
                break
        return found

    async def _page(
        self, path: str, name: str, following: str | None, query: Query | None = None
    ) -> Page:
        asked = urlencode({**(query or {}), "PageSize": PAGE_SIZE})
        said = await self._get(f"{path}.json?{asked}" + (f"&{following}" if following else ""))
        items = said.get(name)
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise RestFailed(0)
        return Page(items, _following(said.get("next_page_uri")))

    async def _get(self, path: str) -> dict[str, Any]:
        """The answer; what may pass is tried again, a login that is refused gives way to the next.

        Twilio never began to work on what it answers 429, and a GET can always be repeated.
        """
        backoffs = iter(BACKOFF_SECONDS)
        while True:
            try:
                return await self._admitted(path)
            except _Later as later:
                backoff = next(backoffs, None)
                wait = backoff if later.after is None else later.after
                if backoff is None or wait is None or wait > LONGEST_PAUSE_SECONDS:
                    raise later.failure from None
            await self._pause(wait)

    async def _admitted(self, path: str) -> dict[str, Any]:
        failure = RestFailed(401)
        for login in tuple(self._logins):
            try:
                return await self._once(path, login)
            except RestFailed as error:
                if error.status not in _REFUSED:
                    raise
                failure = error
                # It is the last one that is asked from now on: one of several is being retired.
                self._logins.append(self._logins.pop(self._logins.index(login)))
        raise failure

    async def _once(self, path: str, login: Login) -> dict[str, Any]:
        headers = {"Authorization": aiohttp.encode_basic_auth(*login)}
        try:
            async with self._session.get(
                f"{self._root}/{path}", headers=headers, allow_redirects=False
            ) as answer:
                body = await _bounded(answer)
                return _said(answer, body)
        except (aiohttp.ClientError, TimeoutError):
            # Raised anew and apart: the library's text holds the URL.
            failure = _Later(RestFailed(0))
        raise failure


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
    code = said.get("code") if said else None
    failure = RestFailed(
        0 if answer.status == 200 else answer.status,  # noqa: PLR2004 - as above
        code if isinstance(code, int) else None,
    )
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


def _following(uri: object) -> str | None:
    """What the next page is asked with: never the address itself, which could lead anywhere."""
    if not isinstance(uri, str):
        return None
    asked = parse_qs(urlsplit(uri).query)
    return urlencode([(name, asked[name][0]) for name in _PAGING if name in asked]) or None
