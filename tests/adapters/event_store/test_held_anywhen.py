"""Whatever is held, whoever is erased, whichever bucket ends: just what is held is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import pytest
from cells import Home, asynchronous, new_cell, new_workspace, open_home
from holding import buckets, expire, hold, placing, read_for, release
from hypothesis import given, settings
from hypothesis import strategies as st
from twilio_forms import call_sid, incoming_form

from adapters.event_store.values import references
from adapters.postgres.embedded import Urls
from domain.personal_data import Need, Reading, Sealed

PEOPLE = [f"+3247000000{n}" for n in range(3)]
PAIRS = [(0, 1), (1, 2), (2, 0), (0, 2)]
"""Who calls whom."""


@dataclass(frozen=True)
class Story:
    """By their numbers: which people and calls are held, who is erased, what else expires."""

    held_people: frozenset[int]
    held_calls: frozenset[int]
    erased: frozenset[int]
    expires: bool


def some(number: int) -> st.SearchStrategy[frozenset[int]]:
    """Any of so many."""
    return st.frozensets(st.integers(0, number - 1))


STORIES = st.builds(Story, some(len(PEOPLE)), some(len(PAIRS)), some(len(PEOPLE)), st.booleans())


@dataclass(frozen=True)
class Told:
    """The cell, its calls and people, and what there was before anything went."""

    home: Home
    calls: list[UUID]
    people: list[UUID]
    before: Mapping[UUID, Mapping[tuple[int, str], Reading]]
    sealed: Mapping[UUID, Mapping[tuple[int, str], Sealed]]


async def told(home: Home) -> Told:
    """The calls come in."""
    receipts = await home.hear(
        *(
            incoming_form(call_sid(number), caller=PEOPLE[a], callee=PEOPLE[b])
            for number, (a, b) in enumerate(PAIRS)
        )
    )
    calls = [receipt.stream_id for receipt in receipts]
    people = [subject for number in PEOPLE if (subject := await home.subject_of(number))]
    sealed = {
        call: {
            (r.version, r.field): r.sealed for e in await home.stream(call) for r in references(e)
        }
        for call in calls
    }
    before = {call: await read_for(home, call) for call in calls}
    return Told(home, calls, people, before, sealed)


def expected(one: Sealed, is_kept: bool, erased: set[UUID], ended: set[UUID]) -> str:  # noqa: FBT001 - of the model
    """How a value reads to who needs it for a claim."""
    if is_kept:
        return "value"
    if not erased.isdisjoint(one.subjects):
        return "erased"
    return "expired" if one.bucket in ended else "value"


async def compare(world: Told, story: Story, erased: set[UUID], ended: set[UUID]) -> None:
    """Hold every value against the model, for who has a need and for who has none."""
    held_people = {world.people[n] for n in story.held_people}
    held_calls = {world.calls[n] for n in story.held_calls}
    for call in world.calls:
        needed = await read_for(world.home, call, Need.legal_claims)
        plain = await read_for(world.home, call)
        for place, one in world.sealed[call].items():
            is_kept = call in held_calls or not held_people.isdisjoint(one.subjects)
            assert needed[place].state == expected(one, is_kept, erased, ended)
            assert plain[place].state == expected(one, False, erased, ended)  # noqa: FBT003 - as above
            if needed[place].state == "value":
                assert needed[place] == world.before[call][place]


@settings(max_examples=3, deadline=None)
@given(stories=st.lists(STORIES, min_size=5, max_size=5))
def test_just_what_is_held_is_kept(
    stories: list[Story], postgres: Urls, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """To the byte, and no value more; after the release nothing of it is left, in any process."""
    folder = tmp_path_factory.mktemp("held")

    @asynchronous
    async def play() -> None:
        async with new_cell(postgres, folder) as cell:
            for story in stories:
                await live_through(story, await new_workspace(cell))

    play()


async def live_through(story: Story, home: Home) -> None:
    """In a workspace of its own."""
    world = await told(home)
    holds = [
        *[await hold(home, placing(subjects=[world.people[n]])) for n in story.held_people],
        *[await hold(home, placing(calls=[world.calls[n]])) for n in story.held_calls],
    ]
    ended = set(await buckets(home) if story.expires else ())
    for bucket in ended:
        await expire(home, bucket)
    asked = {world.people[n] for n in story.erased}
    for subject in asked:
        await home.erase(subject)
    await home.cell.erasures.finish()
    waiting = {world.people[n] for n in story.held_people} & asked
    await compare(world, story, asked - waiting, ended)
    async with open_home(home.address) as restarted:
        for hold_id in holds:
            await release(restarted, hold_id)
        await restarted.cell.erasures.finish()
    nothing = Story(frozenset(), frozenset(), story.erased, story.expires)
    await compare(world, nothing, asked, ended)
    assert await home.address.sql("SELECT count(*) FROM escrow") == [(0,)]
