"""How callbacks arrive: out of order, twice, hours late, forged, or as no form at all."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random
from typing import Final

from api.demo.calls import Callback, PlayedCall
from api.demo.cast import Office
from api.demo.forms import Form

REPEATED: Final = 0.03
LATE: Final = 0.015
BY_GET: Final = 0.03
CALLS_PER_FORGERY: Final = 150
CALLS_PER_ODDITY: Final = 250
ON_TIME: Final = timedelta(seconds=3)


class Signature(StrEnum):
    """Whether it is Twilio who sends it."""

    genuine = "genuine"
    wrong_token = "wrong_token"  # noqa: S105 - what is wrong with it
    tampered = "tampered"
    missing = "missing"


class Kind(StrEnum):
    """What a delivery is there for."""

    first = "first"
    repeat = "repeat"
    forged = "forged"
    odd = "odd"
    """Genuine, and not to be understood: a dead letter."""


@dataclass(frozen=True, slots=True, repr=False)
class Delivery:
    """One HTTP request of the day."""

    at: datetime
    office: Office
    channel: str
    form: Form
    kind: Kind = Kind.first
    method: str = "POST"
    signature: Signature = Signature.genuine
    body: bytes | None = None
    """Sent in the place of a form."""

    @property
    def expected_status(self) -> int:
        """What is to be answered."""
        if self.kind is Kind.forged:
            return 403
        return 200 if self.channel == "incoming" else 204


def deliver(
    calls: Sequence[PlayedCall], question: PlayedCall, end: datetime, rng: Random
) -> tuple[Delivery, ...]:
    """Everything that arrives on the day, in the order of its arrival."""
    latest = end - timedelta(minutes=1)
    found = [
        delivery
        for call in calls
        for callback in call.callbacks
        for delivery in _deliveries(call, callback, latest, rng, is_question=call is question)
    ]
    found += _forgeries(calls, latest, rng)
    found += _oddities(calls, rng)
    return tuple(sorted(found, key=lambda delivery: delivery.at))


def _deliveries(
    call: PlayedCall, callback: Callback, latest: datetime, rng: Random, *, is_question: bool
) -> Iterator[Delivery]:
    """The callback, and perhaps the same again."""
    by_get = callback.channel == "status" and rng.random() < BY_GET
    delay = _delay(callback, rng)
    if is_question:
        delay = timedelta(hours=2, seconds=rng.randrange(900)) if callback.is_last else ON_TIME
    first = Delivery(
        min(callback.at + delay, latest),
        call.office,
        callback.channel,
        callback.form,
        method="GET" if by_get else "POST",
    )
    yield first
    if rng.random() < REPEATED:
        again = first.at + timedelta(seconds=rng.uniform(2, 60))
        yield replace(first, kind=Kind.repeat, at=min(again, latest))


def _delay(callback: Callback, rng: Random) -> timedelta:
    """Mostly a moment; a call's start is asked for while it rings, so it is never late."""
    if callback.channel == "status" and rng.random() < LATE:
        return timedelta(minutes=rng.uniform(20, 300))
    slow = callback.channel == "status" and rng.random() < 0.1  # noqa: PLR2004 - one in ten
    return timedelta(seconds=rng.uniform(3, 90) if slow else rng.uniform(0.1, 2))


def _forgeries(calls: Sequence[PlayedCall], latest: datetime, rng: Random) -> Iterator[Delivery]:
    """Somebody who does not know the token says that calls are over."""
    frauds = (Signature.wrong_token, Signature.tampered, Signature.missing)
    for number in range(max(len(frauds), len(calls) // CALLS_PER_FORGERY)):
        call = rng.choice(calls)
        callback = call.callbacks[-1]
        changed = dict(callback.form) | {"CallStatus": "failed", "CallDuration": "86400"}
        yield Delivery(
            min(callback.at + timedelta(seconds=20), latest),
            call.office,
            "status",
            tuple(changed.items()),
            kind=Kind.forged,
            signature=frauds[number % len(frauds)],
        )


def _oddities(calls: Sequence[PlayedCall], rng: Random) -> Iterable[Delivery]:
    """Genuine requests that nobody can understand, today."""
    for number in range(max(3, len(calls) // CALLS_PER_ODDITY)):
        call = rng.choice(calls)
        callback = call.callbacks[0]
        form, body = _oddity(number, callback.form)
        yield Delivery(callback.at, call.office, "status", form, kind=Kind.odd, body=body)


def _oddity(number: int, form: Form) -> tuple[Form, bytes | None]:
    match number % 3:
        case 0:
            return tuple((dict(form) | {"CallStatus": "teleported"}).items()), None
        case 1:
            return tuple(pair for pair in form if pair[0] != "CallSid"), None
        case _:
            return (), b'{"CallStatus": "completed", "format": "no form at all"}'
