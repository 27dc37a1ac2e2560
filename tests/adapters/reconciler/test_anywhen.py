"""Whatever is lost, doubled or late, and whenever the reconciler comes: it is the same call."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest
from call_shapes import SHAPES
from cells import asynchronous
from hypothesis import given, settings
from hypothesis import strategies as st
from reconciling import LATER, desk
from reports import START
from twilio_calls import INCOMING
from views import catch_up

from adapters.postgres.embedded import Urls

TWINS = tuple(SHAPES)


@dataclass(frozen=True)
class Look:
    """The reconciler comes: so long after the call began, and closely or not."""

    after: timedelta
    is_thorough: bool


@dataclass(frozen=True)
class Story:
    """A call, the callbacks that come in, by number, and the reconciler in between."""

    name: str
    happens: Sequence[int | Look]


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Any status callback may be lost, doubled, and come after any other.

    What to do with the call Twilio asks only once we can be reached, so that question is not lost:
    the answer to it is ours.
    """
    name = draw(st.sampled_from(TWINS))
    told = SHAPES[name].told
    kept = [n for n, report in enumerate(told) if report.step or draw(st.integers(0, 2))]
    again = draw(st.lists(st.sampled_from(kept), max_size=3)) if kept else []
    looks = st.builds(Look, st.sampled_from([timedelta(0), timedelta(hours=1)]), st.booleans())
    happens: list[int | Look] = [*kept, *again, *draw(st.lists(looks, max_size=3))]
    return Story(name, draw(st.permutations(happens)))


@settings(max_examples=25, deadline=None)
@given(story=stories())
def test_it_is_the_same_call(
    story: Story, postgres: Urls, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """State, values and row equal those of the call whose callbacks all came in, in order."""

    @asynchronous
    async def compare() -> None:
        async with desk(postgres, tmp_path_factory.mktemp("anywhen")) as house:
            shape = SHAPES[story.name]
            complete, damaged = house.play(shape), house.play(shape)
            await complete.hear_all_but()
            for what in story.happens:
                if isinstance(what, Look):
                    only = START.date() if what.is_thorough else None
                    await house.reconcile(START + what.after, only=only)
                else:
                    await damaged.hear(what)
            await house.reconcile(LATER, only=START.date())
            await catch_up(house.home)
            assert await damaged.portrait() == await complete.portrait()

    compare()


@settings(max_examples=10, deadline=None)
@given(st.permutations(range(len(SHAPES["inbound, answered"].told))), st.integers(0, 2))
def test_while_callbacks_come_in(
    postgres: Urls, tmp_path_factory: pytest.TempPathFactory, order: list[int], lost: int
) -> None:
    """The same with the reconciler and all callbacks at the writer at once."""

    @asynchronous
    async def compare() -> None:
        async with desk(postgres, tmp_path_factory.mktemp("meanwhile")) as house:
            shape = SHAPES["inbound, answered"]
            complete, damaged = house.play(shape), house.play(shape)
            asked = [n for n, one in enumerate(damaged.told) if one.channel == INCOMING]
            left = {*order[lost:], *asked}
            await asyncio.gather(
                complete.hear_all_but(),
                *(damaged.hear(number) for number in order if number in left),
                house.reconcile(LATER, only=START.date()),
                house.reconcile(LATER, only=START.date()),
            )
            await house.reconcile(LATER, only=START.date())
            await catch_up(house.home)
            assert await damaged.portrait() == await complete.portrait()

    compare()
