"""Nothing lost: any one callback of any golden call is dropped, and the books make up for it."""

import asyncio
from pathlib import Path
from typing import Any

from call_shapes import SHAPES
from cells import asynchronous
from reconciling import Play, desk
from reports import START
from twilio_calls import INCOMING
from views import catch_up

from adapters.postgres.embedded import Urls
from domain.calls.course import Report
from domain.calls.words import Direction, LegStatus

QUESTION = Report(LegStatus.ringing, None, None)


@asynchronous
async def test_a_lost_callback_leaves_no_trace(postgres: Urls, tmp_path: Path) -> None:
    """The reconciled call equals the complete one: its state, its values, its row.

    Two things cannot come back. A step that we never took, because the question what to do with
    the call never reached us; and, of an outbound call, that we were asked: nothing shows it.
    """
    async with desk(postgres, tmp_path) as house:
        pairs: list[tuple[str, int, Play, Play]] = []
        for name, shape in SHAPES.items():
            for lost in range(len(shape.told)):
                complete, damaged = house.play(shape), house.play(shape)
                if complete.told[lost].channel == INCOMING:
                    complete.steps = [None] * len(shape.told)
                pairs.append((name, lost, complete, damaged))
        hearing = [complete.hear_all_but() for _, _, complete, _ in pairs]
        hearing += [damaged.hear_all_but(lost) for _, lost, _, damaged in pairs]
        await asyncio.gather(*hearing)
        await house.reconcile(only=START.date())
        await catch_up(house.home)
        for name, lost, complete, damaged in pairs:
            expected, found = await complete.portrait(), await damaged.portrait()
            if _was_asked_of_an_outbound_call(name, lost):
                _forget_the_question(expected)
            assert found == expected, f"{name}, without {lost}"


def _was_asked_of_an_outbound_call(name: str, lost: int) -> bool:
    report = SHAPES[name].told[lost]
    return report.step is not None and report.direction is Direction.outbound


def _forget_the_question(portrait: dict[str, Any]) -> None:
    is_registered, parent, direction, reports, price = portrait["legs"]["line"]
    assert QUESTION in reports
    portrait["legs"]["line"] = (is_registered, parent, direction, reports - {QUESTION}, price)
    portrait["row"]["version"] -= 1


@asynchronous
async def test_what_is_complete_is_left_alone(postgres: Urls, tmp_path: Path) -> None:
    """Of a complete call the books add the price and nothing else, and only once."""
    async with desk(postgres, tmp_path) as house:
        plays = [house.play(shape) for shape in SHAPES.values()]
        await asyncio.gather(*(play.hear_all_but() for play in plays))
        before = [len(await play.entries()) for play in plays]
        first = await house.reconcile(only=START.date())
        again = await house.reconcile(only=START.date())
        assert (first.is_done, again.tally.entries) == (True, 0)
        for play, told in zip(plays, before, strict=True):
            added = (await play.entries())[told:]
            assert {entry.event.name for entry in added} <= {"call.leg_priced"}
            assert all(entry.context.actor == "reconciler" for entry in added)


BEFORE_THE_ANSWER = {"started_at", "ring_seconds", "duration_seconds"}
UNANSWERED_END = {"started_at", "ended_at", "duration_seconds"}
UNKNOWN = {
    LegStatus.dialing: BEFORE_THE_ANSWER,
    LegStatus.ringing: BEFORE_THE_ANSWER,
    LegStatus.answered: {"started_at"},
    LegStatus.completed: set(),
    LegStatus.busy: UNANSWERED_END,
    LegStatus.failed: {*UNANSWERED_END, "outcome"},
    LegStatus.no_answer: UNANSWERED_END,
    LegStatus.canceled: UNANSWERED_END,
}
"""What the call log lacks when a leg's one lost report is known from the Call resource alone: it
knows no ringing, no end of a leg that nobody answered, and no SIP code (which tells "blocked")."""


@asynchronous
async def test_what_the_books_alone_can_say(postgres: Urls, tmp_path: Path) -> None:
    """Where Twilio kept no requests the call is over all the same, and lacks no more than this."""
    async with desk(postgres, tmp_path) as house:
        pairs: list[tuple[str, int, Play, Play]] = []
        for name, shape in SHAPES.items():
            for lost, report in enumerate(shape.told):
                if report.step is None:
                    complete, damaged = house.play(shape), house.play(shape)
                    for sid in damaged.sids.values():
                        house.account.events.pop(sid, None)
                    pairs.append((name, lost, complete, damaged))
        hearing = [complete.hear_all_but() for _, _, complete, _ in pairs]
        hearing += [damaged.hear_all_but(lost) for _, lost, _, damaged in pairs]
        await asyncio.gather(*hearing)
        await house.reconcile(only=START.date())
        await catch_up(house.home)
        for name, lost, complete, damaged in pairs:
            lacking = await _lacking(complete, damaged)
            status = SHAPES[name].told[lost].status
            if lacking == {"answered_at"}:
                assert _has_no_length(name), f"{name}, without {lost}"
            else:
                assert lacking <= UNKNOWN[status], f"{name}, without {lost}"


async def _lacking(complete: Play, damaged: Play) -> set[str]:
    expected, found = (await complete.portrait())["row"], (await damaged.portrait())["row"]
    assert found["outcome"] is not None
    differing = {name for name, value in expected.items() if found[name] != value}
    return differing - {"version"}


def _has_no_length(name: str) -> bool:
    """Whether some leg of the shape was answered, and nobody said for how long."""
    return any(
        report.status is LegStatus.completed and report.duration_seconds is None
        for report in SHAPES[name].told
    )
