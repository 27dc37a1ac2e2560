"""What a command says, in parts that a test can compare: nobody's facts, parties, the unknown."""

from typing import Any

from msgspec import structs

from domain.calls.commands import ReportLeg
from domain.personal_data import Category, Clear


def facts(command: ReportLeg) -> dict[str, Any]:
    """What it says that is nobody's: ids, status, times and counts."""
    personal = {"caller", "callee", "unknown_fields"}
    return {
        name: found
        for name, found in structs.asdict(command).items()
        if found is not None and name not in personal
    }


def value(party: Clear | None) -> dict[str, Any]:
    """What is kept of a party that there is."""
    assert party is not None
    assert party.category is Category.call_metadata
    return party.value


def unknown(command: ReportLeg) -> list[Any]:
    """The fields that found no place."""
    fields = command.unknown_fields
    assert fields is None or fields.category is Category.unclassified
    found: list[Any] = fields.value["fields"] if fields else []
    return found
