"""A personal value in flight is neither printed nor written down."""

from uuid import UUID

import msgspec
import orjson
import pytest
from msgspec import structs
from reports import leg_of, party
from sealing import seal

from domain.calls.events import LegRegistered
from domain.personal_data import Category, Clear, Reading, ReadingState, Sealed

MARKER = "+32470999999"
UNSEALED = LegRegistered(leg_id=leg_of("line"), provider_id="line", caller=party(MARKER))


def test_a_value_is_not_printed() -> None:
    """Neither a value, nor what holds one, nor what a reader got shows it when printed."""
    clear, reading = party(MARKER), Reading(ReadingState.value, {"address": MARKER})
    shown = f"{clear} {clear!r} {UNSEALED} {UNSEALED!r} {reading} {reading!r}"
    assert "Clear(call_metadata)" in shown
    assert "Reading(value)" in shown
    assert MARKER not in shown


def test_an_unsealed_event_cannot_be_written() -> None:
    """An event that somebody forgot to seal fails at every way to JSON, naming no value."""
    with pytest.raises(TypeError) as by_builtins:
        msgspec.to_builtins(UNSEALED)
    with pytest.raises(TypeError) as by_text:
        msgspec.json.encode(UNSEALED)
    with pytest.raises(TypeError) as by_orjson:
        orjson.dumps(structs.asdict(UNSEALED))
    assert MARKER not in f"{by_builtins.value}{by_text.value}{by_orjson.value}"


def test_a_stored_value_is_not_read_as_clear() -> None:
    """What looks like a clear value in the history is refused, and not shown."""
    stored = {
        "leg_id": str(leg_of("line")),
        "provider_id": "line",
        "caller": {"value": {"address": MARKER}, "category": "call_metadata"},
    }
    with pytest.raises(msgspec.ValidationError) as refusal:
        msgspec.convert(stored, LegRegistered)
    assert MARKER not in str(refusal.value)


def test_a_clear_value_passes_as_it_is() -> None:
    """An event holds the very value it was given, for the store to seal."""
    clear = party(MARKER)
    event = LegRegistered(leg_id=leg_of("line"), provider_id="line", caller=clear)
    assert event.caller is clear
    assert (clear.about, clear.category) == ((), Category.call_metadata)


def test_a_sealed_value_survives_json() -> None:
    """The reference in the history is stable, to the byte, through writing and reading."""
    for value in (seal(party(MARKER)), seal(Clear({}, Category.unclassified, about=(party(),)))):
        text = msgspec.json.encode(value)
        assert msgspec.json.decode(text, type=Sealed) == value
        assert msgspec.json.encode(msgspec.json.decode(text, type=Sealed)) == text


def test_a_sealed_value_may_have_no_commitment() -> None:
    """A value that came for an erased subject was never kept, and its reference says so."""
    value = Sealed(
        subjects=(UUID(int=1),),
        category=Category.call_metadata,
        bucket=UUID(int=2),
        commitment=None,
    )
    text = msgspec.json.encode(value)
    assert b'"commitment":null' in text
    assert msgspec.json.decode(text, type=Sealed).commitment is None
