"""One transaction in the making: decide, seal, and lay out what the append function takes.

Nothing here does I/O. What is decided changes the writer's knowledge at once, so that the next
batch can be decided while this one is being committed.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson
from msgspec import structs

from adapters.event_store.codec import encode
from adapters.event_store.keyholders import Keyholders
from adapters.event_store.knowledge import Knowledge
from adapters.event_store.requests import Receipt, Request, Waiting, clear_values
from adapters.keys.sealing import Box, Place, seal
from adapters.postgres.arrays import Array, Bytes, Ints, SmallInts, Texts, Uuids, columns
from domain.errors import NotFound, Refused
from domain.messages import Event
from domain.personal_data import Clear, Sealed


class EntryRow(NamedTuple):
    """An entry as the append function takes it; its position and time are given there."""

    workspace_id: UUID
    stream_id: UUID
    version: int
    schema_version: int
    name: str
    body: bytes


class ValueRow(NamedTuple):
    """A sealed value of the entry of this version."""

    version: int
    field: str
    subject: UUID
    co_subject: UUID | None
    category: str
    bucket: UUID
    key_check: bytes
    box: bytes


class Decided(NamedTuple):
    """A request, what it appends, and what it is answered once that is durable."""

    waiting: Waiting
    receipt: Receipt
    entries: list[EntryRow]
    values: list[ValueRow]


class Turned(NamedTuple):
    """A request that a rule refused."""

    waiting: Waiting
    refusal: Refused


class Batch:
    """Requests that are committed together, in their order."""

    def __init__(self, knowledge: Knowledge, holders: Keyholders, now: datetime) -> None:
        self._knowledge = knowledge
        self._holders = holders
        self._now = now
        self.decided: list[Decided] = []
        self.refused: list[Turned] = []
        self.doubtful: list[Waiting] = []
        """Refused on what was only remembered."""

        self.waiting: list[Waiting] = []
        """All of these, in their order."""

        self.entries = 0
        self.bytes = 0

    def add(self, waiting: Waiting) -> None:
        """Decide, seal and lay out one request.

        Raises:
            Refused: A rule said no; the batch is as it was.
            NotFound: The stream is another workspace's; as above.
        """
        request = waiting.request
        stream = self._knowledge.streams[request.stream_id]
        if stream.workspace_id != request.workspace_id:
            raise NotFound("stream")
        entries: list[EntryRow] = []
        values: list[ValueRow] = []
        written = []
        for event in request.decider.decide(stream.state, request.command):
            version = stream.version + 1
            sealed = event
            boxes = [
                self._seal(request, version, event, name, clear)
                for name, clear in clear_values(event)
            ]
            if boxes:
                sealed = structs.replace(event, **{box.field: box.sealed for box in boxes})
                values += [box.row for box in boxes if box.row]
            entries.append(_entry(request, version, sealed))
            written.append(sealed)
            stream = stream.after(request.decider, version, sealed)
        self._knowledge.streams.put(request.stream_id, stream)
        receipt = Receipt(request.stream_id, stream.version, tuple(written))
        self.waiting.append(waiting)
        self.decided.append(Decided(waiting, receipt, entries, values))
        self.entries += len(entries)
        self.bytes += sum(len(entry.body) for entry in entries)
        self.bytes += sum(len(value.box) for value in values)

    def refuse(self, waiting: Waiting, refusal: Refused, *, is_certain: bool) -> None:
        """Keep a refusal until all that it rests on is durable."""
        self.waiting.append(waiting)
        if is_certain:
            self.refused.append(Turned(waiting, refusal))
        else:
            self.doubtful.append(waiting)

    def take_out(self, streams: Collection[UUID]) -> list[Waiting]:
        """Take out the requests for these streams; they have to be decided anew."""
        out = [one for one in self.waiting if one.request.stream_id in streams]
        self.waiting = [one for one in self.waiting if one.request.stream_id not in streams]
        self.doubtful = [one for one in self.doubtful if one.request.stream_id not in streams]
        self.refused = [
            one for one in self.refused if one.waiting.request.stream_id not in streams
        ]
        self.decided = [one for one in self.decided if one.receipt.stream_id not in streams]
        self.entries = sum(len(one.entries) for one in self.decided)
        return out

    def versions(self) -> tuple[Uuids, Ints]:
        """The streams and versions that it appends."""
        entries = [entry for one in self.decided for entry in one.entries]
        return Uuids([e.stream_id for e in entries]), Ints([e.version for e in entries])

    def parameters(self) -> tuple[Any, ...]:
        """The arguments of ``append()``, in its order."""
        entries = [entry for one in self.decided for entry in one.entries]
        values: list[tuple[Any, ...]] = []
        before = 0
        for one in self.decided:
            if one.values:
                # The function counts the batch's entries from 1, and names a value's by that.
                first = one.entries[0].version - before - 1
                values += [(version - first, *rest) for version, *rest in one.values]
            before += len(one.entries)
        arrays = (*_arrays(EntryRow, entries), *_arrays(ValueRow, values))
        return (self._knowledge.epoch, self._now, *arrays, *self._holders.parameters())

    def _seal(
        self, request: Request, version: int, event: Event, name: str, clear: Clear
    ) -> "_Sealed":
        """What the entry holds for the value; of somebody erased, the value itself is dropped."""
        workspace_id, category = request.workspace_id, clear.category
        subjects = self._holders.subjects_of(workspace_id, clear)
        bucket = self._holders.bucket_of(workspace_id, category)
        keys = self._holders.locks(workspace_id, request.stream_id, subjects, bucket)
        if keys is None:
            lost = Sealed(subjects=subjects, category=category, bucket=bucket, commitment=None)
            return _Sealed(name, lost, None)
        place = Place(
            workspace_id,
            request.stream_id,
            version,
            event.name,
            event.schema_version,
            name,
            subjects,
            category,
            bucket,
        )
        box = seal(orjson.dumps(clear.value), place, keys)
        sealed = Sealed(
            subjects=subjects, category=category, bucket=bucket, commitment=box.commitment
        )
        return _Sealed(name, sealed, _value(place, box))


class _Sealed(NamedTuple):
    """A field's value in its entry, and in the vault if there was anybody to seal it for."""

    field: str
    sealed: Sealed
    row: ValueRow | None


def ready(epoch: int, now: datetime, entries: Sequence[EntryRow]) -> tuple[Any, ...]:
    """The arguments of ``append()`` for entries that hold no personal value."""
    nobody = Keyholders(Knowledge(), {}, now.date()).parameters()
    return (epoch, now, *_arrays(EntryRow, entries), *_arrays(ValueRow, ()), *nobody)


_KINDS: Final[dict[type, tuple[type[Array], ...]]] = {
    EntryRow: (Uuids, Uuids, Ints, SmallInts, Texts, Bytes),
    ValueRow: (Ints, Texts, Uuids, Uuids, Texts, Uuids, Bytes, Bytes),
}


def _arrays(kind: type[Any], rows: Sequence[tuple[Any, ...]]) -> list[Array]:
    return columns(rows, _KINDS[kind])


def _entry(request: Request, version: int, event: Event) -> EntryRow:
    return EntryRow(
        request.workspace_id,
        request.stream_id,
        version,
        event.schema_version,
        event.name,
        encode(event, request.context, request.stream_id),
    )


def _value(place: Place, box: Box) -> ValueRow:
    # The vault has room for two; a third would be a mistake and fails here.
    subject, co_subject = (*place.subjects, None) if len(place.subjects) == 1 else place.subjects
    return ValueRow(
        place.version,
        place.field,
        subject,
        co_subject,
        place.category,
        place.bucket,
        box.key_check,
        box.sealed,
    )
