"""Twilio's forms, field by field as it sends them: call starts and status callbacks."""

from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Final, TypeAlias

from api.demo.cast import Party

Form: TypeAlias = tuple[tuple[str, str], ...]

FINAL: Final = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
SIP_CODES: Final = {"busy": "486", "failed": "404", "no-answer": "487", "canceled": "487"}
MINIMAL: Final = frozenset({"CallSid", "AccountSid", "CallStatus", "CallDuration"})


@dataclass(frozen=True, slots=True, repr=False)
class Leg:
    """One leg as Twilio knows it. A caller of ``None`` is one that Twilio does not name."""

    sid: str
    account_sid: str
    direction: str
    caller: Party | None
    callee: Party
    parent_sid: str | None = None
    answered_by: str | None = None
    sip_code: str | None = None
    extra: Form = ()


def incoming(leg: Leg) -> Form:
    """The request that asks what to do with a call: it has neither time nor number."""
    return (*_leg(leg), ("CallStatus", "ringing"), ("StirVerstat", "TN-Validation-Passed-A"))


def progress(leg: Leg, status: str, number: int, at: datetime, seconds: int) -> Form:
    """One status callback; ``seconds`` is the leg's duration, told by its last one."""
    listened = leg.answered_by and status in {"in-progress", "completed"}
    return (
        *_leg(leg),
        ("CallStatus", status),
        ("Timestamp", format_datetime(at)),
        ("SequenceNumber", str(number)),
        ("CallbackSource", "call-progress-events"),
        *((("AnsweredBy", leg.answered_by or ""),) if listened else ()),
        *(_ending(leg, status, seconds) if status in FINAL else ()),
    )


def minimal(form: Form) -> Form:
    """What is left of a form when a proxy on the way keeps only the essential."""
    return tuple((name, text) for name, text in form if name in MINIMAL)


def _leg(leg: Leg) -> Form:
    parent = (("ParentCallSid", leg.parent_sid),) if leg.parent_sid else ()
    return (
        ("CallSid", leg.sid),
        ("AccountSid", leg.account_sid),
        *parent,
        ("ApiVersion", "2010-04-01"),
        ("Direction", leg.direction),
        *(_party(leg.caller, "From", "Caller") if leg.caller else ()),
        *_party(leg.callee, "To", "Called"),
        *leg.extra,
    )


def _party(party: Party, *names: str) -> Form:
    """A party stands in a form twice, under an old name and a new one."""
    places = zip(("City", "State", "Zip", "Country"), party.place, strict=True)
    known = [(f"{name}{part}", text) for part, text in places for name in names]
    return (*((name, party.address) for name in names), *known, *party.extra)


def _ending(leg: Leg, status: str, seconds: int) -> Form:
    """Seconds are counted in ``CallDuration``; ``Duration`` has the begun minutes, as billed."""
    code = leg.sip_code or SIP_CODES.get(status)
    return (
        ("CallDuration", str(seconds)),
        ("Duration", str(-(-seconds // 60))),
        *((("SipResponseCode", code),) if code else ()),
    )
