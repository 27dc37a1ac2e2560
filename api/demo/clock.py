"""A clock that begins in the past and is led to the present, so that a day fits in seconds."""

from datetime import datetime

from adapters.event_store.writer import Clock
from adapters.wiring import now


class DemoClock:
    """Stands where it was led to, never goes back, and becomes the real clock at the end."""

    def __init__(self, start: datetime, real: Clock = now) -> None:
        self._at = start
        self._real = real
        self._is_real = False

    def __call__(self) -> datetime:
        """What time it is in the demo."""
        if self._is_real:
            self._at = max(self._at, self._real())
        return self._at

    def lead_to(self, moment: datetime) -> None:
        """Go on to ``moment``, though never past the real time; the past is left alone."""
        self._at = max(self._at, min(moment, self._real()))

    def meet_the_present(self) -> None:
        """From here on it is the real clock."""
        self._is_real = True
