"""Whoever is erased whenever: every history still loads and says the same, and nobody else loses.

The same callbacks in the same order are told to two cells; in one of them some people are erased
on the way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from cells import Home, Readings, asynchronous, new_cell
from hypothesis import given, settings
from hypothesis import strategies as st
from twilio_forms import Form, call_callbacks, call_sid, leg_callbacks
from views import catch_up, rebuilt

from adapters.event_store.values import references
from adapters.postgres.embedded import Urls
from api.following import VIEWS
from domain.calls.outcome import outcome, steps, times
from domain.calls.state import Call

NUMBERS = [f"+3247000000{n}" for n in range(4)]


def _calls() -> list[Form]:
    """Three calls between four people, who each take part in two of them or three."""
    anne, boris, carla, dora = NUMBERS
    forms = [
        *call_callbacks(call_sid(1), call_sid(2), caller=anne, callee=boris, agent=carla),
        *leg_callbacks(call_sid(3), caller=boris, callee=dora),
        *leg_callbacks(call_sid(4), caller=carla, callee=anne, statuses=("ringing", "busy")),
    ]
    return [[*form, ("SipHeader_X-Number", str(n))] for n, form in enumerate(forms)]


@dataclass(frozen=True)
class Story:
    """What is told in which order, and who is erased after how much of it."""

    forms: Sequence[Form]
    erasures: dict[int, list[str]]


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Any order, and any of the people erased at any point of it, some never."""
    forms = draw(st.permutations(_calls()))
    moments: dict[int, list[str]] = {}
    for number in draw(st.lists(st.sampled_from(NUMBERS), unique=True, min_size=1)):
        moments.setdefault(draw(st.integers(0, len(forms))), []).append(number)
    return Story(forms, moments)


@dataclass(frozen=True)
class Told:
    """What there is in the end, by stream: the call as anybody sees it, and its values."""

    calls: dict[UUID, tuple[object, ...]]
    owners: dict[UUID, dict[tuple[int, str], tuple[UUID, ...]]]
    readings: dict[UUID, Readings]
    erased: frozenset[UUID]


def _seen(call: Call) -> tuple[object, ...]:
    """All that a call log says of a call; who was in it is in the readings."""
    reports = {leg.leg_id: leg.reports for leg in call.legs.values()}
    parties = {leg.leg_id: (not leg.caller, not leg.callee) for leg in call.legs.values()}
    return outcome(call), steps(call), times(call), reports, parties, call.routed


async def _boxes(home: Home) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Every sealed value as it lies in the vault, to the byte, by its place."""
    rows = await home.address.sql(
        "SELECT stream_id, version, field, subject_ids, bucket_id, key_check, box FROM vault"
    )
    return {row[:3]: row[3:] for row in rows}


async def _erase(home: Home, number: str) -> set[UUID]:
    """Erase whoever has the number, and see that nobody else's box is touched; who it was."""
    subject = await home.subject_of(number)
    if subject is None:
        return set()
    before = await _boxes(home)
    await home.erase(subject)
    await home.cell.erasures.finish()
    kept = {place: box for place, box in before.items() if subject not in box[0]}
    assert await _boxes(home) == kept
    return {subject}


async def _every_view_is_what_a_rebuild_makes(home: Home) -> None:
    for view in VIEWS.values():
        await catch_up(home, view)
        assert (await rebuilt(home, view, swap=False)).is_equal, view.name


async def _tell(home: Home, story: Story, *, erase: bool) -> Told:
    streams, erased = set(), set()
    for told in range(len(story.forms) + 1):
        for number in story.erasures.get(told, []) if erase else []:
            erased |= await _erase(home, number)
            await catch_up(home)
        receipts = await home.hear(*story.forms[told : told + 1])
        streams |= {receipt.stream_id for receipt in receipts}
    await home.cell.erasures.finish()
    if erase:
        await _every_view_is_what_a_rebuild_makes(home)
    entries = {one: await home.stream(one) for one in streams}
    return Told(
        {one: _seen(home.call(entries[one])) for one in streams},
        {
            one: {
                (r.version, r.field): r.sealed.subjects
                for e in entries[one]
                for r in references(e)
            }
            for one in streams
        },
        dict(zip(streams, await home.read(streams), strict=True)),
        frozenset(erased),
    )


@settings(max_examples=10, deadline=None)
@given(story=stories())
def test_an_erasure_changes_nothing_but_the_erased(
    story: Story, postgres: Urls, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The calls fold to the same; what is erased is the erased ones', and all else opens alike.

    Nobody else's sealed value changes by a byte, and every view is what a rebuild makes of it.
    """
    folder, workspace_id = tmp_path_factory.mktemp("erasure"), uuid4()

    @asynchronous
    async def compare() -> None:
        async with new_cell(postgres, folder, workspace_id=workspace_id) as home:
            plain = await _tell(home, story, erase=False)
        async with new_cell(postgres, folder, workspace_id=workspace_id) as home:
            told = await _tell(home, story, erase=True)
        assert told.calls == plain.calls
        for stream, readings in told.readings.items():
            for place, reading in readings.items():
                if told.erased.isdisjoint(told.owners[stream][place]):
                    assert reading == plain.readings[stream][place]
                    assert reading.state == "value"
                else:
                    assert (reading.state, reading.value) == ("erased", None)

    compare()
