"""Calls as Twilio tells them, for property tests: as forms, as commands, and in any disorder.

Every call here could have happened: legs that nobody answered, withheld and missing parties,
lost callbacks, callbacks stripped to the bare minimum, and ends that contradict each other.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final, NamedTuple, TypeVar
from uuid import UUID

from hypothesis import strategies as st
from reports import WORKSPACE
from twilio_forms import (
    ANSWERED,
    CALLEE,
    CALLER,
    START,
    UNANSWERED,
    Form,
    call_sid,
    incoming_form,
    leg_callbacks,
)

from adapters.twilio.callbacks import read_callback
from domain.calls.commands import ReportLeg
from domain.calls.words import Step

Item = TypeVar("Item")

ENDINGS: Final = (ANSWERED, *UNANSWERED.values(), ("canceled",), ("queued", "initiated"))
PARTIES: Final = (
    CALLER,
    "anonymous",
    "+266696687",
    "",
    "client:front_desk",
    "sip:alice@example.sip.twilio.com;user=phone",
    "384387",
)
ANSWERERS: Final = ("human", "machine_start", "machine_end_beep", "fax", "unknown", "a_new_word")
_BARE: Final = frozenset(
    ("CallSid", "ParentCallSid", "CallStatus", "CallDuration", "Timestamp", "SequenceNumber")
)
_NAMES: Final = (
    *("CallSid", "ParentCallSid", "AccountSid", "CallStatus", "Direction", "AnsweredBy"),
    *("From", "Caller", "To", "Called", "FromCity", "CallerCity", "CallerName", "ForwardedFrom"),
    *("Timestamp", "SequenceNumber", "CallDuration", "Duration", "SipResponseCode"),
    *("ApiVersion", "CallbackSource"),
)
_VALUES: Final = (
    *(call_sid(1), call_sid(2), "completed", "in-progress", "inbound", CALLER, "client:", "", " "),
    *("Fri, 31 Dec 9999 23:59:59 -2359", "0001-01-01T00:00:00+23:59", "-1", "9" * 30, "٣"),
)


class Callback(NamedTuple):
    """A form that Twilio posted, and the step that our answer to it took."""

    form: Form
    step: Step | None = None

    @property
    def call_id(self) -> UUID:
        """The call it belongs to."""
        return read_callback(WORKSPACE, self.form)[0]

    @property
    def command(self) -> ReportLeg:
        """What it reports, read anew each time."""
        return read_callback(WORKSPACE, self.form, step=self.step)[1]


@st.composite
def legs(
    draw: st.DrawFn,
    sid: str,
    *,
    parent: str | None = None,
    direction: str,
    caller: str,
    callee: str,
    after: int = 0,
) -> list[Form]:
    """Some of the status callbacks of one leg, at least one."""
    endings = [draw(st.sampled_from(ENDINGS))]
    if draw(st.integers(0, 9)) == 0:  # The provider contradicts itself, sometimes.
        endings.append((draw(st.sampled_from(tuple(UNANSWERED))),))
    forms = [
        form
        for statuses in endings
        for form in leg_callbacks(
            sid,
            parent=parent,
            direction=direction,
            caller=caller,
            callee=callee,
            statuses=statuses,
            start=START + timedelta(seconds=after),
            talk_seconds=draw(st.integers(0, 4000)),
        )
    ]
    if answerer := draw(st.none() | st.sampled_from(ANSWERERS)):
        forms = [*forms[:-1], [*forms[-1], ("AnsweredBy", answerer)]]
    arrived = [form for form in forms if draw(st.integers(0, 9))]  # One in ten is lost.
    return [_stripped(draw, form) for form in arrived or forms[-1:]]


@st.composite
def inbound_calls(draw: st.DrawFn) -> list[Callback]:
    """Somebody calls in; we dial nobody, one, or several at once."""
    root, caller = call_sid(1), draw(st.sampled_from(PARTIES))
    step = draw(st.sampled_from((None, *Step)))
    found = [Callback(incoming_form(root, caller=caller), step)]
    ends = legs(root, direction="inbound", caller=caller, callee=CALLEE)
    found += map(Callback, draw(ends)) if draw(st.booleans()) else []
    for number in range(draw(st.integers(0, 3))):
        found += map(Callback, draw(_child(number, root, caller)))
    return found


@st.composite
def outbound_calls(draw: st.DrawFn) -> list[Callback]:
    """We call somebody; or an agent asks for it, is called first, and then put through."""
    root, callee = call_sid(1), draw(st.sampled_from(PARTIES))
    forms = draw(legs(root, direction="outbound-api", caller=CALLEE, callee=callee))
    if draw(st.booleans()):
        forms += draw(_child(0, root, CALLEE))
    return [Callback(form) for form in forms]


def calls() -> st.SearchStrategy[list[Callback]]:
    """Any call, its callbacks in the order Twilio fires them."""
    return inbound_calls() | outbound_calls()


@st.composite
def disorders(draw: st.DrawFn, items: Sequence[Item]) -> list[Item]:
    """The same things in any order, any of them any number of times, none of them missing."""
    again = draw(st.lists(st.sampled_from(items), max_size=len(items)))
    return draw(st.permutations([*items, *again]))


def forms_of_anything() -> st.SearchStrategy[Form]:
    """Forms that an adversary might post: our names with any text, and any names."""
    names = st.sampled_from(_NAMES) | st.text(max_size=8)
    values = st.sampled_from(_VALUES) | st.text(max_size=40)
    return st.lists(st.tuples(names, values), max_size=25)


def _child(number: int, parent: str, caller: str) -> st.SearchStrategy[list[Form]]:
    return st.sampled_from(PARTIES).flatmap(
        lambda callee: legs(
            call_sid(2 + number),
            parent=parent,
            direction="outbound-dial",
            caller=caller,
            callee=callee,
            after=3,
        )
    )


def _stripped(draw: st.DrawFn, form: Form) -> Form:
    """The callback as a poor sender has it: without parties or direction."""
    if draw(st.integers(0, 9)):
        return form
    return [(name, value) for name, value in form if name in _BARE]
