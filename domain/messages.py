"""Events, commands and entries: what is said, and where and when it was written down."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, dataclass_transform
from uuid import UUID

import msgspec


class _KeywordOnly(msgspec.StructMeta):
    """Makes every field of a message be given by its name, and keeps a base's fields first."""

    def __new__(
        mcs,
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, object],
        **config: Any,  # noqa: ANN401 - whatever a struct takes
    ) -> "_KeywordOnly":
        return super().__new__(mcs, name, bases, namespace, kw_only=True, **config)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(msgspec.field,))
class Message(
    msgspec.Struct,
    metaclass=_KeywordOnly,
    frozen=True,
    gc=False,
    forbid_unknown_fields=True,
    omit_defaults=True,
):
    """A frozen value. Absent fields are ``None`` and left out when it is written.

    Read from JSON, its fields are checked, and an unknown one is a mistake and no extension.
    """


class Event(Message):
    """A fact. Its stored name and schema version are ours and are for ever.

    A class may be renamed or moved; ``name`` may not. A new shape is a new
    ``schema_version`` with an upcast from the old one; a new meaning is a new event.
    """

    name: ClassVar[str]
    schema_version: ClassVar[int] = 1

    occurred_at: datetime | None = None
    """When it happened, as the provider claims; ``None`` where it did not say."""


class OfCampaign(Event):
    """A fact that may say which campaign its stream belongs to, by whose period its values go.

    What is said first holds, for the values of this event and of those after it.
    """

    campaign: str | None = None
    """A name of the workspace's; not a person's."""


class Command(Message):
    """A request that the rules may refuse."""


class InCampaign(Command):
    """A request that may say which campaign its stream belongs to."""

    campaign: str | None = None


class AboutSubject(Command):
    """A request about one data subject, whose erasure the rules must know of."""

    subject_id: UUID
    is_erased: bool | None = None
    """Whether they were erased by the time of the decision: for the writer alone to say."""


@dataclass(frozen=True, slots=True)
class Context:
    """Who asked, and what the request belongs to."""

    actor: str
    """``twilio``, ``api_key:<id>``, ``cli``: never a person's name."""

    cause_id: UUID
    """The request or the entry that led to this."""

    correlation_id: UUID | None = None
    """What ties a conversation together; the stream itself where not given."""


class Entry(msgspec.Struct, frozen=True, gc=False):
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
