"""What becomes of an attempt to fetch and keep audio that does not succeed."""

from typing import Final

from domain.recordings.words import FetchFailure

FINAL: Final = frozenset(
    {
        FetchFailure.foreign_host,
        FetchFailure.too_large,
        FetchFailure.not_audio,
        FetchFailure.not_authentic,
        FetchFailure.not_enabled,
    }
)
"""The next attempt would come to the same."""

MOST_ATTEMPTS: Final = 20
"""With the pauses between them, about four days."""


class CannotKeep(Exception):  # noqa: N818 - what became of an attempt, not a fault of ours
    """The audio could not be fetched and kept; ``reason`` says why, and nothing says more."""

    def __init__(self, reason: FetchFailure) -> None:
        super().__init__(reason)
        self.reason = reason

    def is_final(self, attempts: int) -> bool:
        """Whether trying again is no use, after so many attempts."""
        return self.reason in FINAL or attempts >= MOST_ATTEMPTS
