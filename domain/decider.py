"""A decider is an aggregate as two pure functions; ``fold`` replays its history."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

State = TypeVar("State")
CommandT = TypeVar("CommandT")
EventT = TypeVar("EventT")


@dataclass(frozen=True, slots=True)
class Decider(Generic[State, CommandT, EventT]):
    """What an aggregate is before anything happened, and how it decides and changes.

    ``decide`` and ``evolve`` read no clock, no random source and no personal value,
    so that a replay is the same at any time and after any erasure.
    """

    initial: State
    decide: Callable[[State, CommandT], Sequence[EventT]]
    evolve: Callable[[State, EventT], State]

    def fold(self, events: Iterable[EventT], state: State | None = None) -> State:
        """The state after these events, from the beginning or from ``state``."""
        current = self.initial if state is None else state
        for event in events:
            current = self.evolve(current, event)
        return current


AnyDecider = Decider[Any, Any, Any]
