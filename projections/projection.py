"""What a view is: a pure fold of each stream, and the row that the fold comes to."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
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


class Folds(Generic[Folded]):
    """Streams folded so far, kept in memory up to a bound; what is forgotten is read again."""

    LIMIT = 10_000
    """Some 70 MB, and more calls than go on at once."""

    def __init__(self, projection: Projection[Folded]) -> None:
        self._projection = projection
        self._known: dict[UUID, Folded] = {}

    def missing(self, entries: Sequence[Entry]) -> list[UUID]:
        """The streams whose beginning must be read again before these can be folded.

        Asked before each batch: it is here that a full memory is emptied.
        """
        if len(self._known) > self.LIMIT:
            self.forget()
        begun = {entry.stream_id for entry in entries if entry.version == 1}
        met = {entry.stream_id for entry in entries} - begun
        return [stream for stream in met if stream not in self._known]

    def add(self, entries: Sequence[Entry]) -> set[UUID]:
        """Fold the entries in; the streams they belong to."""
        fold, known = self._projection.fold, self._known
        for entry in entries:
            known[entry.stream_id] = fold(known.get(entry.stream_id), entry)
        return {entry.stream_id for entry in entries}

    def rows(self, streams: Iterable[UUID]) -> list[tuple[Any, ...]]:
        """The rows of these streams."""
        return [self._projection.row(self._known[stream]) for stream in streams]

    def forget(self) -> None:
        """What is in memory may not be what was committed."""
        self._known.clear()
