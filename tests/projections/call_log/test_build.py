"""A call's row is a pure fold of its entries: of references, and of nothing personal."""

import copy
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from call_shapes import SHAPES, Shape
from cells import Home, asynchronous, new_cell
from histories import entries_of
from reports import WORKSPACE, at, leg, leg_of, party
from twilio_forms import Form, call_callbacks, call_sid
from views import catch_up, rebuilt, rows_of

from adapters.postgres.embedded import Urls
from domain.messages import Entry
from domain.personal_data import Sealed
from projections.call_log.build import CallSoFar, Named, fold, row
from projections.call_log.view import CALL_LOG

CALLER, CALLEE = "+32477123456", "+3225551234"
MARKERS = ("477123456", "25551234", "Zebediah", "Quuxville", "x-marker", "hidden")


def folded(entries: list[Entry]) -> CallSoFar:
    """A call that there is, as far as these entries go."""
    so_far = None
    for entry in entries:
        so_far = fold(so_far, entry)
    assert so_far is not None
    return so_far


def columns(entries: list[Entry]) -> dict[str, Any]:
    """The row that these entries come to, by column."""
    names = [column.name for column in CALL_LOG.columns]
    return dict(zip(names, row(folded(entries)), strict=True))


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_the_row_says_what_became_of_the_call(shape: Shape) -> None:
    """Outcome, times and lengths stand in the row as the rules read them off the call."""
    found = columns(entries_of(shape.told))
    times = [None if t is None else at(t) for t in (shape.started, shape.answered, shape.ended)]
    assert [found["started_at"], found["answered_at"], found["ended_at"]] == times
    lengths = (found["ring_seconds"], found["talk_seconds"], found["duration_seconds"])
    assert lengths == shape.lengths
    assert found["outcome"] == shape.outcome
    assert found["leg_count"] == len({command.leg_id for command in shape.told})
    assert found["workspace_id"] == WORKSPACE


def test_the_row_stands_where_the_history_stands() -> None:
    """Version, position and times are those of the last entry; the first time stays the first."""
    entries = entries_of(SHAPES["inbound, answered"].told)
    for before, after in pairwise(columns(entries[:n]) for n in range(1, len(entries) + 1)):
        assert after["version"] == before["version"] + 1
        assert after["position"] > before["position"]
        assert after["first_recorded_at"] == before["first_recorded_at"]
    last = entries[-1]
    assert (after["position"], after["recorded_at"]) == (last.position, last.recorded_at)


def test_folding_changes_nothing_that_was() -> None:
    """What a call was before an entry is the same object with the same content after it."""
    entries = entries_of(SHAPES["inbound, answered"].told)
    for n in range(1, len(entries)):
        so_far = folded(entries[:n])
        before = copy.deepcopy(row(so_far))
        fold(so_far, entries[n])
        assert row(so_far) == before
        assert row(folded(entries[:n])) == before


def test_a_call_without_times_is_sorted_by_when_we_heard_of_it() -> None:
    """A page of calls has a place for each."""
    entries = entries_of(leg("line", "ringing answered"))
    found = columns(entries)
    assert found["started_at"] is None
    assert found["sort_at"] == entries[0].recorded_at


def test_parties_are_references_to_where_they_lie() -> None:
    """The main leg's parties, with the version at which each was named: there the vault has it."""
    told = [
        *leg("desk", "dialing@1", parent="line", caller=party("+32470000009")),
        *leg("line", "ringing", caller=party("+32470000001")),
        *leg("line", "completed@9", callee=party("+32470000002")),
    ]
    entries = entries_of(told)
    desk_only = columns(entries[:2])
    assert desk_only["caller_subject"] == _named(entries, "desk", "caller")[1].subjects[0]
    found = columns(entries)
    for role in ("caller", "callee"):
        version, sealed = _named(entries, "line", role)
        assert found[f"{role}_subject"] == sealed.subjects[0]
        assert found[role] == Named(version, sealed)


def _named(entries: list[Entry], name: str, role: str) -> tuple[int, Sealed]:
    """Where a leg's party was first named, and the reference that stands there."""
    for entry in entries:
        event: Any = entry.event
        sealed = getattr(event, role, None)
        if event.leg_id == leg_of(name) and isinstance(sealed, Sealed):
            return entry.version, sealed
    raise LookupError(role)


def test_a_call_nobody_is_named_in() -> None:
    """It has a row, without parties."""
    found = columns(entries_of(leg("line", "ringing@0 completed@9")))
    parties = [found[name] for name in ("caller", "callee", "caller_subject", "callee_subject")]
    assert parties == [None] * 4


@asynchronous
async def test_no_personal_value_is_in_a_row(database: Urls, tmp_path: Path) -> None:
    """The whole table as text holds nothing of what the callbacks said about anybody."""
    async with new_cell(database, tmp_path) as home:
        await home.hear(*_marked_call())
        await catch_up(home)
        assert await _found_in(home, "call_log") == []
        await home.address.sql("CREATE TABLE clear AS SELECT 'caller x-marker'::text")
        assert await _found_in(home, "clear") == ["x-marker"]


def _marked_call() -> list[Form]:
    """A call whose every personal field can be recognised."""
    forms = call_callbacks(call_sid(1), call_sid(2), caller=CALLER, callee=CALLEE)
    marks = [("CallerName", "Zebediah"), ("SipHeader_X", "x-marker"), ("ForwardedFrom", "hidden")]
    towns = {"FromCity": "Quuxville"}
    return [[(name, towns.get(name, value)) for name, value in form] + marks for form in forms]


async def _found_in(home: Home, table: str) -> list[str]:
    """The markers that a table's rows hold, as text and as bytes."""
    rows = await home.address.sql(f"SELECT lower(t::text) FROM {table} AS t")  # noqa: S608 - ours
    assert rows
    text = " ".join(row for (row,) in rows)
    return [
        marker for marker in MARKERS if marker.lower() in text or marker.encode().hex() in text
    ]


@asynchronous
async def test_an_erasure_leaves_the_row(database: Urls, tmp_path: Path) -> None:
    """The call stays in the log, with references that no longer open; a rebuild agrees."""
    async with new_cell(database, tmp_path) as home:
        await home.hear(*_marked_call())
        await catch_up(home)
        before = await rows_of(home, CALL_LOG)
        subject: UUID = await home.erase_number(CALLER)
        await home.cell.erasures.finish()
        await catch_up(home)
        assert await rows_of(home, CALL_LOG) == before
        ((kept,),) = await home.address.sql("SELECT caller_subject FROM call_log")
        assert kept == subject
        assert (await rebuilt(home)).is_equal
