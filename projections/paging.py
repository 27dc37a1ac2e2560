"""Where a page ends and the next one begins: a place in the order of the rows, not a count.

Whatever is inserted meanwhile, the rows after a place are the rows after it.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypeVar
from uuid import UUID


class Place(NamedTuple):
    """What a row is ordered by, and its id, which settles ties."""

    key: int
    row_id: UUID


class Placed(Protocol):
    """A row that knows its place."""

    @property
    def place(self) -> Place:
        """Where it stands."""
        ...


Row = TypeVar("Row", bound=Placed)


def page(rows: Sequence[Row], limit: int) -> tuple[Sequence[Row], Place | None]:
    """Of at most ``limit + 1`` rows those of the page, and its end where more follow."""
    shown = rows[:limit]
    return shown, shown[-1].place if len(rows) > limit else None
