"""Turns what Twilio says of a message into our own words, and drops what the message itself says.

What surprises: unlike everywhere else, what finds no place is lost, and is meant to be. Twilio
adds fields without notice, and any of them may hold a part of a text; so only fields that are
named here get past this module, be it into a command or into a dead letter.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from adapters.twilio.addresses import read_address
from adapters.twilio.callbacks import PROVIDER
from adapters.twilio.forms import Form, NotUnderstood
from domain.identifiers import message_id
from domain.personal_data import Category, Clear
from domain.text_messages.commands import ReportMessage
from domain.text_messages.words import MessageDirection, MessageStatus, OptOut

_SID: Final = re.compile(r"[A-Za-z0-9]{2,64}")
_NUMBER: Final = re.compile(r"[0-9]{1,9}")
_SIDS: Final = ("MessageSid", "SmsMessageSid", "SmsSid")
"""One and the same; the first is today's name of it."""

_PLACES: Final = {"city": "City", "state": "State", "zip": "Zip", "country": "Country"}
_ENDS: Final = ("From", "To")
KEPT: Final = frozenset(
    (
        *_SIDS,
        *("AccountSid", "MessagingServiceSid", "MessageStatus", "SmsStatus", "ErrorCode"),
        *("NumSegments", "NumMedia", "OptOutType", "ApiVersion"),
        *(end + part for end in _ENDS for part in ("", *_PLACES.values())),
    )
)
"""The fields of a message that are kept, in whatever way."""

_STATUSES: Final[Mapping[str, MessageStatus]] = {str(status): status for status in MessageStatus}
_INBOUND: Final = frozenset({MessageStatus.receiving, MessageStatus.received})
_OPT_OUTS: Final = {"STOP": OptOut.stop, "START": OptOut.start, "HELP": OptOut.help}
_STREAMED: Final = MappingProxyType(
    {
        "messageSid": "MessageSid",
        "accountSid": "AccountSid",
        "messagingServiceSid": "MessagingServiceSid",
        "from": "From",
        "to": "To",
        "numSegments": "NumSegments",
        "numMedia": "NumMedia",
        "errorCode": "ErrorCode",
    }
)
"""What an event of a stream says, by the names that callbacks have for it."""


def is_message(form: Form) -> bool:
    """Whether the form speaks of a message, wherever it was sent."""
    values = form.values  # Written out: every webhook is asked.
    return "MessageSid" in values or "SmsSid" in values or "SmsMessageSid" in values


def discreet(form: Form) -> Form:
    """The form without what the message says: its text, its files, and all that we do not know."""
    return Form([field for field in form.fields if field[0] in KEPT])


def streamed_form(status: str, told: Mapping[str, Any]) -> Form:
    """A message's event of a stream as the callback that it would have been, without its text."""
    said = [
        (name, str(told[key]))
        for key, name in _STREAMED.items()
        if isinstance(told.get(key), str | int)
    ]
    return Form([*said, ("MessageStatus", status)])


def read_message(
    workspace_id: UUID, form: Form, *, is_incoming: bool = False
) -> tuple[UUID, ReportMessage]:
    """Answer the id of the message and what the callback reports of it.

    Raises:
        NotUnderstood: With a code, and nothing else, whatever the form holds.
    """
    sid = next((found for name in _SIDS if (found := form.values.get(name, ""))), "")
    if not _SID.fullmatch(sid):
        raise NotUnderstood("bad_message_sid" if sid else "no_message_sid")
    status = _status(form, is_incoming=is_incoming)
    is_inbound = is_incoming or status in _INBOUND
    report = ReportMessage(
        provider_id=sid,
        account_id=_sid(form, "AccountSid"),
        service_id=_sid(form, "MessagingServiceSid"),
        direction=MessageDirection.inbound if is_inbound else MessageDirection.outbound,
        sender=_party(form, "From"),
        recipient=_party(form, "To"),
        segments=_number(form, "NumSegments"),
        media=_number(form, "NumMedia"),
        opt_out=_OPT_OUTS.get(form.values.get("OptOutType", "").upper()),
        status=status,
        error_code=_number(form, "ErrorCode"),
    )
    return message_id(workspace_id, PROVIDER, sid), report


def _status(form: Form, *, is_incoming: bool) -> MessageStatus:
    word = form.values.get("MessageStatus", "") or form.values.get("SmsStatus", "")
    if is_incoming and not word:
        return MessageStatus.received
    status = _STATUSES.get(word)
    if status is None:
        raise NotUnderstood("unknown_status" if word else "no_status")
    return status


def _party(form: Form, end: str) -> Clear | None:
    address = read_address(form.values.get(end, ""))
    if address is None:
        return None
    found = {"address": address.raw, "kind": str(address.kind)}
    for key, part in _PLACES.items():
        if text := form.values.get(end + part, ""):
            found[key] = text
    return Clear(found, Category.call_metadata, lookup=address.lookup)


def _sid(form: Form, name: str) -> str | None:
    text = form.values.get(name, "")
    return text if _SID.fullmatch(text) else None


def _number(form: Form, name: str) -> int | None:
    text = form.values.get(name, "")
    return int(text) if _NUMBER.fullmatch(text) else None
