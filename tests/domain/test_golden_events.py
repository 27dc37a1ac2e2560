"""What is stored is for ever: every event that was ever written can still be read.

A golden file is an event as it was stored, with every field (`full`) or with the fewest
(`minimal`). Files are added, never changed: a new shape is a new version with an upcast.
"""

import json
from pathlib import Path
from typing import Any, Final, get_args

import msgspec
import pytest
from msgspec import structs

from domain.calls.events import CallEvent, LegQueued
from domain.consents.events import ConsentFact
from domain.dead_letters.events import DeadLetterEvent
from domain.expiries.events import ExpiryEvent
from domain.holds.events import HoldEvent
from domain.messages import Event
from domain.provider_copies.events import CopiesEvent
from domain.receipts.events import ReceiptIssued
from domain.recordings.events import RecordingEvent
from domain.registry import EVENTS, UPCASTS, UnknownEvent, upcast
from domain.subjects.events import SubjectEvent
from domain.text_messages.events import MessageEvent
from domain.transcriptions.events import TranscriptionEvent
from domain.workspaces.events import WorkspaceEvent

GOLDEN: Final = Path(__file__).parents[1] / "golden" / "events"
FILES: Final = sorted(GOLDEN.glob("*.json"))


def named(path: Path) -> tuple[str, int]:
    """The stored name and version that a file's own name tells."""
    name, version, _ = path.stem.rsplit(".", 2)
    return name, int(version.removeprefix("v"))


def stored(event: type[Event], kind: str) -> dict[str, Any]:
    """The golden form of today's version of an event."""
    path = GOLDEN / f"{event.name}.v{event.schema_version}.{kind}.json"
    found: dict[str, Any] = json.loads(path.read_text())
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_stored_event_is_read_and_written_the_same(path: Path) -> None:
    """It decodes to today's class, and what that class writes is stable to the byte."""
    name, version = named(path)
    event = read(EVENTS[name], upcast(name, version, json.loads(path.read_text())))
    text = encoded(event)
    assert encoded(read(EVENTS[name], json.loads(text))) == text
    if version == EVENTS[name].schema_version:
        assert text == path.read_text()


@pytest.mark.parametrize("event", EVENTS.values(), ids=lambda event: event.name)
def test_every_event_has_a_golden_pair(event: type[Event]) -> None:
    """One file with every field of today's class, one with only those it cannot do without."""
    fields = structs.fields(event)
    assert set(stored(event, "full")) == {field.name for field in fields}
    required = {field.name for field in fields if field.required}
    assert set(stored(event, "minimal")) == required


@pytest.mark.parametrize("event", EVENTS.values(), ids=lambda event: event.name)
def test_every_version_keeps_its_golden_pair(event: type[Event]) -> None:
    """A file of an old version stays for as long as a history may hold one."""
    versions = range(1, event.schema_version + 1)
    assert {path.name for path in FILES if named(path)[0] == event.name} == {
        f"{event.name}.v{version}.{kind}.json"
        for version in versions
        for kind in ("full", "minimal")
    }


def test_every_old_version_has_an_upcast() -> None:
    """From each version there is one step to the next, and no step leads nowhere."""
    steps = {
        (name, version)
        for name, event in EVENTS.items()
        for version in range(1, event.schema_version)
    }
    assert set(UPCASTS) == steps


def test_every_event_has_a_name_of_its_own() -> None:
    """No two events share a stored name, and a name is ours: aggregate, dot, past tense."""
    unions = (
        *(CallEvent, RecordingEvent, SubjectEvent, DeadLetterEvent, ConsentFact, WorkspaceEvent),
        HoldEvent,
        ExpiryEvent,
        *(MessageEvent, CopiesEvent, TranscriptionEvent),
    )
    alone = [ReceiptIssued]
    assert len(EVENTS) == sum(len(get_args(union)) for union in unions) + len(alone)
    for name, event in EVENTS.items():
        aggregate, _, fact = name.partition(".")
        assert (aggregate + fact).replace("_", "").isalpha()
        assert event.__doc__


@pytest.mark.parametrize("event", EVENTS.values(), ids=lambda event: event.name)
def test_what_is_left_out_is_absent(event: type[Event]) -> None:
    """A default is left out when written: were it a value, its change would rewrite history."""
    assert all(field.required or field.default is None for field in structs.fields(event))


def test_upcasts_are_taken_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A version 1 that met two changes of shape is read as version 3; the stored one is kept."""
    monkeypatch.setattr(LegQueued, "schema_version", 3)
    upcasts = {
        ("call.leg_queued", 1): lambda old: {"leg": old["leg_id"]},
        ("call.leg_queued", 2): lambda old: {"leg_id": old["leg"], "sequence": 0},
    }
    first = {"leg_id": "5b0f1c9e-3f4e-4d0a-9a57-0c5a4f3c2d10"}
    assert upcast("call.leg_queued", 1, first, upcasts=upcasts) == {**first, "sequence": 0}
    second = {"leg": first["leg_id"]}
    assert upcast("call.leg_queued", 2, second, upcasts=upcasts) == {**first, "sequence": 0}
    assert upcast("call.leg_queued", 3, first, upcasts=upcasts) == first
    assert first == {"leg_id": "5b0f1c9e-3f4e-4d0a-9a57-0c5a4f3c2d10"}


def test_the_future_is_not_guessed() -> None:
    """A name or a version that this program does not know stops it, and is named."""
    with pytest.raises(UnknownEvent, match=r"^call\.teleported$"):
        upcast("call.teleported", 1, {})
    with pytest.raises(UnknownEvent, match=r"^call\.leg_queued version 2$"):
        upcast("call.leg_queued", 2, {})


def read(event: type[Event], stored: dict[str, Any]) -> Event:
    """What a golden file holds, with its personal values as references."""
    return msgspec.convert(stored, event)


def encoded(event: Event) -> str:
    """An event as a golden file holds it."""
    return json.dumps(msgspec.to_builtins(event), indent=2, sort_keys=True) + "\n"
