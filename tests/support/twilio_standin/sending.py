"""Sends an account's callbacks, signed, and writes down in its books what it sent.

As Twilio does it: no order is promised, a callback that failed is sent again only as the URL's
fragment asks (``rc`` times, after what ``rp`` names), a retry carries the same token, and a
callback that nobody received stands in the call's events all the same.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import aiohttp
from twilio_forms import Form, form_bytes

from adapters.twilio.signature import sign
from twilio_standin.books import Account, Resource

FORM: Final = "application/x-www-form-urlencoded; charset=UTF-8"


class Told(NamedTuple):
    """One request to the application: where to, and what it says."""

    channel: str
    form: Form


@dataclass(frozen=True)
class Sender:
    """An account that sends, to an application at a URL."""

    account: Account
    session: aiohttp.ClientSession
    base_url: str
    overrides: str = ""
    """The fragment of the URL that the application gave: ``#rc=3&rp=all``."""

    known_as: str = ""
    """What it gave before the fragment, where something stands between: that is signed."""

    async def play(
        self,
        told: Sequence[Told],
        *,
        lost: Collection[int] = (),
        order: Sequence[int] | None = None,
        delay_seconds: float = 0.0,
    ) -> list[int]:
        """Send them in this order, any of them any number of times, but not the lost ones.

        Answers the status of each that was sent; 0 is one that never arrived.
        """
        answers = []
        for number in lost:
            self._note(told[number], None)
        for number in range(len(told)) if order is None else order:
            if number not in lost:
                await asyncio.sleep(delay_seconds)
                answers.append(await self.send(told[number]))
        return answers

    async def send(self, told: Told) -> int:
        """Send one, and again as often as the overrides allow; its last status."""
        return (await self.ask(told))[0]

    async def ask(self, told: Told) -> tuple[int, str]:
        """The same, with what was answered."""
        left, after = self._retries()
        token = str(uuid4())
        status, answer = await self._post(told, token)
        while left and (failure := _failure(status)) and after & {"all", failure}:
            left -= 1
            status, answer = await self._post(told, token)
        self._note(told, answer if status else None, status)
        return status, answer

    async def _post(self, told: Told, token: str) -> tuple[int, str]:
        url = f"{self.base_url}/{told.channel}"
        headers = {
            "X-Twilio-Signature": sign(
                self._given(told), told.form, self.account.auth_token.encode()
            ),
            "I-Twilio-Idempotency-Token": token,
            "Content-Type": FORM,
            "User-Agent": "TwilioProxy/1.1",
        }
        try:
            async with self.session.post(
                url, data=form_bytes(told.form), headers=headers
            ) as response:
                return response.status, await response.text()
        except aiohttp.ClientError:
            return 0, ""

    def _given(self, told: Told) -> str:
        return f"{self.known_as or self.base_url}/{told.channel}"

    def _retries(self) -> tuple[int, set[str]]:
        """Once, after a failure to connect, unless the fragment says otherwise."""
        asked = parse_qs(urlsplit(self.overrides).fragment)
        times = int(asked.get("rc", ["1"])[0])
        return times, set(asked.get("rp", ["ct"])[0].split(","))

    def _note(self, told: Told, answer: str | None, status: int = 0) -> None:
        response: Resource | None = None
        if answer is not None:
            response = {
                "response_code": status,
                "content_type": "text/xml",
                "response_body": answer,
            }
        self.account.note(told.form, self._given(told), response)


def _failure(status: int) -> str:
    """What a retry policy calls this; nothing that it can name where all went well."""
    return {0: "ct", 4: "4xx", 5: "5xx"}.get(status // 100, "")
