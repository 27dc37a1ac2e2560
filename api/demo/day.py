"""A day of calls, the same one for the same seed and the same end."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final

from api.demo.calls import Casting, PlayedCall, play_call
from api.demo.cast import (
    Office,
    Party,
    choose_customer,
    customers,
    from_exchange,
    offices,
    withheld,
)
from api.demo.delivery import Delivery, deliver
from api.demo.forms import Form
from api.demo.scripts import SCRIPTS, Script, choose_script, moments

LENGTH: Final = timedelta(hours=24)
LAST_CALL: Final = timedelta(minutes=20)
"""No call begins later before the end of the day, so that all of them are over by then."""

QUESTION_TALK: Final = 11 * 60
QUESTION_ROOM: Final = timedelta(hours=2, minutes=40)
CALLS_BY_HOUR: Final = (
    *(0.3, 0.2, 0.2, 0.2, 0.3, 0.6, 1.5, 4, 9, 12, 12, 11),
    *(8, 10, 11, 11, 10, 8, 5, 3, 2, 1.5, 1, 0.5),
)
OFFICES: Final = (0.6, 0.4)
"""How the calls are spread over the two."""

CALLERS: Final = (0.95, 0.025, 0.015, 0.01)
"""Who calls in: somebody known, a withheld number, another exchange, nobody that is named."""

UNKNOWN_FIELDS: Final = 0.05
MINIMAL: Final = 0.1
"""Of the calls that are fit for it: those whose callbacks lost nearly everything on the way."""


@dataclass(frozen=True, slots=True, repr=False)
class Question:
    """A call whose end was told hours late, and a moment at which it went on as far as we knew."""

    call: PlayedCall
    asked_at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class Day:
    """What happens, what is delivered of it, and what is to be asked."""

    start: datetime
    offices: tuple[Office, Office]
    calls: tuple[PlayedCall, ...]
    deliveries: tuple[Delivery, ...]
    """In the order in which they arrive."""

    question: Question


def make_day(end: datetime, calls: int, seed: int) -> Day:
    """The 24 hours before ``end``, with so many calls."""
    rng = Random(seed)  # noqa: S311 - the same day again needs a seed, not secrecy
    start, end = (end - LENGTH).replace(microsecond=0), end.replace(microsecond=0)
    cast = offices(rng)
    known = [customers(office, calls, rng) for office in cast]
    minutes = range(1, int((LENGTH - LAST_CALL) / timedelta(minutes=1)))
    weights = [CALLS_BY_HOUR[(start + timedelta(minutes=m)).hour] for m in minutes]
    question = _question(cast[0], known[0], start, end, rng)
    played = [question.call]
    for minute in sorted(rng.choices(minutes, weights, k=calls - 1)):
        moment = start + timedelta(minutes=minute, seconds=rng.randrange(60))
        office = rng.choices((0, 1), OFFICES)[0]
        played.append(_call(cast[office], known[office], moment, rng))
    deliveries = deliver(played, question.call, end, rng)
    return Day(start, cast, tuple(played), deliveries, question)


def _call(office: Office, known: tuple[Party, ...], start: datetime, rng: Random) -> PlayedCall:
    script = choose_script(rng)
    casting = Casting(
        office,
        _customer(script, known, rng),
        _extra(rng) if rng.random() < UNKNOWN_FIELDS else (),
        is_minimal=_is_single_answer(script) and rng.random() < MINIMAL,
    )
    return play_call(script, casting, start, moments(rng), rng)


def _customer(script: Script, known: tuple[Party, ...], rng: Random) -> Party | None:
    """Somebody known, or now and then a caller of whom hardly anything is shown."""
    somebody = choose_customer(known, rng)
    if script.direction == "outbound":
        return somebody
    return rng.choices((somebody, withheld(rng), from_exchange(rng), None), CALLERS)[0]


def _is_single_answer(script: Script) -> bool:
    return len(script.legs) == 1 and script.talks and script.outcome == "answered"


def _extra(rng: Random) -> Form:
    """Fields that we know nothing of: today's rare ones, and what Twilio may yet invent."""
    return rng.choice(
        (
            (("AddOns", '{"status":"successful","results":{"spam_score":{"score":0}}}'),),
            (("CallToken", f"%7B%22parentCallInfoToken%22%3A%22{rng.getrandbits(96):x}%22%7D"),),
            (("SentimentPreview", "neutral"), ("SentimentPreview", "pleased")),
        )
    )


def _question(
    office: Office, known: tuple[Party, ...], start: datetime, end: datetime, rng: Random
) -> Question:
    """An answered call that is going on at two minutes past two, in the afternoon if it can be."""
    asked_at = start.replace(hour=14, minute=2, second=0)
    if asked_at < start + timedelta(minutes=10):
        asked_at += timedelta(days=1)
    if asked_at > end - QUESTION_ROOM:
        asked_at = (start + LENGTH / 4).replace(minute=2, second=0)
    when = moments(rng, talk=QUESTION_TALK)
    began = asked_at - timedelta(seconds=200)
    casting = Casting(office, known[0])
    return Question(play_call(SCRIPTS[0], casting, began, when, rng), asked_at)
