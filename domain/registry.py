"""Stored names and versions, and the classes they stand for today.

An entry is stored under its event's own ``name`` and ``schema_version``, never a
module path. An old version is brought to today's shape by its upcast when it is read;
what is stored is never touched.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, get_args

from domain.calls.events import CallEvent
from domain.consents.events import ConsentFact
from domain.dead_letters.events import DeadLetterEvent
from domain.expiries.events import ExpiryEvent
from domain.holds.events import HoldEvent
from domain.messages import Event
from domain.provider_copies.events import CopiesEvent
from domain.receipts.events import ReceiptIssued
from domain.recordings.events import RecordingEvent
from domain.subjects.events import SubjectEvent
from domain.text_messages.events import MessageEvent
from domain.transcriptions.events import TranscriptionEvent
from domain.workspaces.events import WorkspaceEvent

Upcast = Callable[[dict[str, Any]], dict[str, Any]]

EVENTS: Mapping[str, type[Event]] = MappingProxyType(
    {
        event.name: event
        for union in (
            CallEvent,
            RecordingEvent,
            SubjectEvent,
            DeadLetterEvent,
            ConsentFact,
            WorkspaceEvent,
            HoldEvent,
            ExpiryEvent,
            MessageEvent,
            CopiesEvent,
            TranscriptionEvent,
        )
        for event in get_args(union)
    }
    | {ReceiptIssued.name: ReceiptIssued}
)

UPCASTS: Mapping[tuple[str, int], Upcast] = MappingProxyType({})
"""``(name, n)`` to the function that turns a stored version ``n`` into version ``n + 1``."""


class UnknownEvent(Exception):  # noqa: N818 - it names what was met, an event
    """The history holds an event that this program does not know: it is older than its data."""


def upcast(
    name: str,
    version: int,
    stored: dict[str, Any],
    *,
    upcasts: Mapping[tuple[str, int], Upcast] = UPCASTS,
) -> dict[str, Any]:
    """Bring a stored event to the shape of today's class.

    Raises ``UnknownEvent`` for a name or a version from the future.
    """
    today = event_class(name).schema_version
    if version > today:
        raise UnknownEvent(f"{name} version {version}")
    for step in range(version, today):
        stored = upcasts[name, step](stored)
    return stored


def event_class(name: str) -> type[Event]:
    """The class of a stored name; ``UnknownEvent`` where there is none."""
    try:
        return EVENTS[name]
    except KeyError:
        raise UnknownEvent(name) from None
