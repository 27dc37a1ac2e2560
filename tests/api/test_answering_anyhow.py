"""What Twilio asks of a call comes twice, or never: answered alike; nobody recorded for it."""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from cells import asynchronous
from phones import asking, naming, phone, setting
from prompts import prompt
from serving import House, serving
from waiters import waiter

from adapters.event_store.history import read_stream
from adapters.postgres.embedded import Urls
from api.demo.phone import Form, Phone
from domain.calls.call import CALL
from domain.calls.state import Call
from domain.calls.words import Answer
from domain.identifiers import call_id, leg_id
from domain.workspaces.words import (
    RecordingMode,
    Routing,
    RoutingRule,
    RoutingStep,
)

DIALS = RoutingRule(
    step=RoutingStep.dial,
    targets=("desk", "home"),
    then=("mobile",),
    unanswered=RoutingStep.voicemail,
)
WAITS = RoutingRule(step=RoutingStep.queue, unanswered=RoutingStep.voicemail)
MEETS = RoutingRule(step=RoutingStep.conference)
Calling = Callable[[House, int], Phone]
SHAPES: Final[Mapping[str, tuple[RoutingRule, RecordingMode, Calling]]] = {
    "a yes": (DIALS, RecordingMode.asked, lambda house, n: phone(house, "1", **of(n))),
    "a no": (DIALS, RecordingMode.asked, lambda house, n: phone(house, "2", **of(n))),
    "announced": (DIALS, RecordingMode.announced, lambda house, n: phone(house, "", **of(n))),
    "a message": (
        *(DIALS, RecordingMode.asked),
        lambda house, n: phone(house, "1", picks_up=(False, False), **of(n)),
    ),
    "waiting": (WAITS, RecordingMode.asked, lambda house, n: waiter(house, **of(n))),
    "meeting": (MEETS, RecordingMode.asked, lambda house, n: waiter(house, **of(n))),
}


def of(number: int) -> dict[str, Any]:
    """A caller of their own for each call."""
    return {"seed": number, "caller": f"+4477009{number:05}"}


async def ready(house: House, rule: RoutingRule, mode: RecordingMode) -> None:
    """The workspace has this rule, and records."""
    numbers = {"desk": "+442079460101", "home": "+442079460102", "mobile": "+442079460103"}
    await naming(house, **numbers)
    waiting = prompt("waiting", "Please hold on.")
    routing = Routing(time_zone="Europe/London", rules=(rule,), waiting=waiting)
    await setting(house, recording=asking(mode=mode), routing=routing)


async def whole(one: Phone) -> int:
    """The call from its first moment to its last; how often Twilio posted."""
    posted, post = 0, one.post

    async def counting(address: str, form: Form) -> str:
        nonlocal posted
        posted += 1
        return await post(address, form)

    one.post = counting
    await one.ring()
    await one.hang_up()
    return posted


async def heard(house: House, one: Phone) -> tuple[Call, Counter[str]]:
    """The call as the history has it, and how many entries of each name."""
    stream = call_id(house.workspace_id, "twilio", one.sid)
    async with (await house.cell()).scoped(house.workspace_id) as connection:
        events: list[Any] = [entry.event for entry in await read_stream(connection, stream)]
    return CALL.fold(events), Counter(event.name for event in events)


@pytest.mark.parametrize("shape", SHAPES)
@asynchronous
async def test_asked_twice_it_is_answered_alike(
    database: Urls, tmp_path: Path, shape: str
) -> None:
    """By the same document, and with nothing more in the history."""
    rule, mode, calling = SHAPES[shape]
    async with serving(database, tmp_path) as house:
        await ready(house, rule, mode)
        once, twice = calling(house, 1), calling(house, 2)
        post = twice.post

        async def again(address: str, form: Form) -> str:
            first, second = await post(address, form), await post(address, form)
            assert first == second
            return second

        twice.post = again
        await whole(once)
        await whole(twice)
        assert (await heard(house, twice))[1] == (await heard(house, once))[1]
        assert (twice.dialled, len(twice.recordings)) == (once.dialled, len(once.recordings))


@pytest.mark.parametrize("shape", SHAPES)
@asynchronous
async def test_what_never_comes_adds_nothing(database: Urls, tmp_path: Path, shape: str) -> None:
    """Whichever one is lost: nothing else is written than otherwise, nobody recorded without yes.

    Where Twilio does not reach us with a question it ends the call.
    """
    rule, mode, calling = SHAPES[shape]
    async with serving(database, tmp_path) as house:
        await ready(house, rule, mode)
        complete = calling(house, 1)
        posted = await whole(complete)
        _, expected = await heard(house, complete)
        for lost in range(posted):
            one = calling(house, 2 + lost)
            one.post = losing(one, lost)
            await whole(one)
            call, found = await heard(house, one)
            assert found <= expected, lost
            answer = call.recording.answers.get(leg_id(house.workspace_id, "twilio", one.sid))
            assert call.recording.is_allowed is (answer in (Answer.agreed, Answer.stayed))
            during = [r for r in one.recordings if r.source == "StartCallRecordingAPI"]
            assert len(during) <= int(call.recording.is_allowed)


def losing(one: Phone, lost: int) -> Callable[[str, Form], Any]:
    """Post all but this one, which Twilio gives up on."""
    post, number = one.post, -1

    async def posting(address: str, form: Form) -> str:
        nonlocal number
        number += 1
        return "<Response/>" if number == lost else await post(address, form)

    return posting
