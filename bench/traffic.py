"""Calls to measure with: forms as Twilio sends them, and the commands that they become.

Every number is from a range that is kept free for fiction; every leg has an id of its own.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from typing import Final, NamedTuple, TypeAlias
from uuid import UUID, uuid4

from msgspec import structs

from adapters.event_store.requests import Request
from adapters.twilio.callbacks import PROVIDER, read_callback
from adapters.wiring import Ledger
from api.demo.cast import Party, Place
from api.demo.forms import Form, Leg, incoming, progress
from bench.ground import ACCOUNT_SID
from domain.calls.call import CALL
from domain.calls.words import Step
from domain.identifiers import call_id, leg_id
from domain.messages import Context

START: Final = datetime(2026, 3, 2, 8, tzinfo=UTC)
CALLS_PER_PERSON: Final = 4
PERSONS: Final = 80_000
"""As many numbers are free for fiction; whoever comes after the last is the first again."""

CALLS_PER_LINE: Final = 100_000
TALK_SECONDS: Final = 42
AT_ONCE: Final = 500
REPORTS_OF_A_CALL: Final = 5
"""The first of its six callbacks asks what to do with the call: the answer to it has a body."""

STAGGER: Final = 200
"""Calls that begin before a call's next callback: a telephone rings for seconds."""

_PLACE: Final = Place("WASHINGTON", "DC", "20001", "US")
_NUMBERS_OF_AN_AREA: Final = 100  # 555-0100 to 555-0199
_ids = count(1)

Callback: TypeAlias = tuple[Form, Step | None]
"""A form, and the step that our answer to it takes."""


def person(number: int) -> Party:
    """The n-th person who calls."""
    area, line = divmod(number % PERSONS, _NUMBERS_OF_AN_AREA)
    return Party(f"+1{200 + area:03}5550{100 + line}", _PLACE)


def line(number: int) -> Party:
    """A line of the office, which has very many calls."""
    return Party(f"+120255501{number:02}", _PLACE)


def six_callbacks(number: int) -> list[Callback]:
    """The commonest call: it comes in, a desk is dialled, picks up, and both hang up."""
    start = START + timedelta(seconds=number)
    caller = person(number // CALLS_PER_PERSON)
    office = _leg("inbound", caller, line(0))
    desk = _leg("outbound-dial", caller, Party("client:front_desk"), parent=office.sid)
    dialled = ("initiated", 1), ("ringing", 3), ("in-progress", 9), ("completed", 51)
    return [
        (incoming(office), Step.dial),
        *(
            (progress(desk, status, order, start + timedelta(seconds=after), TALK_SECONDS), None)
            for order, (status, after) in enumerate(dialled)
        ),
        (progress(office, "completed", 0, start + timedelta(seconds=51), 51), None),
    ]


def one_callback(number: int) -> Callback:
    """A call of which only the end is told: the smallest that is complete."""
    leg = _leg("inbound", person(number // CALLS_PER_PERSON), line(number // CALLS_PER_LINE))
    return progress(leg, "completed", 0, START + timedelta(seconds=number), TALK_SECONDS), None


class Report(NamedTuple):
    """A status callback of the n-th call."""

    call: int
    form: Form


def reports(amount: int) -> Iterator[Report]:
    """Status callbacks of many calls at once, as a provider sends them.

    Those of one call keep their order and come at least ``STAGGER`` callbacks apart.
    """
    calls = -(-amount // REPORTS_OF_A_CALL)
    told = [[form for form, _ in six_callbacks(number)[1:]] for number in range(calls)]
    in_order = (
        Report(call, told[call][nth])
        for moment in range(calls + REPORTS_OF_A_CALL * STAGGER)
        for nth in range(REPORTS_OF_A_CALL)
        if 0 <= (call := moment - nth * STAGGER) < calls
    )
    return islice(in_order, amount)


def request(workspace_id: UUID, callback: Callback) -> Request:
    """What the webhook asks of the ledger."""
    form, step = callback
    call_id, command = read_callback(workspace_id, form, step=step)
    return Request(workspace_id, call_id, CALL, command, Context(PROVIDER, uuid4()))


def once_more(told: Request, number: int) -> Request:
    """The same two parties' next call, told in the same words."""
    sid, workspace_id = _new_sid(), told.workspace_id
    call = {
        "leg_id": leg_id(workspace_id, PROVIDER, sid),
        "provider_id": sid,
        "occurred_at": START + timedelta(seconds=number),
    }
    return told._replace(
        stream_id=call_id(workspace_id, PROVIDER, sid),
        command=structs.replace(told.command, **call),
        context=Context(PROVIDER, uuid4()),
    )


def calls(workspace_id: UUID, amount: int) -> list[list[Request]]:
    """Calls of six commands each, new ones every time."""
    return [
        [request(workspace_id, callback) for callback in six_callbacks(number)]
        for number in range(amount)
    ]


async def play(ledger: Ledger, calls: Iterable[Sequence[Request]], at_once: int = AT_ONCE) -> None:
    """Let the calls happen, many at once; of each call one command after the other."""
    left = iter(calls)

    async def work() -> None:
        for call in left:
            for one in call:
                await ledger.handle(one)

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(work())


def _leg(direction: str, caller: Party, callee: Party, parent: str | None = None) -> Leg:
    return Leg(_new_sid(), ACCOUNT_SID, direction, caller, callee, parent_sid=parent)


def _new_sid() -> str:
    return f"CA{next(_ids):032x}"
