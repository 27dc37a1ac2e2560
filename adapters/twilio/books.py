"""Understands Twilio's own books of a leg: the Call resource, and every request made for it.

Both are turned into the form that a callback would have been, and read as one: so what the books
say becomes the same command. What surprises: a resource knows neither when a leg rang nor any
report's number, and of a leg that nobody answered not even when it ended; the requests hold all
of that, but can be read only from 15 minutes after the end on.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple
from uuid import UUID

from msgspec import structs

from adapters.twilio.callbacks import PROVIDER, read_callback
from adapters.twilio.forms import NotUnderstood
from adapters.twilio.moments import read_moment
from adapters.twilio.recordings import form_of, read_recording
from domain.calls.commands import PriceLeg, ReportLeg
from domain.calls.words import Direction, LegStatus
from domain.identifiers import call_id
from domain.recordings.commands import ReportRecording

Resource = Mapping[str, Any]

REQUESTS_AFTER: Final = timedelta(minutes=15)
"""How long after a leg's end its requests can be read
(twilio.com/docs/voice/api/call-event-resource)."""

_FIELDS: Final = {
    "CallSid": "sid",
    "AccountSid": "account_sid",
    "ParentCallSid": "parent_call_sid",
    "CallStatus": "status",
    "Direction": "direction",
    "From": "from",
    "To": "to",
    "CallerName": "caller_name",
    "ForwardedFrom": "forwarded_from",
    "AnsweredBy": "answered_by",
    "CallDuration": "duration",
    "Timestamp": "end_time",
}
"""A callback's field, and where the resource has it."""

_PRICE: Final = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,10})?")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")


class Booked(NamedTuple):
    """A leg as the books have it."""

    call_id: UUID
    report: ReportLeg
    """Where it is; for one that has ended, its end."""

    is_settled: bool
    """It has ended, and its requests can be read."""

    price: PriceLeg | None

    @property
    def answer(self) -> ReportLeg | None:
        """That it was answered, as long before its end as it lasted: that is what Twilio counts.

        Not of an inbound first leg, which is "answered" by our own routing.
        """
        end, seconds = self.report, self.report.duration_seconds
        if end.status is not LegStatus.completed or end.direction is not Direction.outbound:
            return None
        if end.occurred_at is None or not seconds:
            return None
        return ReportLeg(
            leg_id=end.leg_id,
            provider_id=end.provider_id,
            parent_id=end.parent_id,
            parent_provider_id=end.parent_provider_id,
            direction=end.direction,
            status=LegStatus.answered,
            occurred_at=end.occurred_at - timedelta(seconds=seconds),
            caller=end.caller,
            callee=end.callee,
            answered_by=end.answered_by,
            second_hand=True,
        )


class BookedRecording(NamedTuple):
    """A recording as the books have it."""

    recording_id: UUID
    report: ReportRecording
    leg: str
    """Twilio's id of the leg that it was made on."""

    def of_call(self, workspace_id: UUID, leg: Resource | None) -> ReportRecording:
        """What is reported, of the call that its leg belongs to: a dialled one is no call."""
        parent = _text(leg.get("parent_call_sid")) if leg else ""
        if not parent:
            return self.report
        return structs.replace(self.report, call_id=call_id(workspace_id, PROVIDER, parent))


def read_call(workspace_id: UUID, resource: Resource, now: datetime) -> Booked:
    """A leg of the list of calls.

    Raises:
        NotUnderstood: It is none that we know how to read.
    """
    form = [(name, _text(resource.get(key))) for name, key in _FIELDS.items()]
    stream_id, told = read_callback(workspace_id, [pair for pair in form if pair[1]])
    report = structs.replace(told, second_hand=True)
    # A leg that nobody answered has no end_time. It changed last when it ended, or later.
    ended = report.occurred_at or read_moment(_text(resource.get("date_updated")))
    return Booked(
        call_id=stream_id,
        report=report,
        is_settled=report.status.is_terminal
        and ended is not None
        and now - ended >= REQUESTS_AFTER,
        price=_price(report.leg_id, resource),
    )


def read_booked_recording(workspace_id: UUID, resource: Resource) -> BookedRecording:
    """A recording of the list of recordings.

    Raises:
        NotUnderstood: It is none that we know how to read.
    """
    recording_id, told = read_recording(workspace_id, form_of(resource))
    report = structs.replace(told, second_hand=True)
    return BookedRecording(recording_id, report, _text(resource.get("call_sid")))


def read_requests(
    workspace_id: UUID, requests: Iterable[Resource]
) -> Iterator[tuple[UUID, ReportLeg]]:
    """What each request that was made of us for a leg reports, whether it reached us or not.

    Requests of others than us are none of our business, and one that cannot be understood says
    nothing. Our answer is not looked at: a step of ours was durable before it was given.
    """
    ours = re.compile(rf"/twilio/{workspace_id}/voice/(?:status|incoming)(?:[?#]|$)")
    for told in requests:
        request = told.get("request")
        if not isinstance(request, dict) or not ours.search(_text(request.get("url"))):
            continue
        try:
            yield read_callback(workspace_id, parameters(request.get("parameters")))
        except NotUnderstood:
            continue


def parameters(said: object) -> list[tuple[str, str]]:
    """The form that a request had; the books write its names in lower case: ``call_sid``."""
    if not isinstance(said, dict):
        return []
    return [(_field(name), _text(value)) for name, value in said.items()]


def _field(name: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in name.split("_"))


def _price(leg_id: UUID, resource: Resource) -> PriceLeg | None:
    """The price, once there is one. Twilio writes what it charges with a minus."""
    amount, currency = _text(resource.get("price")), _text(resource.get("price_unit"))
    if not _PRICE.fullmatch(amount) or not _CURRENCY.fullmatch(currency):
        return None
    return PriceLeg(leg_id=leg_id, amount=-Decimal(amount), currency=currency)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
