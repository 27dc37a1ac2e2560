"""What is asked of a cell's writer, and what it answers."""

from asyncio import Future
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple, get_args
from uuid import UUID

from msgspec import structs

from domain.decider import AnyDecider
from domain.messages import Command, Context, Event, Message
from domain.personal_data import Clear, Personal, Sealed

Clock = Callable[[], datetime]
"""Tells the time, in UTC."""


class Request(NamedTuple):
    """A command for one stream of one workspace."""

    workspace_id: UUID
    stream_id: UUID
    decider: AnyDecider
    command: Command
    context: Context


class Receipt(NamedTuple):
    """The command's events are durable; none at all where it said nothing new."""

    stream_id: UUID
    version: int
    """The stream's version after it."""

    events: tuple[Event, ...]


class Waiting(NamedTuple):
    """A request and whoever waits for its receipt."""

    request: Request
    answer: Future[Receipt]


class Stream(NamedTuple):
    """A stream as the writer knows it: no personal value in it, so it may be kept in memory."""

    version: int
    state: Any
    workspace_id: UUID
    subjects: frozenset[UUID] = frozenset()
    """Whose values it holds."""

    def after(self, decider: AnyDecider, version: int, event: Event) -> "Stream":
        """The stream with one more sealed event."""
        subjects = self.subjects.union(subjects_of(event)) if _personal(event) else self.subjects
        state = decider.evolve(self.state, event)
        return Stream(version, state, self.workspace_id, subjects)


def clear_values(message: Command | Event) -> Iterator[tuple[str, Clear]]:
    """The unsealed personal fields of a message."""
    for name in _personal(message):
        value = getattr(message, name)
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
    for name in _personal(event):
        value = getattr(event, name)
        if isinstance(value, Sealed):
            yield from value.subjects


def _personal(message: Message) -> tuple[str, ...]:
    return personal_fields(type(message))


@cache
def personal_fields(kind: type[Message]) -> tuple[str, ...]:
    """The fields of a message that may hold a personal value: most have none or few."""
    return tuple(
        field.name
        for field in structs.fields(kind)
        if {Personal, Clear}.intersection((field.type, *get_args(field.type)))
    )
