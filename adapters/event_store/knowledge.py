"""What a writer knows of its cell: streams, subjects, their keys, the day's buckets.

It runs ahead of the history by the batches that are not committed yet; when one of them fails,
all of it is forgotten. Keys and lookups are as of one *epoch* of the cell. Destroying a key
anywhere moves the epoch, and an append under an old one is refused (``RL001``). So nothing is ever
sealed for a subject who was erased.

Whatever has an id is known by the number of it: Python compares numbers itself, and UUIDs by
functions written in Python.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Generic, NamedTuple, TypeVar
from uuid import UUID

from adapters.event_store.requests import Stream

Key = TypeVar("Key")
Value = TypeVar("Value")

LIMIT = 2_000
"""How much of each kind is young; as much again may be old."""

FAR_BEHIND: Final = 2_000
"""So many entries of others are not read one by one: every stream is read when it is needed."""

DESTROYED: Final = b""
"""In the place of the key of a subject who was erased, or of a bucket whose period ended."""


class Unread(KeyError):  # noqa: N818 - it says what it is
    """Something that is needed was not read, or is forgotten by now."""


class Remembered(Generic[Key, Value]):
    """Keeps what was asked for lately, in two generations; the older one is forgotten whole."""

    __slots__ = ("_old", "_young")

    def __init__(self) -> None:
        self._young: dict[Key, Value] = {}
        self._old: dict[Key, Value] = {}

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def get(self, key: Key) -> Value | None:
        """What is known of it; it stays known for a while longer."""
        found = self._young.get(key)
        if found is None and self._old:
            found = self._old.get(key)
            if found is not None:
                self._young[key] = found
        return found

    def __getitem__(self, key: Key) -> Value:
        """What must be known of it by now."""
        found = self.get(key)
        if found is None:
            raise Unread
        return found

    def put(self, key: Key, value: Value) -> None:
        """Remember this in the place of whatever was known of it."""
        self._young[key] = value

    def forget(self, keys: Iterable[Key]) -> None:
        """These are not true any more."""
        for key in keys:
            self._young.pop(key, None)
            self._old.pop(key, None)

    def clear(self) -> None:
        """Nothing is."""
        self._young, self._old = {}, {}

    def age(self) -> None:
        """Keep it bounded. What was asked for since the last time but one is never lost."""
        if len(self._young) > LIMIT:
            self._young, self._old = {}, self._young


class Gap(NamedTuple):
    """Positions that others filled: those after the first one, up to and with the second."""

    after: int
    until: int


@dataclass(slots=True)
class Knowledge:
    """The writer's memory. Keys are unwrapped as they come in."""

    epoch: int | None = None
    seen: int | None = None
    """Up to this position every append of anybody was taken in."""

    gap: Gap | None = None
    """What somebody else appended after that, and perhaps some of ours between."""

    reached: int = 0
    """The last position that we know of."""

    streams: Remembered[int, Stream] = field(default_factory=Remembered)
    subjects: Remembered[bytes, UUID] = field(default_factory=Remembered)
    """By the digest of what they are found by."""

    homes: Remembered[int, UUID] = field(default_factory=Remembered)
    """The workspace of each subject whom a command was about."""

    subject_keys: Remembered[int, bytes] = field(default_factory=Remembered)
    bucket_keys: Remembered[int, bytes] = field(default_factory=Remembered)
    secrets: Remembered[tuple[int, ...], bytes] = field(default_factory=Remembered)
    """What a bucket's key and its subjects' keys come to together."""

    @property
    def is_behind(self) -> bool:
        """Whether somebody else was seen to append."""
        return self.gap is not None

    def begin(self, position: int) -> None:
        """All that is known was read when the history had come at least this far."""
        self.seen = self.reached = position

    def appended(self, before: int, count: int) -> None:
        """A batch of ours is durable, right after this position."""
        if self.seen is None:
            self.begin(before)
        if before != self.reached:
            self.gap = Gap(self.seen or 0, before)
        self.reached = before + count
        if self.gap is not None and self.gap.until - self.gap.after > FAR_BEHIND:
            self.streams.clear()
            self.gap = None
        if self.gap is None:
            self.seen = self.reached

    def caught_up(self) -> None:
        """Whatever is in the gap was taken in."""
        self.seen, self.gap = self.reached, None

    def forget(self) -> None:
        """Something of it is wrong, or rests on what never came to be."""
        self.epoch = self.seen = self.gap = None
        for kind in self._kinds():
            kind.clear()

    def age(self) -> None:
        """Keep it bounded. Called between batches: within one, all of it is needed."""
        for kind in self._kinds():
            kind.age()

    def _kinds(self) -> tuple[Remembered[Any, Any], ...]:
        keys = (self.subject_keys, self.bucket_keys, self.secrets)
        return (self.streams, self.subjects, self.homes, *keys)
