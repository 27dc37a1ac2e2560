"""Golden calls as Twilio tells of them, and as its books have them.

A shape's reports become callbacks: the one in which we took a step was the question what to do
with the call, which has neither number nor time; the others are numbered from 0 as they happened.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from itertools import count, groupby
from typing import Final

from call_shapes import Shape
from reports import START
from twilio_forms import CALLEE, CALLER, Form
from twilio_standin.books import ENDED, Account, rfc2822
from twilio_standin.sending import Told

from domain.calls.commands import ReportLeg
from domain.calls.words import Direction, LegStatus

INCOMING: Final = "voice/incoming"
STATUS: Final = "voice/status"
WORDS: Final = {
    LegStatus.queued: "queued",
    LegStatus.dialing: "initiated",
    LegStatus.ringing: "ringing",
    LegStatus.answered: "in-progress",
    LegStatus.completed: "completed",
    LegStatus.busy: "busy",
    LegStatus.failed: "failed",
    LegStatus.no_answer: "no-answer",
    LegStatus.canceled: "canceled",
}
_RANKS: Final = {word: status.rank for status, word in WORDS.items()}
PRICE: Final = "-0.0170"


def told_of(shape: Shape, sids: dict[str, str], account_sid: str) -> list[Told]:
    """The callbacks of a golden call, its legs by these names."""
    numbers = _numbers(shape.told)
    return [_told(report, sids, account_sid, numbers.get(id(report))) for report in shape.told]


def _numbers(told: Sequence[ReportLeg]) -> dict[int, int]:
    """The number of each status callback: in the order of their times, however late they came."""
    numbers = {report.provider_id: count() for report in told}
    fired = sorted(told, key=lambda report: report.occurred_at or START - timedelta(days=1))
    return {id(one): next(numbers[one.provider_id]) for one in fired if one.step is None}


def _told(report: ReportLeg, sids: dict[str, str], account_sid: str, number: int | None) -> Told:
    name = report.provider_id
    is_question = report.step is not None
    at = None if is_question else report.occurred_at
    form: list[tuple[str, str | None]] = [
        ("CallSid", sids[name]),
        ("AccountSid", account_sid),
        ("ParentCallSid", sids[report.parent_provider_id] if report.parent_provider_id else None),
        ("From", CALLER),
        ("To", CALLEE),
        ("Direction", _direction(report)),
        ("ApiVersion", "2010-04-01"),
        ("CallStatus", WORDS[report.status]),
        ("SequenceNumber", _text(number)),
        ("Timestamp", format_datetime(at) if at else None),
        ("CallDuration", _text(report.duration_seconds)),
        ("SipResponseCode", _text(report.sip_code)),
        ("AnsweredBy", report.answered_by),
    ]
    said = [(name, value) for name, value in form if value is not None]
    return Told(INCOMING if is_question else STATUS, said)


def keep_books(account: Account, told: Sequence[Told]) -> None:
    """Enter the legs of these callbacks into the account's books, as they ended."""
    by_leg = sorted((one.form for one in told), key=_sid)  # stable: each in its order
    for sid, forms in groupby(by_leg, key=_sid):
        _enter(account, sid, [dict(form) for form in forms])


def note_requests(account: Account, told: Iterable[Told], base_url: str) -> None:
    """Write down that each of these was sent, as Twilio does, whoever heard it."""
    for one in told:
        account.note(one.form, f"{base_url}/{one.channel}", response=None)


def _enter(account: Account, sid: str, forms: Sequence[dict[str, str]]) -> None:
    last = max(forms, key=lambda form: _RANKS[form["CallStatus"]])
    times = [parsedate_to_datetime(form["Timestamp"]) for form in forms if "Timestamp" in form]
    seconds = int(last.get("CallDuration", 0))
    ended = parsedate_to_datetime(last["Timestamp"]) if "Timestamp" in last else START
    began = min((*times, ended - timedelta(seconds=seconds)))
    account.add_call(
        sid,
        began,
        parent_call_sid=last.get("ParentCallSid"),
        status=last["CallStatus"] if last["CallStatus"] in ENDED else "in-progress",
        direction=last["Direction"],
        answered_by=next((form["AnsweredBy"] for form in forms if "AnsweredBy" in form), None),
        date_updated=rfc2822(ended),
        **{"from": last["From"], "to": last["To"]},
        **_lengths(last, began, ended, seconds),
    )


def _lengths(
    last: dict[str, str], began: datetime, ended: datetime, seconds: int
) -> dict[str, object]:
    """What is filled in for a leg that was answered; of any other, that it was dialled."""
    if last["CallStatus"] != "completed":
        return {"start_time": rfc2822(began)}
    return {
        "start_time": rfc2822(ended - timedelta(seconds=seconds)),
        "end_time": rfc2822(ended),
        "duration": str(seconds) if "CallDuration" in last else None,
        "price": PRICE,
    }


def _direction(report: ReportLeg) -> str | None:
    if report.parent_id is not None:
        return "outbound-dial"
    return {Direction.inbound: "inbound", Direction.outbound: "outbound-api", None: None}[
        report.direction
    ]


def _sid(told: Form) -> str:
    return dict(told)["CallSid"]


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)
