"""Tells a rule as a story: given these events, when this is asked, then that happens.

    Scenario(CALL).given(registered).when(report).then(ended)
    Scenario(SUBJECT).when(confirmation).refused("deletion_before_erasure")

What happened must also be possible to live with: the events are folded into the state.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from domain.decider import AnyDecider
from domain.errors import Refused
from domain.messages import Command, Event


@dataclass(frozen=True, slots=True)
class Scenario:
    """A decider, what happened to it before, and what is asked of it."""

    decider: AnyDecider
    past: tuple[Event, ...] = ()
    command: Command | None = None

    def given(self, *events: Event) -> "Scenario":
        """These happened before, after any given earlier."""
        return replace(self, past=(*self.past, *events))

    def when(self, command: Command) -> "Scenario":
        """This is asked; whatever an earlier request led to has happened before it."""
        past = self.past if self.command is None else (*self.past, *self.events)
        return replace(self, past=past, command=command)

    @property
    def events(self) -> Sequence[Event]:
        """What the request leads to."""
        assert self.command is not None, "nothing was asked"
        decided: Sequence[Event] = self.decider.decide(self.decider.fold(self.past), self.command)
        return decided

    @property
    def state(self) -> Any:  # noqa: ANN401 - a scenario tells of any aggregate
        """The state after everything that happened."""
        return self.decider.fold((*self.past, *(self.events if self.command else ())))

    def then(self, *events: Event) -> "Scenario":
        """Exactly these happen, in this order."""
        assert tuple(self.events) == events
        return replace(self, past=(*self.past, *events), command=None)

    def nothing_happens(self) -> "Scenario":
        """The request says nothing new."""
        return self.then()

    def refused(self, code: str) -> None:
        """A rule says no, and names itself."""
        with pytest.raises(Refused) as refusal:
            _ = self.events
        assert str(refusal.value) == code
