"""The rules read no clock, no random source and no environment: a replay is a replay.

The guard watches every call that Python makes, in our code and below it, and stops at the
first one that asks the world for something.
"""

import gc
import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from types import FrameType
from uuid import uuid4

import pytest
from asking import ASKED, change, close, invite
from call_shapes import SHAPES
from consent_stories import said
from recordings import begin, fail, report, store
from reports import party
from sealing import sealed

from domain.calls.call import CALL
from domain.calls.outcome import outcome, steps, times
from domain.consents.commands import AskConsent, GiveConsent, RefuseConsent, WithdrawConsent
from domain.consents.consent import CONSENT
from domain.dead_letters.dead_letter import DEAD_LETTER, CloseDeadLetter, KeepDeadLetter
from domain.decider import AnyDecider
from domain.messages import Command, Event
from domain.recordings.recording import RECORDING
from domain.subjects.commands import ConfirmDeletion, EraseSubject
from domain.subjects.events import ErasureReason
from domain.subjects.subject import SUBJECT
from domain.workspaces.workspace import WORKSPACE

WORLDLY = {
    *("now", "utcnow", "today", "time", "time_ns", "monotonic", "perf_counter", "localtime"),
    *("urandom", "getrandom", "random", "getrandbits", "open", "getenv", "connect"),
}
WORLDLY_MODULES = {"os", "random", "secrets", "socket"}

ERASE = EraseSubject(reason=ErasureReason.requested)
CONFIRM = ConfirmDeletion(values_deleted=1, is_complete=True)
KEEP = KeepDeadLetter(channel="voice/status", reason="no_status", callback=party())
STORIES: list[tuple[AnyDecider, Sequence[Command]]] = [
    *((CALL, shape.told) for shape in SHAPES.values()),
    (RECORDING, [report(), begin(), fail(), begin(("w/3",)), store(("w/3",)), report()]),
    (SUBJECT, [ERASE, ERASE, CONFIRM, CONFIRM]),
    (DEAD_LETTER, [KEEP, KEEP, CloseDeadLetter()]),
    (CONSENT, [said(kind, 3) for kind in (AskConsent, GiveConsent, RefuseConsent) * 2]),
    (CONSENT, [said(WithdrawConsent, 3)]),
    (WORKSPACE, [change(recording=ASKED), invite(), close()]),
]


class Impure(Exception):  # noqa: N818 - what was caught in the act
    """Something asked the world."""


def _watch(frame: FrameType, event: str, called: object) -> None:
    if event == "c_call" and getattr(called, "__name__", "") in WORLDLY:
        raise Impure(getattr(called, "__name__", ""))
    if event == "call" and frame.f_globals.get("__name__") in WORLDLY_MODULES:
        raise Impure(frame.f_code.co_qualname)


@contextmanager
def no_world() -> Iterator[None]:
    """Whoever asks for the time, a random number or the environment in here fails."""
    before = sys.getprofile()
    gc.disable()  # Hypothesis times the collector, wherever it happens to run.
    sys.setprofile(_watch)
    try:
        yield
    finally:
        sys.setprofile(before)
        gc.enable()


@pytest.mark.parametrize(
    "ask",
    [
        time.time,
        lambda: datetime.now(UTC),
        random.random,
        uuid4,
        lambda: os.environ.get("HOME"),
        lambda: os.urandom(1),
    ],
)
def test_the_guard_catches(ask: Callable[[], object]) -> None:
    """The guard itself would notice."""
    with pytest.raises(Impure), no_world():
        ask()


def test_rules_are_pure() -> None:
    """Deciding and evolving ask the world for nothing, for any kind of call or request."""
    for decider, commands in STORIES:
        with no_world():
            state = decider.initial
            for command in commands:
                state = decider.fold(decider.decide(state, command), state)


def test_readings_are_pure() -> None:
    """What a call log says of a call is read off the call and off nothing else."""
    for shape in SHAPES.values():
        call = CALL.initial
        for command in shape.told:
            call = CALL.fold([sealed(event) for event in CALL.decide(call, command)], call)
        with no_world():
            assert outcome(call) is shape.outcome
            assert times(call).ended_at
            assert steps(call)


def test_a_message_cannot_be_changed() -> None:
    """Events and commands are frozen: nobody changes what was said."""
    events: list[Event] = list(CALL.decide(CALL.initial, SHAPES["outbound, busy"].told[0]))
    with pytest.raises(AttributeError, match="immutable"):
        events[0].occurred_at = None  # type: ignore[misc]  # what must not be
