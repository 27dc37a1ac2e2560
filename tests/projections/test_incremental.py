"""However a view was followed, it is the view that a rebuild makes: both are the history."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from enum import Enum
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from cells import Home, new_cell, new_workspace
from histories import days
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import PARTIES, Callback
from views import TALLY, add_tally, catch_up, rebuilt, rows_of, rows_owed

from adapters.event_store.requests import Request
from adapters.postgres.embedded import Urls
from adapters.twilio.callbacks import read_callback
from domain.calls.call import CALL
from domain.messages import Context
from projections.call_log.view import CALL_LOG
from projections.follower import Follower

VIEWS = (CALL_LOG, TALLY)


class Happening(Enum):
    """What may happen between callbacks."""

    nothing = "nobody follows"
    one = "one follower catches up"
    other = "another one catches up"
    both = "both catch up at once"
    interruption = "one is interrupted, wherever it is, and goes on later"
    rebirth = "one is replaced by another that knows nothing"
    erasure = "somebody is erased"


class Step(NamedTuple):
    """Some callbacks, and what happens after them."""

    callbacks: Sequence[Callback]
    then: Happening
    how: int


@st.composite
def stories(draw: st.DrawFn) -> list[Step]:
    """A day of calls in any disorder, with whatever happens in between."""
    told, story = list(draw(days())), list[Step]()
    while told:
        count = draw(st.integers(1, 9))
        then = draw(st.sampled_from(Happening))
        story.append(Step(told[:count], then, draw(st.integers(1, 6))))
        del told[:count]
    return story


class Followers:
    """Two followers of each view of a cell, driven by hand."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._pairs = [[self._new(n), self._new(n)] for n in range(len(VIEWS))]

    def _new(self, view: int, batch: int = 3) -> Follower:
        return Follower(self._home.cell.follow, VIEWS[view], batch=batch)

    async def catch_up(self, *which: int) -> None:
        """Let these of each pair catch up, at once."""
        chosen = [pair[n] for pair in self._pairs for n in which]
        await asyncio.gather(*(self._follow(follower) for follower in chosen))

    async def interrupt(self, after: float) -> None:
        """Let one of each pair begin, and break it off."""
        begun = [asyncio.create_task(self._follow(pair[0])) for pair in self._pairs]
        await asyncio.sleep(after)
        for task in begun:
            task.cancel()
        await asyncio.gather(*begun, return_exceptions=True)

    def replace(self, batch: int) -> None:
        """Forget one of each pair; another one takes its place."""
        for view, pair in enumerate(self._pairs):
            pair[1] = self._new(view, batch)

    async def _follow(self, follower: Follower) -> None:
        async with await self._home.cell.follow() as connection:
            await follower.catch_up(connection)


async def hear(home: Home, callbacks: Sequence[Callback]) -> None:
    """Handle the callbacks as they come in, all at once."""
    workspace = home.address.workspace_id
    asked = [read_callback(workspace, callback.form, step=callback.step) for callback in callbacks]
    await asyncio.gather(
        *(
            home.cell.writer.handle(
                Request(workspace, call_id, CALL, command, Context("twilio", uuid4()))
            )
            for call_id, command in asked
        )
    )


async def live(home: Home, followers: Followers, step: Step) -> None:
    """One step of a story."""
    await hear(home, step.callbacks)
    match step.then:
        case Happening.nothing:
            pass
        case Happening.one:
            await followers.catch_up(0)
        case Happening.other:
            await followers.catch_up(1)
        case Happening.both:
            await followers.catch_up(0, 1)
        case Happening.interruption:
            await followers.interrupt(0.002 * step.how)
        case Happening.rebirth:
            followers.replace(step.how)
        case Happening.erasure:
            if subject := await home.subject_of(PARTIES[0]):
                await home.erase(subject)
                await home.cell.erasures.finish()


async def check(home: Home, followers: Followers) -> None:
    """Followed, folded by hand and rebuilt from nothing, each view has the same rows."""
    await followers.catch_up(0)
    for view in VIEWS:
        assert await catch_up(home, view) == 0
        followed = await rows_of(home, view)
        assert followed == await rows_owed(home, view)
        assert (await rebuilt(home, view)).is_equal
        await home.address.sql(f"TRUNCATE {view.name}")
        again = await rebuilt(home, view)
        assert (again.missing, again.surplus) == (len(followed), 0)
        assert await rows_of(home, view) == followed


def test_a_followed_view_is_a_rebuilt_one(database: Urls, tmp_path: Path) -> None:
    """Whatever the calls, their disorder, the batches and the breaks, and whoever was erased."""

    async def tell(cell: Home, followers: Followers, story: list[Step]) -> None:
        home = await new_workspace(cell)  # The same calls are others there.
        for step in story:
            await live(home, followers, step)
        await check(home, followers)

    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        home = runner.run(stack.enter_async_context(new_cell(database, tmp_path)))
        runner.run(add_tally(home))
        followers = Followers(home)

        @settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(stories())
        def every_story(story: list[Step]) -> None:
            runner.run(tell(home, followers, story))

        try:
            every_story()
        finally:
            runner.run(stack.aclose())
