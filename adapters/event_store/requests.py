"""What is asked of a cell's writer, and what it answers."""

from asyncio import Future
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple, get_args
from uuid import UUID

from msgspec import structs

from domain.decider import AnyDecider
from domain.messages import Command, Context, Event, InCampaign, Message, OfCampaign
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
    size: int = 0
    """Bytes that it came in, where that may be many: so much of it waits in memory."""


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

    decider: AnyDecider
    workspace_id: UUID
    version: int
    state: Any
    subjects: frozenset[UUID] = frozenset()
    """Whose values it holds."""

    campaign: str | None = None
    """By whose period its values go."""

    def after(self, event: Event) -> "Stream":
        """The stream with one more sealed event."""
        decider, workspace_id, version, state, subjects, _ = self
        if found := subjects_of(event):
            subjects = subjects.union(found)
        state, campaign = decider.evolve(state, event), self.campaign_with(event)
        return Stream(decider, workspace_id, version + 1, state, subjects, campaign)

    def campaign_with(self, message: Command | Event) -> str | None:
        """By whose period the values of a message go that is about to be added."""
        if self.campaign is None and isinstance(message, OfCampaign | InCampaign):
            return message.campaign
        return self.campaign


def clear_values(message: Command | Event) -> list[tuple[str, Clear]]:
    """The unsealed personal fields of a message."""
    return [
        (name, value)
        for name in personal_fields(type(message))
        if isinstance(value := getattr(message, name), Clear)
    ]


def lookups_in(value: Clear) -> Iterator[str]:
    """By what the person of a value is found, and those whom it is about."""
    for person in (value, *value.about):
        if isinstance(person, Clear) and person.lookup is not None:
            yield person.lookup


def named_in(message: Command) -> Iterator[UUID]:
    """The subjects whom the history knows and whom a message's values are about."""
    for _, value in clear_values(message):
        for person in value.about:
            if isinstance(person, Sealed):
                yield from person.subjects


def subjects_of(event: Event) -> list[UUID]:
    """The data subjects that a sealed event names."""
    return [
        subject
        for name in personal_fields(type(event))
        if isinstance(value := getattr(event, name), Sealed)
        for subject in value.subjects
    ]


@cache
def personal_fields(kind: type[Message]) -> tuple[str, ...]:
    """The fields of a message that may hold a personal value: most have none or few."""
    return tuple(
        field.name
        for field in structs.fields(kind)
        if {Personal, Clear}.intersection((field.type, *get_args(field.type)))
    )
