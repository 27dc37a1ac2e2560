"""One call of the demo: a script with people in it, as callbacks and as an expectation."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import cycle
from random import Random
from typing import Final

from api.demo.cast import Office, Party
from api.demo.forms import FINAL, Form, Leg, incoming, minimal, progress
from api.demo.scripts import Script

NOBODY: Final = Party("")
DIRECTIONS: Final = {
    "line": "inbound",
    "call": "outbound-api",
    "agent": "outbound-api",
    "browser": "inbound",  # a browser telephone reaches Twilio "inbound", in order to call out
    "desk": "outbound-dial",
    "customer": "outbound-dial",
}


@dataclass(frozen=True, slots=True, repr=False)
class Callback:
    """One callback, at the moment at which Twilio fires it."""

    at: datetime
    channel: str
    form: Form
    is_last: bool
    """Whether it ends its leg."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the call log is to say of a call, and what its history is to hold."""

    direction: str | None
    outcome: str
    talk_seconds: int | None
    leg_count: int
    entries: int
    """One for each leg, one for each different callback, one for what we did with the call."""

    caller: str | None
    callee: str | None

    def __repr__(self) -> str:
        """Say how it went, not who it was."""
        return f"Expected({self.direction}, {self.outcome})"


@dataclass(frozen=True, slots=True, repr=False)
class PlayedCall:
    """A call that is played."""

    office: Office
    sid: str
    customer: str
    callbacks: tuple[Callback, ...]
    expected: Expected


@dataclass(frozen=True, slots=True, repr=False)
class Casting:
    """Who plays in a call, and what is odd about it."""

    office: Office
    customer: Party | None
    extra: Form = ()
    is_minimal: bool = False


def play_call(
    script: Script, casting: Casting, start: datetime, moments: Mapping[str, int], rng: Random
) -> PlayedCall:
    """Let the script happen to these people at this time."""
    legs = _legs(script, casting, rng)
    callbacks = tuple(
        callback
        for leg, part in zip(legs, script.legs, strict=True)
        for callback in _callbacks(leg, part.steps, start, moments)
    )
    call = PlayedCall(
        office=casting.office,
        sid=legs[0].sid,
        customer=casting.customer.address if casting.customer else "",
        callbacks=callbacks,
        expected=_expected(script, legs, callbacks, moments),
    )
    return _reduced(call) if casting.is_minimal else call


def _legs(script: Script, casting: Casting, rng: Random) -> list[Leg]:
    desks = cycle(rng.sample(casting.office.desks, len(casting.office.desks)))
    legs: list[Leg] = []
    for part in script.legs:
        caller, callee = _parties(part.role, casting, next(desks), rng)
        leg = Leg(
            sid=f"CA{rng.getrandbits(128):032x}",
            account_sid=casting.office.account_sid,
            direction=DIRECTIONS[part.role],
            caller=caller,
            callee=callee,
            parent_sid=legs[0].sid if legs else None,
            answered_by=part.answered_by,
            sip_code=part.sip_code,
            extra=casting.extra,
        )
        legs.append(leg)
    return legs


def _parties(role: str, casting: Casting, desk: Party, rng: Random) -> tuple[Party | None, Party]:
    """Who calls whom on a leg; a leg that is dialled shows the number of whoever called."""
    office, customer = casting.office, casting.customer
    match role:
        case "line":
            return customer, office.line
        case "desk":
            return customer, desk
        case "agent":
            return office.line, desk
        case "browser":
            return rng.choice(office.agents), NOBODY
        case _:
            return office.line, customer or NOBODY


def _callbacks(
    leg: Leg, steps: str, start: datetime, moments: Mapping[str, int]
) -> list[Callback]:
    """The callbacks of a leg; one that was answered by our routing is billed from its start."""
    split = (step.partition("@") for step in steps.split())
    at = {status: moments[moment] for status, _, moment in split}
    seconds = at["completed"] - at.get("in-progress", 0) if "completed" in at else 0
    numbered = [status for status in at if status != "incoming"]
    found = []
    for status, offset in at.items():
        moment = start + timedelta(seconds=offset)
        if status == "incoming":
            found.append(Callback(moment, "incoming", incoming(leg), is_last=False))
        else:
            form = progress(leg, status, numbered.index(status), moment, seconds)
            found.append(Callback(moment, "status", form, is_last=status in FINAL))
    return found


def _expected(
    script: Script, legs: list[Leg], callbacks: tuple[Callback, ...], moments: Mapping[str, int]
) -> Expected:
    caller, callee = legs[0].caller, legs[0].callee
    routed = sum(callback.channel == "incoming" for callback in callbacks)
    return Expected(
        direction=script.direction,
        outcome=script.outcome,
        talk_seconds=moments["end"] - moments["answer"] if script.talks else None,
        leg_count=len(legs),
        entries=len(legs) + len(callbacks) + routed,
        caller=(caller.address or None) if caller else None,
        callee=callee.address or None,
    )


def _reduced(call: PlayedCall) -> PlayedCall:
    """The same call, of which hardly anything is told."""
    callbacks = tuple(replace(c, form=minimal(c.form)) for c in call.callbacks)
    expected = replace(call.expected, direction=None, caller=None, callee=None)
    return replace(call, callbacks=callbacks, customer="", expected=expected)
