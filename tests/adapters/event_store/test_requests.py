"""Which fields of a message may be personal: found by their types, so none is overlooked."""

import pytest
from msgspec import structs

from adapters.event_store.requests import personal_fields
from domain.calls.commands import ReportLeg
from domain.dead_letters.dead_letter import KeepDeadLetter
from domain.messages import Message
from domain.registry import EVENTS


@pytest.mark.parametrize("kind", [*EVENTS.values(), ReportLeg, KeepDeadLetter])
def test_a_field_that_may_hold_a_value_is_personal(kind: type[Message]) -> None:
    """Whatever the type says in whatever way, and nothing else."""
    said = {
        field.name
        for field in structs.fields(kind)
        if any(word in str(field.type) for word in ("Personal", "Clear", "Sealed"))
    }
    assert set(personal_fields(kind)) == said


def test_some_have_none_and_some_have() -> None:
    """The rule above would hold of an empty list as well."""
    assert personal_fields(ReportLeg) == ("caller", "callee", "unknown_fields")
    assert personal_fields(EVENTS["call.routed"]) == ()
