"""One transaction in the making: decide, seal, and lay out what the append function takes.

Nothing here does I/O. What is decided changes the writer's knowledge at once, so that the next
batch can be decided while this one is being committed.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from adapters.event_store.draft import Draft
from adapters.event_store.keyholders import Keyholders
from adapters.event_store.knowledge import Knowledge
from adapters.event_store.requests import Receipt, Waiting
from adapters.event_store.rows import EntryRow, ValueRow, parameters
from adapters.postgres.arrays import Ints, Uuids
from domain.errors import NotFound, Refused


class Decided(NamedTuple):
    """A request, what it appends, and what it is answered once that is durable."""

    waiting: Waiting
    receipt: Receipt
    entries: list[EntryRow]
    values: list[ValueRow]
    before: int
    """How many entries there were in the batch before these, by which the values are counted."""


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
            NotFound: The stream or the subject is another workspace's, or nobody is the
                subject; as above.
        """
        request = waiting.request
        stream = self._knowledge.streams[request.stream_id.int]
        if stream.workspace_id != request.workspace_id:
            raise NotFound("stream")
        draft = Draft(request, stream, self._holders, self.entries)
        draft.decide()
        self._knowledge.streams.put(request.stream_id.int, draft.stream)
        receipt = Receipt(request.stream_id, draft.stream.version, tuple(draft.written))
        self.waiting.append(waiting)
        rows = draft.entries, draft.values, self.entries
        self.decided.append(Decided(waiting, receipt, *rows))
        self.entries += len(draft.entries)
        self.bytes += draft.bytes

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
        entries: list[EntryRow] = []
        values: list[ValueRow] = []
        for one in self.decided:
            out = one.before - len(entries)
            values += [v._replace(entry=v.entry - out) for v in one.values] if out else one.values
            entries += one.entries
        epoch, brought = self._knowledge.epoch, self._holders.brought()
        return parameters(epoch, self._now, entries, values, *brought)
