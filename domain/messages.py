"""Events, commands and entries: what is said, and where and when it was written down."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class Message(BaseModel):
    """A frozen value; an unknown field is a mistake, not an extension."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,  # an error text must not print a personal value
    )


class Event(Message):
    """A fact. Its stored name and schema version are ours and are for ever.

    A class may be renamed or moved; ``name`` may not. A new shape is a new
    ``schema_version`` with an upcast from the old one; a new meaning is a new event.
    """

    name: ClassVar[str]
    schema_version: ClassVar[int] = 1

    occurred_at: datetime | None = None
    """When it happened, as the provider claims; ``None`` where it did not say."""


class Command(Message):
    """A request that the rules may refuse."""


@dataclass(frozen=True, slots=True)
class Context:
    """Who asked, and what the request belongs to."""

    actor: str
    """``twilio``, ``api_key:<id>``, ``cli``: never a person's name."""

    cause_id: UUID
    """The request or the entry that led to this."""

    correlation_id: UUID | None = None
    """What ties a conversation together; the stream itself where not given."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An event with its place in the history and the time we learnt of it."""

    position: int
    """1, 2, 3 ... in its cell: no gaps, and in the order of the commits."""

    workspace_id: UUID
    stream_id: UUID
    version: int
    recorded_at: datetime
    """When we learnt it. Never decreases with the position."""

    event: Event
    origin: tuple[str, str, str]
    """Actor, cause and correlation, as stored."""

    @property
    def context(self) -> Context:
        """Who asked, and what it belongs to. Parsed when asked for: a projection never asks."""
        actor, cause_id, correlation_id = self.origin
        return Context(actor, UUID(cause_id), UUID(correlation_id))

    @property
    def occurred_at(self) -> datetime | None:
        """The provider's claim of when it happened."""
        return self.event.occurred_at
