"""Turns a Twilio voice request or status callback into a command in our own words.

Nothing of a form is lost: a value that we understand finds its place in the command, and
everything else goes, in order and with its repeats, into `unknown_fields`, to be sealed. What
surprises: one party stands in two fields (From and Caller), which do not always agree.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final, TypeAlias, TypeVar
from uuid import UUID

from adapters.twilio.addresses import AddressKind, read_address
from adapters.twilio.forms import Fields, Form, NotUnderstood
from adapters.twilio.moments import read_moment
from domain.calls.commands import ReportLeg
from domain.calls.words import Answerer, Direction, LegStatus, Step
from domain.identifiers import call_id, leg_id
from domain.personal_data import Category, Clear

Word = TypeVar("Word")
Party: TypeAlias = tuple[tuple[str, tuple[str, ...]], ...]
"""What is kept of a party, and the fields that may each say it, the better one first."""

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
ANSWERERS: Final = {
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
_CALLER: Final = (
    ("address", ("From", "Caller")),
    ("name", ("CallerName",)),
    *((key, (f"From{name}", f"Caller{name}")) for key, name in _PLACES.items()),
)
_CALLEE: Final = (
    ("address", ("To", "Called")),
    # Whoever forwarded the call is whom the caller had asked for; Twilio often repeats To here.
    ("forwarded_from", ("ForwardedFrom",)),
    *((key, (f"To{name}", f"Called{name}")) for key, name in _PLACES.items()),
)
_KNOWN: Final = frozenset(
    (
        *("AccountSid", "CallSid", "ParentCallSid", "CallStatus", "Direction", "AnsweredBy"),
        *("Timestamp", "SequenceNumber", "CallDuration", "Duration", "SipResponseCode"),
        *(name for party in (_CALLER, _CALLEE) for _, names in party for name in names),
    )
)


def read_callback(
    workspace_id: UUID, fields: Fields, *, step: Step | None = None
) -> tuple[UUID, ReportLeg]:
    """Answer the id of the call and what the callback reports of one leg of it.

    ``step`` is what our answer does with the call, where Twilio asks what to do. Raises
    ``NotUnderstood`` and nothing else, whatever the form holds.
    """
    return read_form(workspace_id, Form(fields), step=step)


def read_form(
    workspace_id: UUID, form: Form, *, step: Step | None = None
) -> tuple[UUID, ReportLeg]:
    """The same of a form that is at hand."""
    sid, parent = _legs(form)
    status = _status(form)
    reader = _Reader(form)
    caller, callee = reader.party(_CALLER), reader.party(_CALLEE)
    command = ReportLeg(
        leg_id=leg_id(workspace_id, PROVIDER, sid),
        provider_id=sid,
        parent_id=leg_id(workspace_id, PROVIDER, parent) if parent else None,
        parent_provider_id=parent,
        direction=_direction(reader, caller, is_child=parent is not None),
        status=status,
        sequence=reader.number("SequenceNumber", 100_000),
        occurred_at=reader.moment("Timestamp"),
        caller=caller,
        callee=callee,
        answered_by=reader.word("AnsweredBy", ANSWERERS),
        duration_seconds=reader.number("CallDuration", 7 * 24 * 60 * 60),
        billed_minutes=reader.number("Duration", 7 * 24 * 60),
        sip_code=reader.number("SipResponseCode", 699),
        unknown_fields=reader.rest(),
        step=step,
    )
    return call_id(workspace_id, PROVIDER, parent or sid), command


def account_sid(form: Form) -> str | None:
    """The account that the callback speaks for; ``None`` where it does not say."""
    return form.values.get("AccountSid", "") or None


class _Reader:
    """Reads a form's values, and knows which of its fields have found a place in the command."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._values = form.values
        # The account is held against its workspace elsewhere; of the others nothing is left.
        self._placed = {"AccountSid", "CallSid", "ParentCallSid", "CallStatus"}

    def word(self, name: str, meanings: Mapping[str, Word]) -> Word | None:
        """What the field's word means, if it is one of these."""
        found = meanings.get(self._values.get(name, ""))
        if found is not None:
            self._placed.add(name)
        return found

    def number(self, name: str, most: int) -> int | None:
        """What the field counts, if that is at all likely."""
        text = self._values.get(name, "")
        if not text or not _NUMBER.fullmatch(text) or int(text) > most:
            return None
        self._placed.add(name)
        return int(text)

    def moment(self, name: str) -> datetime | None:
        """The field's time, in UTC."""
        text = self._values.get(name, "")
        found = read_moment(text) if text else None
        if found is not None:
            self._placed.add(name)
        return found

    def party(self, keys: Party) -> Clear | None:
        """The party and what is said of it; without an address there is nobody to say it of."""
        found: dict[str, str] = {}
        for key, names in keys:
            for name in names:
                text = self._values.get(name, "")
                # A name that says something else than the better one has not found its place.
                if text and not text.isspace() and found.setdefault(key, text) == text:
                    self._placed.add(name)
            if not found:  # The first of the keys is the address.
                break
        address = read_address(found.get("address"))
        if address is None:
            return None
        found["kind"] = str(address.kind)
        return Clear(found, Category.call_metadata, lookup=address.lookup)

    def rest(self) -> Clear | None:
        """Every field that has found no place, in order and with its repeats."""
        left = [
            [name, value]
            for name, value in self._form.fields
            if name not in self._placed
            and (value or name not in _KNOWN)  # A blank says nothing, so nothing is lost.
            and value not in _EXPECTED.get(name, ())
        ]
        return Clear({"fields": left}, Category.unclassified) if left else None


def _legs(form: Form) -> tuple[str, str | None]:
    sid = form.values.get("CallSid", "")
    parent = form.values.get("ParentCallSid", "") or None
    if not sid:
        raise NotUnderstood("no_call_sid")
    if not _SID.fullmatch(sid):
        raise NotUnderstood("bad_call_sid")
    if parent is not None and (parent == sid or not _SID.fullmatch(parent)):
        raise NotUnderstood("bad_parent_call_sid")
    return sid, parent


def _status(form: Form) -> LegStatus:
    word = form.values.get("CallStatus", "")
    status = _STATUSES.get(word)
    if status is None:
        raise NotUnderstood("unknown_status" if word else "no_status")
    return status


def _direction(reader: _Reader, caller: Clear | None, *, is_child: bool) -> Direction | None:
    """Which way the leg goes, seen from the workspace, which Twilio's word is not.

    A leg that another leg dialled goes out. A `client:` caller is one of the workspace's own
    agents, who reaches Twilio "inbound" in order to call somebody.
    """
    found = reader.word("Direction", _DIRECTIONS)
    by_agent = caller is not None and caller.value["kind"] == AddressKind.client
    return Direction.outbound if is_child or (found and by_agent) else found
