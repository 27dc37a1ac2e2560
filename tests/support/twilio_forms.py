"""Twilio's forms for tests: the kept samples, and callbacks built like real ones.

A built leg subscribes to every status it lists, so its sequence numbers count from 0.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import parse_qsl, urlencode

Form: TypeAlias = list[tuple[str, str]]

SAMPLES: Final = Path(__file__).parents[1] / "samples" / "twilio"
ACCOUNT_SID: Final = "AC00000000000000000000000000000000"
CALLER: Final = "+447700900123"
CALLEE: Final = "+12025550100"
START: Final = datetime(2026, 3, 2, 13, 58, 7, tzinfo=UTC)
ANSWERED: Final = ("initiated", "ringing", "in-progress", "completed")
UNANSWERED: Final = {
    status: ("initiated", "ringing", status)
    for status in ("busy", "failed", "no-answer", "canceled")
}
_FAILURE_SIP_CODES: Final = {
    "busy": "486",
    "failed": "404",
    "no-answer": "487",
    "canceled": "487",
}
_SECONDS_AFTER_START: Final = {"initiated": 0, "ringing": 2, "in-progress": 9}
_RINGS_UNTIL_SECONDS: Final = 24


def sample_names(pattern: str = "*.form") -> list[str]:
    """Name the samples that match, in order."""
    return sorted(path.name for path in SAMPLES.glob(pattern))


def sample_bytes(name: str) -> bytes:
    """Read one sample as it went over the wire."""
    return (SAMPLES / name).read_bytes().rstrip(b"\r\n")


def sample_form(name: str) -> Form:
    """Read one sample as pairs, blank values and repeats kept."""
    return parse_qsl(sample_bytes(name).decode(), keep_blank_values=True)


def form_bytes(form: Form) -> bytes:
    """Encode pairs as Twilio posts them."""
    return urlencode(form).encode()


def call_sid(number: int) -> str:
    """Make the SID of a test's n-th leg."""
    return f"CA{number:032x}"


def leg_callbacks(
    sid: str,
    *,
    parent: str | None = None,
    direction: str = "inbound",
    caller: str = CALLER,
    callee: str = CALLEE,
    statuses: Sequence[str] = ANSWERED,
    start: datetime = START,
    talk_seconds: int = 42,
) -> list[Form]:
    """Build the status callbacks of one leg, in the order Twilio fires them."""
    leg = _leg_form(sid, parent, direction, caller, callee)
    answered = "in-progress" in statuses
    return [
        leg
        + _progress_form(status, number, start + _elapsed(status, talk_seconds, answered=answered))
        + _ending_form(status, talk_seconds if answered else 0)
        for number, status in enumerate(statuses)
    ]


def incoming_form(sid: str, *, caller: str = CALLER, callee: str = CALLEE) -> Form:
    """Build the TwiML request that starts an inbound call: no timestamp, no sequence number."""
    leg = _leg_form(sid, None, "inbound", caller, callee)
    return [*leg, ("CallStatus", "ringing"), ("StirVerstat", "TN-Validation-Passed-A")]


def call_callbacks(
    parent_sid: str,
    child_sid: str,
    *,
    caller: str = CALLER,
    callee: str = CALLEE,
    agent: str = "client:front_desk",
    start: datetime = START,
    talk_seconds: int = 42,
) -> list[Form]:
    """Build an answered inbound call and the leg it dials, in the order Twilio fires them."""
    child = leg_callbacks(
        child_sid,
        parent=parent_sid,
        direction="outbound-dial",
        caller=caller,
        callee=agent,
        start=start + timedelta(seconds=3),
        talk_seconds=talk_seconds,
    )
    parent = leg_callbacks(
        parent_sid,
        caller=caller,
        callee=callee,
        statuses=("ringing", "in-progress", "completed"),
        start=start,
        talk_seconds=talk_seconds + 4,
    )
    return sorted(parent + child, key=_moment)


def _leg_form(sid: str, parent: str | None, direction: str, caller: str, callee: str) -> Form:
    places = [(f"{end}{part}", "") for end in ("From", "To") for part in ("City", "State", "Zip")]
    lineage = [("ParentCallSid", parent)] if parent else []
    return [
        ("CallSid", sid),
        ("AccountSid", ACCOUNT_SID),
        *lineage,
        ("From", caller),
        ("Caller", caller),
        ("To", callee),
        ("Called", callee),
        ("Direction", direction),
        ("ApiVersion", "2010-04-01"),
        *places,
        ("FromCountry", "GB"),
        ("ToCountry", "US"),
    ]


def _progress_form(status: str, number: int, moment: datetime) -> Form:
    return [
        ("CallStatus", status),
        ("SequenceNumber", str(number)),
        ("Timestamp", format_datetime(moment)),
        ("CallbackSource", "call-progress-events"),
    ]


def _ending_form(status: str, talk_seconds: int) -> Form:
    """CallDuration counts seconds; Duration counts begun minutes, as they are billed."""
    if status in _SECONDS_AFTER_START:
        return []
    code = _FAILURE_SIP_CODES.get(status)
    return [
        ("CallDuration", str(talk_seconds)),
        ("Duration", str(-(-talk_seconds // 60))),
        *([("SipResponseCode", code)] if code else []),
    ]


def _moment(form: Form) -> datetime:
    return parsedate_to_datetime(dict(form)["Timestamp"])


def _elapsed(status: str, talk_seconds: int, *, answered: bool) -> timedelta:
    ended = (
        _SECONDS_AFTER_START["in-progress"] + talk_seconds if answered else _RINGS_UNTIL_SECONDS
    )
    return timedelta(seconds=_SECONDS_AFTER_START.get(status, ended))
