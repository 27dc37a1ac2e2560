"""Plays a day of deliveries over real HTTP, signed as Twilio signs, as fast as they are taken.

The demo's clock is led along. No more than ``TOGETHER`` of the day is ever under way at once,
so that what arrived at two is also written down as having arrived at two.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from urllib.parse import urlencode
from uuid import UUID, uuid4

import aiohttp
from yarl import URL

from adapters.twilio.signature import sign
from api.demo.clock import DemoClock
from api.demo.delivery import Delivery, Kind, Signature

CONNECTIONS: Final = 32
TOGETHER: Final = timedelta(seconds=25)
TRIES: Final = 4
UNAVAILABLE: Final = 503
FORM: Final = "application/x-www-form-urlencoded; charset=UTF-8"
SIGNATURE: Final = "X-Twilio-Signature"


@dataclass(slots=True)
class Tally:
    """What was sent and how it was answered."""

    answers: Counter[tuple[Kind, int]] = field(default_factory=Counter)
    surprises: Counter[str] = field(default_factory=Counter)
    """Answers that should have been others, in words that name nobody."""

    seconds: float = 0.0

    @property
    def sent(self) -> int:
        """How many requests were answered."""
        return self.answers.total()

    def count(self, kind: Kind) -> int:
        """How many of a kind were answered."""
        return sum(number for (found, _), number in self.answers.items() if found is kind)

    def status(self, status: int) -> int:
        """How many were answered so."""
        return sum(number for (_, found), number in self.answers.items() if found == status)

    def note(self, delivery: Delivery, status: int) -> None:
        """Count an answer."""
        self.answers[delivery.kind, status] += 1
        if status != delivery.expected_status:
            self.surprises[
                f"a {delivery.kind} voice/{delivery.channel} was answered {status}, "
                f"not {delivery.expected_status}"
            ] += 1


class Provider:
    """Twilio's part: it signs, sends, and tries again when asked to."""

    def __init__(self, base_url: str, workspaces: Mapping[str, UUID], clock: DemoClock) -> None:
        self._base_url = base_url
        self._workspaces = workspaces
        self._clock = clock

    async def play(
        self, deliveries: Sequence[Delivery], progress: Callable[[], None] = lambda: None
    ) -> Tally:
        """Send everything in its order, each no sooner than the demo's clock allows."""
        tally, began = Tally(), time.monotonic()
        connector = aiohttp.TCPConnector(limit=CONNECTIONS)
        under_way: deque[tuple[datetime, asyncio.Task[None]]] = deque()
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            asyncio.TaskGroup() as tasks,
        ):
            for delivery in deliveries:
                while under_way and _must_wait(under_way, delivery):
                    await under_way.popleft()[1]
                    progress()
                self._clock.lead_to(delivery.at)
                task = tasks.create_task(self._deliver(session, delivery, tally))
                under_way.append((delivery.at, task))
        for _ in under_way:
            progress()
        tally.seconds = time.monotonic() - began
        return tally

    async def _deliver(
        self, session: aiohttp.ClientSession, delivery: Delivery, tally: Tally
    ) -> None:
        request = self._request(delivery)
        status = UNAVAILABLE
        for attempt in range(TRIES):
            await asyncio.sleep(0.2 * attempt)
            async with session.request(
                delivery.method,
                URL(request.url, encoded=True),
                data=request.body,
                headers=request.headers,
            ) as response:
                await response.read()
                status = response.status
            if status != UNAVAILABLE:
                break
        tally.note(delivery, status)

    def _request(self, delivery: Delivery) -> "_Request":
        workspace_id = self._workspaces[delivery.office.account_sid]
        url = f"{self._base_url}/twilio/{workspace_id}/voice/{delivery.channel}"
        form, body, kind = delivery.form, urlencode(delivery.form).encode(), FORM
        if delivery.body is not None:
            form, body, kind = (), delivery.body, "application/json"
            url = f"{url}?bodySHA256={sha256(body).hexdigest()}"
        elif delivery.method == "GET":
            form, url, body = (), f"{url}?{body.decode()}", b""
        headers = {
            "User-Agent": "TwilioProxy/1.1",
            "Content-Type": kind,
            "I-Twilio-Idempotency-Token": str(uuid4()),
            **_signature(delivery, url, form),
        }
        return _Request(url, body or None, headers)


@dataclass(frozen=True, slots=True, repr=False)
class _Request:
    url: str
    body: bytes | None
    headers: dict[str, str]


def _must_wait(under_way: deque[tuple[datetime, asyncio.Task[None]]], delivery: Delivery) -> bool:
    return len(under_way) >= CONNECTIONS or under_way[0][0] < delivery.at - TOGETHER


def _signature(delivery: Delivery, url: str, form: Sequence[tuple[str, str]]) -> dict[str, str]:
    token = delivery.office.auth_token.encode()
    match delivery.signature:
        case Signature.missing:
            return {}
        case Signature.wrong_token:
            return {SIGNATURE: sign(url, form, b"not" + token)}
        case Signature.tampered:
            return {SIGNATURE: sign(url, [*form, ("CallDuration", "1")], token)}
        case Signature.genuine:
            return {SIGNATURE: sign(url, form, token)}
