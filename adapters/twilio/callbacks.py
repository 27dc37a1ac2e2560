"""Turns a Twilio voice request or status callback into a command in our own words.

Nothing of a form is lost: a value that we understand finds its place in the command, and
everything else goes, in order and with its repeats, into `unknown_fields`, to be sealed. What
surprises: one party stands in two fields (From and Caller), which do not always agree.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, TypeVar
from uuid import UUID

from adapters.twilio.addresses import AddressKind, read_address
from domain.calls.commands import ReportLeg
from domain.calls.words import Answerer, Direction, LegStatus, Step
from domain.identifiers import call_id, leg_id
from domain.personal_data import Category, Clear

Found = TypeVar("Found")

PROVIDER: Final = "twilio"

_SID: Final = re.compile(r"[A-Za-z0-9]{2,64}")
_NUMBER: Final = re.compile(r"[0-9]{1,9}")
_STATUSES: Final = {
    "queued": LegStatus.queued,
    "initiated": LegStatus.dialing,
    "ringing": LegStatus.ringing,
    "in-progress": LegStatus.answered,
    "completed": LegStatus.completed,
    "busy": LegStatus.busy,
    "failed": LegStatus.failed,
    "no-answer": LegStatus.no_answer,
    "canceled": LegStatus.canceled,
}
# A trunk's directions are seen from Twilio: what *terminates* in the telephone network left the
# workspace's own exchange, and what *originates* there arrives at it.
_DIRECTIONS: Final = {
    "inbound": Direction.inbound,
    "outbound-api": Direction.outbound,
    "outbound-dial": Direction.outbound,
    "trunking-originating": Direction.inbound,
    "trunking-terminating": Direction.outbound,
}
_ANSWERERS: Final = {
    "human": Answerer.human,
    "fax": Answerer.fax,
    "unknown": Answerer.unknown,
    "machine": Answerer.machine,
    "machine_start": Answerer.machine,
    "machine_end_beep": Answerer.machine,
    "machine_end_silence": Answerer.machine,
    "machine_end_other": Answerer.machine,
}
# What these hold in every request says nothing; any other value is kept.
_EXPECTED: Final = {
    "ApiVersion": frozenset({"2010-04-01", "2008-08-01"}),
    "CallbackSource": frozenset({"call-progress-events"}),
}
_PLACES: Final = {"city": "City", "state": "State", "zip": "Zip", "country": "Country"}
_CALLER: Final = {
    "address": ("From", "Caller"),
    "name": ("CallerName",),
    **{key: (f"From{name}", f"Caller{name}") for key, name in _PLACES.items()},
}
_CALLEE: Final = {
    "address": ("To", "Called"),
    # Whoever forwarded the call is whom the caller had asked for; Twilio often repeats To here.
    "forwarded_from": ("ForwardedFrom",),
    **{key: (f"To{name}", f"Called{name}") for key, name in _PLACES.items()},
}
_KNOWN: Final = {
    *("AccountSid", "CallSid", "ParentCallSid", "CallStatus", "Direction", "AnsweredBy"),
    *("Timestamp", "SequenceNumber", "CallDuration", "Duration", "SipResponseCode"),
    *(name for party in (_CALLER, _CALLEE) for names in party.values() for name in names),
}


class NotUnderstood(Exception):  # noqa: N818 - not ours to call an error: the form was genuine
    """The callback cannot be understood; ``code`` says why and never holds a value."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read_callback(
    workspace_id: UUID, fields: Sequence[tuple[str, str]], *, step: Step | None = None
) -> tuple[UUID, ReportLeg]:
    """Answer the id of the call and what the callback reports of one leg of it.

    ``step`` is what our answer does with the call, where Twilio asks what to do. Raises
    ``NotUnderstood`` and nothing else, whatever the form holds.
    """
    form = _Form(fields)
    sid, parent = _legs(form)
    status = _status(form)
    caller, callee = _party(form, _CALLER), _party(form, _CALLEE)
    command = ReportLeg(
        leg_id=leg_id(workspace_id, PROVIDER, sid),
        provider_id=sid,
        parent_id=leg_id(workspace_id, PROVIDER, parent) if parent else None,
        parent_provider_id=parent,
        direction=_direction(form, caller, is_child=parent is not None),
        status=status,
        sequence=form.read("SequenceNumber", _up_to(100_000)),
        occurred_at=form.read("Timestamp", _moment),
        caller=caller,
        callee=callee,
        answered_by=form.read("AnsweredBy", _ANSWERERS.get),
        duration_seconds=form.read("CallDuration", _up_to(7 * 24 * 60 * 60)),
        billed_minutes=form.read("Duration", _up_to(7 * 24 * 60)),
        sip_code=form.read("SipResponseCode", _up_to(699)),
        unknown_fields=form.rest(),
        step=step,
    )
    return call_id(workspace_id, PROVIDER, parent or sid), command


def account_sid(fields: Sequence[tuple[str, str]]) -> str | None:
    """The account that the callback speaks for; ``None`` where it does not say."""
    return _Form(fields).value("AccountSid") or None


class _Form:
    """A form's values by name, and which names have found a place in the command."""

    def __init__(self, fields: Sequence[tuple[str, str]]) -> None:
        self._fields = fields
        self._values = dict(fields)
        self._disputed = {name for name, value in fields if value != self._values[name]}
        self._placed = {"AccountSid"}  # The caller of this module holds it against its workspace.

    def value(self, name: str) -> str:
        """The one value of a field that we understand, blank where it is missing."""
        if name in self._disputed:  # Whichever we chose, the sender may have meant the other.
            raise NotUnderstood("repeated_field")
        return self._values.get(name, "")

    def read(self, name: str, understand: Callable[[str], Found | None]) -> Found | None:
        """What the field says; it has found its place if that could be understood."""
        found = understand(self.value(name))
        if found is not None:
            self._placed.add(name)
        return found

    def first(self, names: Sequence[str]) -> str | None:
        """The first value that is not blank, of fields that may each hold the same."""
        return next((value for value in map(self.value, names) if value.strip()), None)

    def place(self, names: Sequence[str], value: str) -> None:
        """This value has found its place; a name that says something else has not."""
        self._placed.update(name for name in names if self.value(name) == value)

    def rest(self) -> Clear | None:
        """Every field that has found no place, in order and with its repeats."""
        left = [[name, value] for name, value in self._fields if not self._is_placed(name, value)]
        return Clear({"fields": left}, Category.unclassified) if left else None

    def _is_placed(self, name: str, value: str) -> bool:
        expected = _EXPECTED.get(name, ())
        blank = not value and name in _KNOWN  # It says nothing, so nothing is lost.
        return blank or value in expected or name in self._placed


def _legs(form: _Form) -> tuple[str, str | None]:
    sid = form.read("CallSid", lambda text: text or None)
    parent = form.read("ParentCallSid", lambda text: text or None)
    if sid is None:
        raise NotUnderstood("no_call_sid")
    if not _SID.fullmatch(sid):
        raise NotUnderstood("bad_call_sid")
    if parent is not None and (parent == sid or not _SID.fullmatch(parent)):
        raise NotUnderstood("bad_parent_call_sid")
    return sid, parent


def _status(form: _Form) -> LegStatus:
    status = form.read("CallStatus", _STATUSES.get)
    if status is None:
        raise NotUnderstood("unknown_status" if form.value("CallStatus") else "no_status")
    return status


def _party(form: _Form, names: dict[str, tuple[str, ...]]) -> Clear | None:
    """The party and what is said of it; without an address there is nobody to say it of."""
    found = {key: text for key, either in names.items() if (text := form.first(either))}
    address = read_address(found.get("address"))
    if address is None:
        return None
    for key, text in found.items():
        form.place(names[key], text)
    value = {**found, "kind": str(address.kind)}
    return Clear(value, Category.call_metadata, lookup=address.lookup)


def _direction(form: _Form, caller: Clear | None, *, is_child: bool) -> Direction | None:
    """Which way the leg goes, seen from the workspace, which Twilio's word is not.

    A leg that another leg dialled goes out. A `client:` caller is one of the workspace's own
    agents, who reaches Twilio "inbound" in order to call somebody.
    """
    found = form.read("Direction", _DIRECTIONS.get)
    by_agent = caller is not None and caller.value["kind"] == AddressKind.client
    return Direction.outbound if is_child or (found and by_agent) else found


def _up_to(most: int) -> Callable[[str], int | None]:
    def understand(text: str) -> int | None:
        number = int(text) if _NUMBER.fullmatch(text) else None
        return number if number is None or number <= most else None

    return understand


def _moment(text: str) -> datetime | None:
    """RFC 2822 as the documentation promises, or ISO 8601 as some callbacks have it; in UTC."""
    try:
        found = datetime.fromisoformat(text) if text[:1].isdigit() else parsedate_to_datetime(text)
        moment = found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError, IndexError):  # The last on 3.11's early patch releases.
        return None
    # An impossible year would stand first or last in every list, for ever.
    return moment if 2000 <= moment.year < 2100 else None  # noqa: PLR2004 - years are years
