"""Histories of calls: as entries without a database, and as days of many calls in any disorder."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from hypothesis import strategies as st
from reports import START, WORKSPACE
from sealing import tell
from strategies import Callback, calls, disorders
from twilio_forms import Form, call_sid

from domain.calls.call import CALL
from domain.calls.commands import ReportLeg
from domain.identifiers import call_id
from domain.messages import Entry

RECORDED_FROM = START + timedelta(hours=1)


def entries_of(
    commands: Iterable[ReportLeg], recorded_from: datetime = RECORDED_FROM
) -> list[Entry]:
    """One call's entries after these commands, heard one a second; others' entries between."""
    state, entries = CALL.initial, list[Entry]()
    for second, command in enumerate(commands):
        state, events = tell(CALL, [command], state)
        entries += [
            Entry(
                position=3 * (len(entries) + number) + 1,
                workspace_id=WORKSPACE,
                stream_id=call_id(WORKSPACE, "test", "line"),
                version=len(entries) + number + 1,
                recorded_at=recorded_from + timedelta(seconds=second),
                event=event,
                origin=("twilio", str(WORKSPACE), str(WORKSPACE)),
            )
            for number, event in enumerate(events)
        ]
    return entries


@st.composite
def days(draw: st.DrawFn) -> Sequence[Callback]:
    """The callbacks of a few calls: shuffled, repeated, and all mixed up."""
    told = [
        Callback(_of_call(number, callback.form), callback.step)
        for number, call in enumerate(draw(st.lists(calls(), min_size=1, max_size=4)))
        for callback in call
    ]
    return draw(disorders(told))


def _of_call(number: int, form: Form) -> Form:
    """The form with legs of its own: every strategy's call has the same ones."""
    mine = {call_sid(n): call_sid(100 * number + n) for n in range(1, 100)}
    return [(name, mine.get(value, value)) for name, value in form]
