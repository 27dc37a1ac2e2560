"""What a view is: a pure fold of each stream, and the row that the fold comes to."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Generic, TypeVar
from uuid import UUID

from adapters.postgres.arrays import Array
from domain.messages import Entry

Folded = TypeVar("Folded")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a view, how an array of it is sent, and what reads it there."""

    name: str
    array: Callable[[Any], Array]
    expression: str = "{}"
    """What makes the column of the array's element, where they differ."""


@dataclass(frozen=True, slots=True)
class Projection(Generic[Folded]):
    """One row per stream. ``fold`` and ``row`` are pure and see sealed references only."""

    name: str
    """The view's table."""

    key: str
    """Its primary key: the stream's id."""

    prefix: str
    """It reads the events whose stored name begins so; others are not even decoded."""

    columns: tuple[Column, ...]
    fold: Callable[[Folded | None, Entry], Folded]
    row: Callable[[Folded], tuple[Any, ...]]

    def fold_all(self, so_far: Folded | None, entries: Iterable[Entry]) -> Folded:
        """Fold in some entries of a stream, at least one."""
        first, *more = entries
        return reduce(self.fold, more, self.fold(so_far, first))


Streams = Mapping[UUID, Sequence[Entry]]
"""Entries by the stream that they belong to, in their order."""


def by_stream(entries: Iterable[Entry]) -> Streams:
    """The entries of each stream."""
    streams = defaultdict[UUID, list[Entry]](list)
    for entry in entries:
        streams[entry.stream_id].append(entry)
    return streams


class Folds(Generic[Folded]):
    """Streams folded so far, kept in memory up to a bound; what is forgotten is read again."""

    LIMIT = 2_500
    """Some 20 MB, and more calls than go on at once."""

    def __init__(self, projection: Projection[Folded]) -> None:
        self._projection = projection
        self._known: dict[UUID, Folded] = {}

    def bound(self) -> None:
        """Before each batch: a full memory is emptied."""
        if len(self._known) > self.LIMIT:
            self.forget()

    def missing(self, told: Streams) -> list[UUID]:
        """The streams whose beginning must be read again before these can be folded."""
        return [id_ for id_ in told if told[id_][0].version > 1 and id_ not in self._known]

    def add(self, told: Streams) -> None:
        """Fold in what is told of each stream."""
        for stream_id, entries in told.items():
            so_far = self._known.get(stream_id)
            self._known[stream_id] = self._projection.fold_all(so_far, entries)

    def rows(self, streams: Iterable[UUID]) -> list[tuple[Any, ...]]:
        """The rows of these streams."""
        return [self._projection.row(self._known[stream]) for stream in streams]

    def forget(self) -> None:
        """What is in memory may not be what was committed."""
        self._known.clear()
