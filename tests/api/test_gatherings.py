"""Callers wait in a queue or meet in a conference, by TwiML, and their calls say so."""

from itertools import permutations
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cells import asynchronous
from phones import setting
from prompts import prompt
from serving import House, serving
from waiters import CONFERENCE, Waiter, waiter

from adapters.event_store.history import read_stream
from adapters.postgres.embedded import Urls
from api.gatherings import LONGEST_SECONDS
from domain.calls.call import CALL
from domain.calls.outcome import outcome, steps
from domain.calls.state import Call
from domain.calls.words import InConference, Outcome, QueueResult, Step
from domain.identifiers import call_id, leg_id
from domain.workspaces.words import Routing, RoutingRule, RoutingStep

HOLD_ON = "Please hold on."
WAITS = RoutingRule(
    step=RoutingStep.queue, room="Anna's callers", unanswered=RoutingStep.voicemail
)
MEETS = RoutingRule(step=RoutingStep.conference, room="Anna's team")


async def routing(house: House, *rules: RoutingRule) -> None:
    """These are the workspace's rules."""
    waiting = prompt("waiting", HOLD_ON)
    await setting(house, routing=Routing(time_zone="Europe/London", rules=rules, waiting=waiting))


async def call_of(house: House, one: Waiter) -> Call:
    """The call as the history has it."""
    stream = call_id(house.workspace_id, "twilio", one.sid)
    async with (await house.cell()).scoped(house.workspace_id) as connection:
        events: list[Any] = [entry.event for entry in await read_stream(connection, stream)]
    return CALL.fold(events)


def taken(call: Call) -> set[Step]:
    """The steps of its way."""
    return {step for _, step in call.routed}


@asynchronous
async def test_a_caller_waits_and_is_spoken_to(database: Urls, tmp_path: Path) -> None:
    """Again and again; nothing that Twilio is told names anybody, and nothing is kept of it."""
    async with serving(database, tmp_path) as house:
        await routing(house, WAITS)
        one, other = waiter(house), waiter(house, seed=2)
        await one.ring()
        await other.ring()
        before = await call_of(house, one)
        await one.wait(40)
        assert one.heard == [HOLD_ON, HOLD_ON]
        assert one.rooms == other.rooms
        assert "Anna" not in "".join([*one.rooms, one.waiting, one.over])
        assert await call_of(house, one) == before
        assert taken(before) == {Step.queue}
        assert outcome(before) is None


@pytest.mark.parametrize(
    ("said", "result", "ended"),
    [
        ("bridged", QueueResult.bridged, Outcome.answered),
        ("redirected-from-bridged", QueueResult.bridged, Outcome.answered),
        ("hangup", QueueResult.hung_up, Outcome.abandoned),
        ("queue-full", QueueResult.full, Outcome.voicemail),
        ("system-error", QueueResult.failed, Outcome.voicemail),
    ],
)
@asynchronous
async def test_how_the_waiting_ends(
    database: Urls, tmp_path: Path, said: str, result: QueueResult, ended: Outcome
) -> None:
    """It is a step of the call; told twice it is one; where nobody came a message is left."""
    async with serving(database, tmp_path) as house:
        await routing(house, WAITS)
        one = waiter(house)
        await one.ring()
        await one.leave(said)
        form = [*one._leg(), ("QueueResult", said), ("QueueTime", "30")]  # noqa: SLF001 - its own form
        again = [*form, ("CallStatus", "completed")]
        await one.post(one.over, again)
        call = await call_of(house, one)
        (wait,) = call.gathered.waits
        assert (wait.result, wait.seconds) == (result, 30)
        assert [step.detail for step in steps(call) if step.kind == "left_queue"] == [result]
        assert outcome(call) is ended
        assert (Step.voicemail in taken(call)) is (ended is Outcome.voicemail)
        assert bool(one.recordings) is (ended is Outcome.voicemail)


@asynchronous
async def test_nobody_waits_for_ever(database: Urls, tmp_path: Path) -> None:
    """After the longest time the caller is asked to leave a message, or the call ends."""
    async with serving(database, tmp_path) as house:
        await routing(house, RoutingRule(step=RoutingStep.queue))
        one = waiter(house)
        await one.ring()
        await one.wait(LONGEST_SECONDS - 1)
        assert not one.is_over
        await one.wait(LONGEST_SECONDS)
        assert one.is_over
        call = await call_of(house, one)
        assert call.gathered.results == {QueueResult.left}
        assert outcome(call) is Outcome.missed


@asynchronous
async def test_whoever_meets_is_a_step_of_the_call_that_opened_it(
    database: Urls, tmp_path: Path
) -> None:
    """In whatever order Twilio tells it, and however often."""
    async with serving(database, tmp_path) as house:
        await routing(house, MEETS)
        orders, found = list(permutations(range(4)))[::5], []
        for seed, order in enumerate(orders, 1):
            one, guest = waiter(house, seed=seed), waiter(house, seed=100 + seed)
            await one.ring()
            await guest.ring()
            assert one.rooms == guest.rooms
            assert "Anna" not in one.told + one.over + one.rooms[0]
            told = [
                one.meeting("conference-start", 2),
                one.meeting("participant-join", 1, guest.sid),
                one.meeting("participant-leave", 3, guest.sid),
                one.meeting("conference-end", 4),
            ]
            for number in (*order, *order[::-1]):
                await one.post(one.told, told[number])
            call = await call_of(house, one)
            legs: dict[UUID, str] = {
                leg_id(house.workspace_id, "twilio", x.sid): n
                for x, n in ((one, "one"), (guest, "guest"))
            }
            assert call.gathered.conferences == {CONFERENCE}
            assert len(call.legs) == 1
            own = (await call_of(house, guest)).gathered.meetings
            opened = call_id(house.workspace_id, "twilio", one.sid)
            assert {(m.what, m.opened_by) for m in own} == {
                (InConference.joined, opened),
                (InConference.left, opened),
            }
            found.append({(m.what, legs[m.leg_id], m.sequence) for m in call.gathered.meetings})
            await one.hang_up()
            await guest.hang_up()
            assert outcome(await call_of(house, one)) is Outcome.answered
            assert outcome(await call_of(house, guest)) is Outcome.answered
        assert found == [
            {
                (InConference.started, "one", 2),
                (InConference.joined, "guest", 1),
                (InConference.left, "guest", 3),
                (InConference.ended, "one", 4),
            }
        ] * len(orders)


@asynchronous
async def test_what_is_not_understood_of_them_is_kept(database: Urls, tmp_path: Path) -> None:
    """As a dead letter with its reason, and answered with nothing more to do."""
    async with serving(database, tmp_path) as house:
        await routing(house, WAITS, MEETS)
        one = waiter(house)
        await one.ring()
        one.rooms.append("room")
        ring = [*one._leg(), ("CallStatus", "in-progress")]  # noqa: SLF001 - its own form
        await house.post([*ring, ("QueueResult", "levitated")], "voice/waited")
        for form, query in [
            (one.meeting("conference-levitated", 1), f"?call={one.sid}"),
            (one.meeting("conference-start", 1), ""),
            (one.meeting("participant-join", 1), f"?call={one.sid}"),
        ]:
            answer = await house.post(form, "voice/conference", query=query)
            assert answer.status_code == 200
        letters = (await house.get("/dead-letters")).json()["data"]
        assert {(letter["channel"], letter["reason"]) for letter in letters} == {
            ("voice/waited", "unknown_queue_result"),
            ("voice/conference", "unknown_conference_event"),
            ("voice/conference", "unknown_conference"),
            ("voice/conference", "no_call_sid"),
        }
        assert not (await call_of(house, one)).gathered.meetings
