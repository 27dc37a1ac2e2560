"""What the append function takes: rows, laid out as one array for each of their columns."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from adapters.event_store.codec import encode
from adapters.postgres.arrays import Bytes, Dates, Ints, SmallInts, Texts, Uuids, columns
from domain.messages import Context, Event


class EntryRow(NamedTuple):
    """An entry; its position and time are given by the function."""

    workspace_id: UUID
    stream_id: UUID
    version: int
    schema_version: int
    name: str
    body: bytes


def entry_rows(
    workspace_id: UUID, stream_id: UUID, before: int, events: Iterable[Event], context: Context
) -> list[EntryRow]:
    """These events, which seal nothing, as the next ones of a stream that has so many."""
    return [
        EntryRow(
            workspace_id,
            stream_id,
            version,
            event.schema_version,
            event.name,
            encode(event, context, stream_id),
        )
        for version, event in enumerate(events, before + 1)
    ]


class ValueRow(NamedTuple):
    """A sealed value of an entry."""

    entry: int
    """Which one of the entries that come with it, counted from 1."""

    field: str
    subject: UUID
    co_subject: UUID | None
    category: str
    bucket: UUID
    key_check: bytes
    box: bytes


class NewSubject(NamedTuple):
    """Somebody whom the batch is the first to meet."""

    subject_id: UUID
    workspace_id: UUID
    wrapped: bytes
    digest: bytes | None
    """Under which they are found again; ``None`` for who cannot be recognised."""


class NewBucket(NamedTuple):
    """A category's values of a day of which the batch has the first."""

    bucket_id: UUID
    workspace_id: UUID
    category: str
    campaign: str
    day: date
    wrapped: bytes


ENTRY: Final = (Uuids, Uuids, Ints, SmallInts, Texts, Bytes)
_VALUE: Final = (Ints, Texts, Uuids, Uuids, Texts, Uuids, Bytes, Bytes)
_SUBJECT: Final = (Uuids, Uuids, Bytes, Bytes)
_BUCKET: Final = (Uuids, Uuids, Texts, Texts, Dates, Bytes)


def parameters(
    epoch: int | None,
    now: datetime,
    entries: Sequence[EntryRow],
    values: Sequence[ValueRow] = (),
    subjects: Sequence[NewSubject] = (),
    buckets: Sequence[NewBucket] = (),
) -> tuple[Any, ...]:
    """The arguments of ``append()``, in its order."""
    return (
        epoch,
        now,
        *columns(entries, ENTRY),
        *columns(values, _VALUE),
        *columns(subjects, _SUBJECT),
        *columns(buckets, _BUCKET),
    )
