"""The bytes of an entry: the same for ever, and nothing in them passed over in silence."""

import json
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import orjson
import pytest

from adapters.event_store.codec import Row, decode, encode
from domain.calls.events import LegRegistered
from domain.messages import Context
from domain.personal_data import Category, Clear
from domain.registry import EVENTS, UnknownEvent

GOLDEN: Final = Path(__file__).parents[2] / "golden" / "entries"
FILES: Final = sorted(GOLDEN.glob("*.json"))


def _row(stored: dict[str, Any], body: bytes) -> Row:
    return Row(
        position=7,
        recorded_at=datetime(2026, 3, 2, 13, 58, 9, tzinfo=UTC),
        workspace_id=uuid4(),
        stream_id=UUID(stored["stream_id"]),
        version=3,
        schema_version=stored["schema_version"],
        name=stored["name"],
        body=body,
    )


def _stored(name: str = "call.leg_ended") -> tuple[dict[str, Any], dict[str, Any]]:
    """A golden file, and its fullest body taken apart."""
    stored = json.loads((GOLDEN / f"{name}.v1.json").read_text())
    return stored, json.loads(stored["bodies"][0])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_stored_bytes_are_for_ever(path: Path) -> None:
    """What was written is read, and what was read is written again as the same bytes.

    An old version is only read: today's program writes today's.
    """
    stored = json.loads(path.read_text())
    for text in stored["bodies"]:
        row = _row(stored, text.encode())
        entry = decode(row)
        assert type(entry.event) is EVENTS[stored["name"]]
        if stored["schema_version"] == entry.event.schema_version:
            assert encode(entry.event, entry.context, entry.stream_id) == text.encode()


def test_every_version_of_every_event_has_its_bytes() -> None:
    """One file for each shape that a history may hold."""
    assert {path.stem for path in FILES} == {
        f"{name}.v{version}"
        for name, event in EVENTS.items()
        for version in range(1, event.schema_version + 1)
    }


@pytest.mark.parametrize("name", EVENTS)
def test_the_bytes_hold_every_field(name: str) -> None:
    """Of each pair of bodies one has every field that the event can have."""
    _, body = _stored(name)
    assert body["event"].keys() == set(EVENTS[name].__struct_fields__)


def test_an_entry_says_who_when_and_why() -> None:
    """The place and the time are the row's; the origin is the body's."""
    stored, body = _stored()
    row = _row(stored, orjson.dumps(body))
    entry = decode(row)
    assert (entry.position, entry.recorded_at, entry.workspace_id) == row[:3]
    assert (entry.stream_id, entry.version) == row[3:5]
    assert entry.context == Context(
        body["actor"], UUID(body["cause_id"]), UUID(body["correlation_id"])
    )


def test_the_stream_ties_together_what_nothing_else_does() -> None:
    """Without a correlation of its own a request belongs to its stream."""
    stored, _ = _stored()
    body = json.loads(stored["bodies"][1])
    assert body["correlation_id"] == stored["stream_id"]


def test_a_newer_program_s_entry_is_not_guessed_at() -> None:
    """An unknown name, a later version or an unknown part of a body stops the reader."""
    stored, body = _stored()
    text = orjson.dumps(body)
    for newer in (
        _row({**stored, "name": "call.teleported"}, text),
        _row({**stored, "schema_version": 2}, text),
        _row(stored, orjson.dumps({**body, "tenant": "x"})),
    ):
        with pytest.raises(UnknownEvent):
            decode(newer)


def test_an_unknown_field_is_not_passed_over() -> None:
    """A field that today's class does not have stops the reader too, and is not quoted."""
    stored, body = _stored()
    body["event"]["mood"] = "secret"
    with pytest.raises(UnknownEvent) as error:
        decode(_row(stored, orjson.dumps(body)))
    assert "secret" not in "".join(traceback.format_exception(error.value))


@pytest.mark.parametrize("missing", ["actor", "cause_id", "correlation_id", "event"])
def test_a_body_without_one_of_its_parts_is_refused(missing: str) -> None:
    """Every entry says who, because of what, and what."""
    stored, body = _stored()
    del body[missing]
    with pytest.raises(UnknownEvent):
        decode(_row(stored, orjson.dumps(body)))


def test_a_clear_value_is_never_written() -> None:
    """An event whose value somebody forgot to seal fails, and the failure does not quote it."""
    clear = Clear({"address": "+32470000001"}, Category.call_metadata)
    event = LegRegistered(leg_id=uuid4(), provider_id="CA1", caller=clear)
    with pytest.raises(TypeError) as error:
        encode(event, Context("twilio", uuid4()), uuid4())
    assert "32470000001" not in "".join(traceback.format_exception(error.value))
