"""A clock that a test sets."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from adapters.wiring import now


@dataclass(slots=True)
class SetClock:
    """Tells the real time, and so much later as a test has let pass."""

    passed: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        """The time."""
        return now() + self.passed

    def let_pass(self, **time: float) -> None:
        """Let so much time pass at once."""
        self.passed += timedelta(**time)
