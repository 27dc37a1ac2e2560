"""What is done with a call that goes on, by Twilio's REST API: its recording, its way.

Each is asked once and not again by themselves: whoever asks knows whether the moment has passed.
Twilio's own words are left out, as everywhere.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import aiohttp
import orjson

from adapters.twilio.client import API, Answer, Login, api_url
from adapters.twilio.media import logins_of
from adapters.twilio.twiml import RECORDING_EVENTS
from adapters.workspaces.credentials import Credentials

CURRENT: Final = "Twilio.CURRENT"
"""The one recording that is under way; an error where there are several."""

TIMEOUT: Final = aiohttp.ClientTimeout(total=10, sock_connect=5)
_REFUSED: Final = frozenset({401, 403})
_DONE, _MISSING = range(200, 300), 404
_MOST_SAID: Final = 64 * 1024

Fields = Mapping[str, str | Sequence[str]]


class Controls:
    """What can be done with the recordings of the calls of one account."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        credentials: Credentials,
        account: str,
        standin: str | None = None,
    ) -> None:
        """``standin`` is where to ask instead of Twilio."""
        base = standin or api_url(credentials.region)
        self._session = session
        self._root = f"{base}/{API}/Accounts/{account}/Calls"
        self._logins: Sequence[Login] = logins_of(credentials, account)

    async def start(self, call_sid: str, told: str) -> Answer:
        """Record both sides of a call from now on, and be told of it at that address."""
        fields: Fields = {
            "RecordingChannels": "dual",
            "Trim": "do-not-trim",
            "RecordingStatusCallback": told,
            "RecordingStatusCallbackEvent": RECORDING_EVENTS.split(),
            "RecordingStatusCallbackMethod": "POST",
        }
        return await self._post(f"{call_sid}/Recordings.json", fields)

    async def stop(self, call_sid: str, recording_sid: str = CURRENT) -> Answer:
        """End a recording for good. What is not there, or has ended, needs no ending."""
        return await self._post(
            f"{call_sid}/Recordings/{recording_sid}.json", {"Status": "stopped"}
        )

    async def lead(self, call_sid: str, address: str) -> Answer:
        """Have Twilio ask there what to do with the leg; whoever it talked to is let go."""
        return await self._post(f"{call_sid}.json", {"Url": address, "Method": "POST"})

    async def _post(self, path: str, fields: Fields) -> Answer:
        """The first answer that is about the matter and not about the login."""
        answer, form = Answer(0), aiohttp.FormData(_pairs(fields))
        for login in self._logins:
            headers = {"Authorization": aiohttp.encode_basic_auth(*login)}
            try:
                async with self._session.post(
                    f"{self._root}/{path}",
                    data=form(),
                    headers={**headers, "Content-Type": "application/x-www-form-urlencoded"},
                    allow_redirects=False,
                    timeout=TIMEOUT,
                ) as said:
                    answer = Answer(said.status, _code(await said.content.read(_MOST_SAID)))
            except (aiohttp.ClientError, TimeoutError):
                answer = Answer(0)
            if answer.status not in _REFUSED:
                break
        return answer


def is_done(answer: Answer) -> bool:
    """Whether it was done, or there was nothing to be done."""
    return answer.status in _DONE or answer.status == _MISSING


def _pairs(fields: Fields) -> list[tuple[str, str]]:
    return [
        (name, value)
        for name, values in fields.items()
        for value in ([values] if isinstance(values, str) else values)
    ]


def _code(body: bytes) -> int | None:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    code = said.get("code") if isinstance(said, dict) else None
    return code if isinstance(code, int) else None
