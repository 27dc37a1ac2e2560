"""One transaction in the making: decide, seal, and lay out what the append function takes.

Nothing here does I/O. The streams' new states, and the people and days that the batch brings,
become the writer's knowledge only once it is committed.
"""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from adapters.event_store.codec import encode
from adapters.event_store.keyholders import Keyholders
from adapters.event_store.knowledge import Knowledge
from adapters.event_store.requests import Receipt, Request, Stream, clear_values
from adapters.keys.sealing import Box, Place, seal
from adapters.keys.workspace_key import WorkspaceKey
from adapters.postgres.arrays import Bytes, Ints, SmallInts, Texts, Uuids
from domain.errors import NotFound
from domain.messages import Event
from domain.personal_data import Clear, Sealed

APPEND = f"SELECT o_position, o_recorded_at FROM append({', '.join(['%b'] * 26)})"  # noqa: S608 - placeholders only


class EntryRow(NamedTuple):
    """An entry as the append function takes it; its position and time are given there."""

    workspace_id: UUID
    stream_id: UUID
    version: int
    schema_version: int
    name: str
    body: bytes


class ValueRow(NamedTuple):
    """A sealed value of the batch's n-th entry, counted from 1."""

    entry: int
    field: str
    subject: UUID
    co_subject: UUID | None
    category: str
    bucket: UUID
    key_check: bytes
    box: bytes


class Batch:
    """Requests that are committed together, in their order."""

    def __init__(
        self, knowledge: Knowledge, keys: dict[UUID, WorkspaceKey], now: datetime
    ) -> None:
        self._knowledge = knowledge
        self._holders = Keyholders(knowledge, keys, now.date())
        self._now = now
        self._streams: dict[UUID, Stream] = {}
        self._values: list[ValueRow] = []
        self.entries: list[EntryRow] = []

    def add(self, request: Request) -> Receipt:
        """Decide, seal and lay out one request.

        Raises:
            Refused: A rule said no; the batch is as it was.
            NotFound: The stream is another workspace's; as above.
        """
        stream_id = request.stream_id
        stream = self._streams.get(stream_id) or self._knowledge.streams[stream_id]
        if stream.workspace_id != request.workspace_id:
            raise NotFound("stream")
        written = []
        for event in request.decider.decide(stream.state, request.command):
            sealed = self._write(request, stream.version + 1, event)
            stream = stream.after(request.decider, stream.version + 1, sealed)
            written.append(sealed)
        self._streams[stream_id] = stream
        return Receipt(stream_id, stream.version, tuple(written))

    def commit(self) -> None:
        """It is durable: what it holds is known now."""
        self._knowledge.streams.update(self._streams)
        self._holders.commit()

    def parameters(self) -> tuple[Any, ...]:
        """The arguments of ``append()``, in its order."""
        entries = list(zip(*self.entries, strict=True)) or [()] * len(EntryRow._fields)
        values = list(zip(*self._values, strict=True)) or [()] * len(ValueRow._fields)
        kinds = (Uuids, Uuids, Ints, SmallInts, Texts, Bytes)
        value_kinds = (Ints, Texts, Uuids, Uuids, Texts, Uuids, Bytes, Bytes)
        return (
            self._knowledge.epoch,
            self._now,
            *(kind(column) for kind, column in zip(kinds, entries, strict=True)),
            *(kind(column) for kind, column in zip(value_kinds, values, strict=True)),
            *self._holders.parameters(),
        )

    def _write(self, request: Request, version: int, event: Event) -> Event:
        """Seal the event's values, put them and it into the batch, and return it sealed."""
        boxes = {
            name: self._seal(request, version, event, name, clear)
            for name, clear in clear_values(event)
        }
        sealed = event.model_copy(update=boxes) if boxes else event
        self.entries.append(
            EntryRow(
                request.workspace_id,
                request.stream_id,
                version,
                event.schema_version,
                event.name,
                encode(sealed, request.context, request.stream_id),
            )
        )
        return sealed

    def _seal(
        self, request: Request, version: int, event: Event, name: str, clear: Clear
    ) -> Sealed:
        """What the entry holds for the value; of somebody erased, the value itself is dropped."""
        workspace_id = request.workspace_id
        place = Place(
            workspace_id=workspace_id,
            stream_id=request.stream_id,
            version=version,
            name=event.name,
            schema_version=event.schema_version,
            field=name,
            subjects=self._holders.subjects_of(workspace_id, clear),
            category=clear.category,
            bucket=self._holders.bucket_of(workspace_id, clear.category),
        )
        keys = self._holders.locks(workspace_id, place.stream_id, place.subjects, place.bucket)
        box = seal(orjson.dumps(clear.value), place, keys) if keys else None
        if box:
            self._values.append(self._row(place, box))
        return Sealed.model_construct(
            subjects=place.subjects,
            category=clear.category,
            bucket=place.bucket,
            commitment=box.commitment if box else None,
        )

    def _row(self, place: Place, box: Box) -> ValueRow:
        # The vault has room for two; a third would be a mistake and fails here.
        subject, co_subject = (
            (*place.subjects, None) if len(place.subjects) == 1 else place.subjects
        )
        return ValueRow(
            len(self.entries) + 1,
            place.field,
            subject,
            co_subject,
            place.category,
            place.bucket,
            box.key_check,
            box.sealed,
        )
