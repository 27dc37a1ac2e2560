"""Fetches a recording's audio from Twilio, part by part, and goes on where it broke off.

Not through Twilio's client, which reads an answer whole. Credentials go to Twilio's own hosts and
nowhere else, wherever an answer sends us; what comes is bounded in size and in time.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final, NamedTuple
from urllib.parse import urljoin, urlsplit

import aiohttp

from adapters.recordings.failures import FINAL, CannotKeep
from adapters.twilio.client import Answer, Login, delete_at
from adapters.twilio.recordings import is_twilios, media_url
from adapters.workspaces.credentials import Credentials
from domain.recordings.state import Recording
from domain.recordings.words import FetchFailure

MOST_BYTES: Final = 4 * 1024**3
"""What a WAVE file can hold: more than a day of two channels."""

PART_BYTES: Final = 256 * 1024
BACKOFF_SECONDS: Final = (1.0, 2.0, 4.0, 8.0)
"""After an answer that brought nothing new. One that brought something begins them anew."""

MOST_BREAKS: Final = 100
MOST_REDIRECTS: Final = 3
TIMEOUT: Final = aiohttp.ClientTimeout(total=2 * 60 * 60, sock_connect=5, sock_read=30)

Pause = Callable[[float], Awaitable[object]]
_RANGE: Final = re.compile(r"bytes ([0-9]{1,15})-[0-9]{1,15}/([0-9]{1,15})")
_OK, _PARTIAL, _MULTIPLE = 200, 206, 300
_REFUSED: Final = frozenset({401, 403})
_UNSATISFIABLE: Final = 416
_HOPELESS: Final = FINAL | {FetchFailure.refused}
_BAD_REQUEST: Final = 400
_LATER: Final = frozenset({408, 425, 429})
_BROKEN: Final = 500


@asynccontextmanager
async def media_session() -> AsyncIterator[aiohttp.ClientSession]:
    """Connections for one process. What comes is taken as it is, never unpacked."""
    async with aiohttp.ClientSession(
        timeout=TIMEOUT, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
    ) as session:
        yield session


def logins_of(credentials: Credentials, account: str) -> tuple[Login, ...]:
    """What opens an account of the workspace: its API keys, then its tokens, the newest first."""
    if account not in credentials.account_sids:
        return ()
    pairs = (key.partition(" ") for key in reversed(credentials.api_keys))
    tokens = (Login(account, token) for token in reversed(credentials.auth_tokens))
    return (*(Login(name, secret) for name, _, secret in pairs), *tokens)


class Located(NamedTuple):
    """Where a recording is at Twilio, and what opens it there."""

    url: str
    logins: Sequence[Login]


def located(recording: Recording, credentials: Credentials) -> Located:
    """Where a recording of this workspace is: as it was reported, or as Twilio usually has it."""
    account = recording.account_id or next(iter(credentials.account_sids), "")
    told = recording.report.media_url if recording.report else None
    url = told or media_url(account, recording.provider_id or "")
    return Located(url, logins_of(credentials, account))


class Media:
    """Fetches audio, and deletes it there."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        standin: str | None = None,
        pause: Pause = asyncio.sleep,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        """Fetch through ``session``; ``standin`` is the origin of a server in Twilio's place."""
        self._session = session
        self._standin = standin
        self._pause = pause
        self._most_bytes = most_bytes

    async def parts(self, url: str, logins: Sequence[Login]) -> AsyncGenerator[bytes]:
        """The audio, part by part.

        Raises:
            CannotKeep: It is not there, not ours, not to be had, or too large.
        """
        begun = _Begun(self._most_bytes)
        backoffs = iter(BACKOFF_SECONDS)
        for _ in range(MOST_BREAKS):
            before = begun.received
            try:
                async for part in self._answer(self._placed(url), logins, begun):
                    yield part
                if begun.is_whole:
                    return
                failure = CannotKeep(FetchFailure.broken_off)
            except CannotKeep as error:
                if error.reason in _HOPELESS:
                    raise
                failure = error
            if begun.received > before:
                backoffs = iter(BACKOFF_SECONDS)
            wait = next(backoffs, None)
            if wait is None:
                raise failure
            await self._pause(wait)
        raise CannotKeep(FetchFailure.broken_off)

    async def delete(self, place: Located) -> Answer:
        """Delete the recording at Twilio. Twice is as good as once.

        Raises:
            CannotKeep: The address is not Twilio's.
        """
        url = self._placed(f"{place.url}.json")
        return await delete_at(self._session, url, place.logins)

    async def _answer(
        self, url: str, logins: Sequence[Login], begun: "_Begun"
    ) -> AsyncIterator[bytes]:
        """What one request brings, with the first of the logins that is accepted."""
        for login in logins:
            async with self._asked(url, login, begun) as answer:
                if answer.status in _REFUSED:
                    continue
                begun.take_note(answer)
                try:
                    async for part in answer.content.iter_chunked(PART_BYTES):
                        if new := begun.new_of(part):
                            yield new
                    begun.ended_well()
                except (aiohttp.ClientError, TimeoutError):
                    pass  # What came is kept; the next request asks for the rest.
                return
        raise CannotKeep(FetchFailure.refused)

    @asynccontextmanager
    async def _asked(
        self, url: str, login: Login, begun: "_Begun"
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer to a request, wherever on Twilio's hosts it is given."""
        auth = aiohttp.encode_basic_auth(*login)
        headers = {"Authorization": auth, "Accept-Encoding": "identity", **begun.headers()}
        for _ in range(MOST_REDIRECTS):
            try:
                answer = await self._session.get(url, headers=headers, allow_redirects=False)
            except (aiohttp.ClientError, TimeoutError):
                # Raised anew and apart: the library's text holds the URL.
                break
            if not _MULTIPLE <= answer.status < _BAD_REQUEST:
                async with answer:
                    yield answer
                return
            answer.close()
            url = self._trusted(urljoin(url, answer.headers.get("Location", "")))
        raise CannotKeep(FetchFailure.unreachable)

    def _placed(self, url: str) -> str:
        """Where to ask for it."""
        if self._standin is not None:
            parts = urlsplit(url)
            url = f"{self._standin}{parts.path}" + (f"?{parts.query}" if parts.query else "")
        return self._trusted(url)

    def _trusted(self, url: str) -> str:
        is_standin = self._standin is not None and url.startswith(f"{self._standin}/")
        if not is_standin and not is_twilios(url):
            raise CannotKeep(FetchFailure.foreign_host)
        return url


class _Begun:
    """How much of the audio came in, of how much, and under which tag."""

    def __init__(self, most_bytes: int) -> None:
        self.received = 0
        self.is_whole = False
        self._most_bytes = most_bytes
        self._size: int | None = None
        self._tag: str | None = None
        self._skip = 0

    def headers(self) -> dict[str, str]:
        """What asks for the rest, of the very same audio."""
        if not self.received:
            return {}
        tag = {"If-Range": self._tag} if self._tag else {}
        return {"Range": f"bytes={self.received}-", **tag}

    def take_note(self, answer: aiohttp.ClientResponse) -> None:
        """How an answer begins.

        Raises:
            CannotKeep: It is no audio, or other audio than before.
        """
        if answer.status not in (_OK, _PARTIAL):
            raise CannotKeep(_reason(answer.status))
        start, size = _extent(answer)
        tag = answer.headers.get("ETag")
        if self.received:
            is_other = tag != self._tag or (self._size is not None and size != self._size)
            if is_other or start > self.received:
                raise CannotKeep(FetchFailure.broken_off)
        self._size, self._tag, self._skip = size, tag, self.received - start
        self._stay_within_bounds(size or 0)

    def new_of(self, part: bytes) -> bytes:
        """What of a part did not come in before."""
        new = part[self._skip :]
        self._skip -= len(part) - len(new)
        self.received += len(new)
        self._stay_within_bounds(self.received)
        return new

    def ended_well(self) -> None:
        """An answer ended as HTTP says that it should; that is all where no size was told."""
        self.is_whole = self._size is None or self.received == self._size

    def _stay_within_bounds(self, size: int) -> None:
        if size > self._most_bytes:
            raise CannotKeep(FetchFailure.too_large)


def _extent(answer: aiohttp.ClientResponse) -> tuple[int, int | None]:
    """From which byte on an answer goes, and how many there are in all, if it tells."""
    if answer.status == _OK:
        return 0, answer.content_length
    found = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    if found is None:
        raise CannotKeep(FetchFailure.broken_off)
    return int(found[1]), int(found[2])


def _reason(status: int) -> FetchFailure:
    if status in _LATER or status >= _BROKEN:
        return FetchFailure.unreachable
    return FetchFailure.broken_off if status == _UNSATISFIABLE else FetchFailure.not_there
