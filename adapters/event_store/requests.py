"""What is asked of a cell's writer, and what it answers."""

from asyncio import Future
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Self
from uuid import UUID

from domain.decider import AnyDecider
from domain.messages import Command, Context, Event
from domain.personal_data import Clear, Sealed


@dataclass(frozen=True, slots=True)
class Request:
    """A command for one stream of one workspace."""

    workspace_id: UUID
    stream_id: UUID
    decider: AnyDecider
    command: Command
    context: Context


@dataclass(frozen=True, slots=True)
class Receipt:
    """The command's events are durable; none at all where it said nothing new."""

    stream_id: UUID
    version: int
    """The stream's version after it."""

    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Waiting:
    """A request and whoever waits for its receipt."""

    request: Request
    answer: Future[Receipt]


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream as the writer knows it: no personal value in it, so it may be kept in memory."""

    version: int
    state: Any
    workspace_id: UUID
    subjects: frozenset[UUID] = frozenset()
    """Whose values it holds."""

    def after(self, decider: AnyDecider, version: int, event: Event) -> Self:
        """The stream with one more sealed event."""
        return replace(
            self,
            version=version,
            state=decider.evolve(self.state, event),
            subjects=self.subjects.union(subjects_of(event)),
        )


def clear_values(message: Command | Event) -> Iterator[tuple[str, Clear]]:
    """The unsealed personal fields of a message."""
    for name, value in message.__dict__.items():
        if isinstance(value, Clear):
            yield name, value


def lookups_in(message: Command | Event) -> Iterator[str]:
    """By what the people of a message's values are found, those that a value is about too."""
    for _, value in clear_values(message):
        for person in (value, *value.about):
            if isinstance(person, Clear) and person.lookup is not None:
                yield person.lookup


def subjects_of(event: Event) -> Iterator[UUID]:
    """The data subjects that a sealed event names."""
    for value in event.__dict__.values():
        if isinstance(value, Sealed):
            yield from value.subjects
