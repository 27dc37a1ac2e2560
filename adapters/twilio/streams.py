"""Reads what Twilio's Event Streams deliver: an array of CloudEvents, at least once, in no order.

Each becomes the webhook that it speaks of, to be understood or kept like one. A call's progress
holds the very request of a status callback, a message's event what one would say, and its text,
which is left out here; of the rest nothing is understood. Not of a call's
summary either: it does not name the leg's parent, so that nobody knows which call it belongs to.
The reconciler finds in the books what a summary would tell.
"""

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid5

import orjson

from adapters.twilio.books import parameters
from adapters.twilio.forms import Form
from adapters.twilio.messages import streamed_form
from adapters.twilio.webhooks import Webhook
from domain.transcriptions.redaction import redacted

MOST_EVENTS: Final = 1000

_PROGRESS: Final = "com.twilio.voice.webhook.status-callback.call."
_MESSAGING: Final = "com.twilio.messaging."
_TRIAL: Final = "com.twilio.eventstreams.test-event"


class Streamed(NamedTuple):
    """One event of a delivery."""

    letter_id: UUID
    """Under which it is kept where it cannot be understood: the same however often it comes."""

    webhook: Webhook


def read_delivery(workspace_id: UUID, body: bytes) -> list[Streamed]:
    """The events of a delivery. One that is no array of events is a single one, not understood.

    That a sink works is tried with an event that says nothing: it leads to none here.
    """
    try:
        events = orjson.loads(body)
    except orjson.JSONDecodeError:
        events = None
    if not isinstance(events, list) or len(events) > MOST_EVENTS:
        body = _bytes_without_cards(body)
        return [Streamed(_letter_id(workspace_id, body), Webhook(body, None, "bad_events"))]
    return [_read(workspace_id, event) for event in events if not _is_trial(event)]


def _read(workspace_id: UUID, event: object) -> Streamed:
    text = orjson.dumps(event, option=orjson.OPT_SORT_KEYS)
    found = _mapping(event)
    kind = str(found.get("type"))
    if kind.startswith(_MESSAGING):
        form = _message(kind, found)
        webhook = Webhook(b"", form)
        text = orjson.dumps(form.fields)  # A hash of the rest would tell what it says.
    elif kind.startswith(_PROGRESS):
        request = _mapping(_mapping(found.get("data")).get("request"))
        webhook = Webhook(b"", Form(parameters(request.get("parameters"))))
    else:
        text = orjson.dumps(_without_cards(event), option=orjson.OPT_SORT_KEYS)
        webhook = Webhook(text, None, "unknown_event")
    # Delivered again it has the same id; without one it is the same text.
    event_id = found.get("id")
    told = event_id.encode() if isinstance(event_id, str) and event_id else text
    return Streamed(_letter_id(workspace_id, told), webhook)


def _message(kind: str, event: Mapping[str, Any]) -> Form:
    """What an event tells of a message: where it is, by the last word of the event's name."""
    return streamed_form(kind.rpartition(".")[2], _mapping(event.get("data")))


def _without_cards(said: object) -> object:
    """An event of which we know nothing may be what somebody said: its texts without cards."""
    match said:
        case str():
            return redacted(said).text
        case list():
            return [_without_cards(one) for one in said]
        case dict():
            return {name: _without_cards(value) for name, value in said.items()}
        case _:
            return said


def _bytes_without_cards(body: bytes) -> bytes:
    """The same of what is no event; of what is no text nothing can be said.

    Of messages in it nothing is kept: nobody can tell what of it they say.
    """
    if _MESSAGING.encode() in body:
        return b""
    try:
        return redacted(body.decode()).text.encode()
    except UnicodeDecodeError:
        return body


def _letter_id(workspace_id: UUID, told: bytes) -> UUID:
    return uuid5(workspace_id, f"event/twilio/{b64encode(sha256(told).digest()).decode()}")


def _is_trial(event: object) -> bool:
    return _mapping(event).get("type") == _TRIAL


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
