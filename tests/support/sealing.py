"""Puts a reference in the place of each personal value, as the event store does, without a key.

Unlike the real one it is deterministic: the same person is the same subject, and the same value
gets the same commitment, so that two histories of one call can be compared.
"""

from collections.abc import Iterable, Sequence
from typing import TypeVar
from uuid import NAMESPACE_OID, UUID, uuid5

from msgspec import structs

from domain.decider import Decider
from domain.messages import Command, Event
from domain.personal_data import Clear, Personal, Sealed

EventT = TypeVar("EventT", bound=Event)
StateT = TypeVar("StateT")
CommandT = TypeVar("CommandT", bound=Command)


def seal(value: Personal) -> Sealed:
    """The reference that an entry would hold for this value."""
    if isinstance(value, Sealed):
        return value
    assert isinstance(value, Clear)
    own = value.lookup or repr(sorted(value.value.items()))
    subjects = tuple(s for party in value.about for s in seal(party).subjects) or (
        value.subject or _id(own),
    )
    return Sealed(
        subjects=subjects,
        category=value.category,
        bucket=_id(value.category),
        commitment=_id(repr(value.value)).hex * 2,
    )


def sealed(event: EventT) -> EventT:
    """The event as it is stored."""
    found = {k: seal(v) for k, v in structs.asdict(event).items() if isinstance(v, Clear)}
    return structs.replace(event, **found)


def tell(
    decider: Decider[StateT, CommandT, EventT],
    commands: Iterable[CommandT],
    state: StateT | None = None,
) -> tuple[StateT, Sequence[EventT]]:
    """The state after these commands one by one, and every event they led to."""
    current = decider.initial if state is None else state
    events: list[EventT] = []
    for command in commands:
        decided = [sealed(event) for event in decider.decide(current, command)]
        current = decider.fold(decided, current)
        events += decided
    return current, events


def _id(text: str) -> UUID:
    return uuid5(NAMESPACE_OID, text)
