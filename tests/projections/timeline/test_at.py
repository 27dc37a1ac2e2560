"""A call as it was: at a version, as known at one time, and as true at another."""

from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from uuid import UUID

from cells import Home, asynchronous, new_cell
from histories import RECORDED_FROM, entries_of
from hypothesis import given
from hypothesis import strategies as st
from reports import START, at, leg, leg_of, party, report
from sealing import tell
from strategies import Callback, calls, disorders
from twilio_forms import call_callbacks, call_sid

from adapters.postgres.embedded import Urls
from domain.calls.call import CALL
from domain.calls.state import Call
from domain.calls.words import LegStatus
from domain.messages import Entry
from projections import timeline

EVER = datetime.max.replace(tzinfo=START.tzinfo)
TOLD = leg("line", "dialing@0 ringing@3 answered@9 completed@69", seconds=60)


@st.composite
def told(draw: st.DrawFn) -> list[Callback]:
    """A call's callbacks in any disorder."""
    return draw(disorders(draw(calls())))


def moments() -> st.SearchStrategy[datetime]:
    """Times before, during and after a call and our hearing of it."""
    return st.integers(-10, 9000).map(at)


def history(callbacks: list[Callback]) -> list[Entry]:
    """The call's entries."""
    return entries_of(callback.command for callback in callbacks)


def call_of(entries: list[Entry]) -> Call:
    """The call that these entries come to; ``KeyError`` where they do not hang together."""
    return Home.call(entries)


def statuses(entries: list[Entry]) -> dict[UUID, LegStatus | None]:
    """Where each leg is."""
    return {leg_id: leg.course.status for leg_id, leg in call_of(entries).legs.items()}


@given(told())
def test_a_version_replays_to_what_was_seen_at_it(callbacks: list[Callback]) -> None:
    """Version n is the state that the n-th entry led to, for every n."""
    state, entries = CALL.initial, history(callbacks)
    versions = [call_of(timeline.at(entries, version=n)) for n in range(len(entries) + 1)]
    assert versions[0] == state
    for callback in callbacks:
        state, events = tell(CALL, [callback.command], state)
        del versions[: len(events)]
        assert versions[0] == state
    assert timeline.at(entries) == entries


@given(st.data(), told(), st.none() | moments())
def test_what_was_known_stays_what_was_known(
    data: st.DataObject, callbacks: list[Callback], as_of: datetime | None
) -> None:
    """Whatever comes in later, the same question about then has the same answer."""
    entries = history(callbacks)
    known_at = data.draw(st.sampled_from(entries)).recorded_at
    early = [entry for entry in entries if entry.recorded_at <= known_at]
    asked_then = timeline.at(early, known_at=known_at, as_of=as_of)
    assert timeline.at(entries, known_at=known_at, as_of=as_of) == asked_then
    assert timeline.at(early, as_of=as_of) == asked_then


@given(told(), moments(), moments())
def test_knowledge_grows(callbacks: list[Callback], one: datetime, other: datetime) -> None:
    """Who asks about a later time of knowing gets the same beginning, and maybe more."""
    entries = history(callbacks)
    earlier, later = sorted((one, other))
    before = timeline.at(entries, known_at=earlier)
    assert timeline.at(entries, known_at=later)[: len(before)] == before
    assert timeline.at(entries, known_at=EVER) == entries


@given(told(), moments(), moments())
def test_a_call_hangs_together_at_any_time(
    callbacks: list[Callback], one: datetime, other: datetime
) -> None:
    """Any two clocks give a call that there can be, and as time goes on nothing is taken back."""
    entries = history(callbacks)
    earlier, later = sorted((one, other))
    for known_at in (None, one, RECORDED_FROM + timedelta(seconds=3)):
        before = timeline.at(entries, known_at=known_at, as_of=earlier)
        after = timeline.at(entries, known_at=known_at, as_of=later)
        assert call_of(before).legs.keys() <= call_of(after).legs.keys()
        assert set(before) <= set(after)
        assert after == [entry for entry in entries if entry in after]
    assert timeline.at(entries, as_of=EVER) == entries


def test_true_then_is_not_known_then() -> None:
    """A call that was over when we first heard of it was ringing all the same."""
    entries = entries_of(TOLD, recorded_from=at(100))
    assert statuses(timeline.at(entries, as_of=at(5))) == {leg_of("line"): LegStatus.ringing}
    assert timeline.at(entries, known_at=at(5)) == []
    assert timeline.at(entries, known_at=at(5), as_of=at(5)) == []
    known = timeline.at(entries, known_at=at(101), as_of=at(60))
    assert statuses(known) == {leg_of("line"): LegStatus.ringing}
    assert statuses(timeline.at(entries, as_of=at(60))) == {leg_of("line"): LegStatus.answered}


def test_a_late_report_changes_what_was_true_and_not_what_was_known() -> None:
    """Its own time places it among what happened; the time of hearing, among what was known."""
    dialed, rang, answered, ended = TOLD
    entries = entries_of([dialed, rang, ended, answered], recorded_from=at(100))
    before_it = timeline.at(entries, known_at=at(102), as_of=at(30))
    assert statuses(before_it) == {leg_of("line"): LegStatus.ringing}
    after_it = timeline.at(entries, known_at=at(103), as_of=at(30))
    assert statuses(after_it) == {leg_of("line"): LegStatus.answered}
    assert call_of(timeline.at(entries, as_of=at(69))) == call_of(entries)


def test_a_leg_begins_by_what_was_known() -> None:
    """What we learnt later does not make it begin earlier for whom asks what we knew."""
    entries = entries_of([report("line", "ringing@30"), report("line", "dialing@0")])
    assert timeline.at(entries, known_at=RECORDED_FROM, as_of=at(10)) == []
    assert len(timeline.at(entries, as_of=at(10))) == 2


def test_the_order_of_hearing_is_not_the_order_of_happening() -> None:
    """What was true at a time does not depend on the order in which we heard of it."""
    for second in (-1, 0, 2, 3, 8, 9, 68, 69):
        found = [
            call_of(timeline.at(entries_of(order), as_of=at(second)))
            for order in (TOLD, TOLD[::-1], [TOLD[2], TOLD[0], TOLD[3], TOLD[1]])
        ]
        assert found[0] == found[1] == found[2]


def test_a_leg_first_heard_of_by_its_last_report() -> None:
    """It began when its duration says, with whoever was on it; its end is not there yet."""
    *_, ended = leg("line", "dialing@0 completed@69", seconds=60, caller=party())
    entries = entries_of([ended])
    assert timeline.at(entries, as_of=at(8)) == []
    talking = call_of(timeline.at(entries, as_of=at(9)))
    assert talking.legs[leg_of("line")].caller is not None
    assert statuses(timeline.at(entries, as_of=at(68))) == {leg_of("line"): None}
    assert statuses(timeline.at(entries, as_of=at(69))) == {leg_of("line"): LegStatus.completed}


def test_who_was_on_a_leg_was_so_from_its_beginning() -> None:
    """That we learnt the number from a later report does not make the caller come later."""
    entries = entries_of([report("line", "ringing@0"), *leg("line", "answered@9", caller=party())])
    ringing = call_of(timeline.at(entries, as_of=at(1)))
    assert ringing.legs[leg_of("line")].caller is not None
    unknown = call_of(timeline.at(entries, known_at=RECORDED_FROM, as_of=at(1)))
    assert unknown.legs[leg_of("line")].caller is None


def test_an_incoming_call_began_before_what_it_dialled() -> None:
    """The caller's leg is first heard of without a time; the leg it dialled tells by when."""
    untimed = report("caller", "ringing")
    entries = entries_of(
        [untimed, *leg("desk", "dialing@10 ringing@12", parent="caller")], recorded_from=at(100)
    )
    assert timeline.at(entries, as_of=at(9)) == []
    assert statuses(timeline.at(entries, as_of=at(10))) == {
        leg_of("caller"): LegStatus.ringing,
        leg_of("desk"): LegStatus.dialing,
    }


def test_without_the_providers_time_ours_stands_in() -> None:
    """A report that does not say when happened, for all we know, when we heard of it."""
    entries = entries_of(leg("line", "ringing answered"))
    heard = [entry.recorded_at for entry in entries]
    assert timeline.at(entries, as_of=heard[0] - timedelta(microseconds=1)) == []
    assert statuses(timeline.at(entries, as_of=heard[0])) == {leg_of("line"): LegStatus.ringing}
    assert timeline.at(entries, as_of=heard[-1]) == entries


@asynchronous
async def test_the_real_history_answers_the_same(database: Urls, tmp_path: Path) -> None:
    """What a reader saw live at each moment is what the timeline says of it for ever after."""
    seconds = iter(range(1000))
    async with new_cell(database, tmp_path, lambda: at(next(seconds))) as home:
        seen: list[tuple[datetime, Call]] = []
        first, *rest = reversed(call_callbacks(call_sid(1), call_sid(2)))
        (receipt,) = await home.hear(first)
        for form in rest:
            await home.hear(form)
            entries = await home.stream(receipt.stream_id)
            seen.append((entries[-1].recorded_at, call_of(entries)))
        entries = await home.stream(receipt.stream_id)
        assert all(one < other for (one, _), (other, _) in pairwise(seen))
        for known_at, call in seen:
            assert call_of(timeline.at(entries, known_at=known_at)) == call
