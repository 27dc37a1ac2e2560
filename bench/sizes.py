"""How much of everything: enough to mean something, or just enough to see that it works."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """The amounts of every scenario."""

    runs: int
    """Counted runs a side."""

    commanded_calls: int
    """Calls of six commands in each run."""

    followed_calls: int
    """Calls of nine entries in the history that is followed."""

    library_entries: int
    """How many of them the library follows in a run, for it needs long."""

    few_calls: int
    many_calls: int
    """The calls of the cells in which subjects are erased."""

    erased: int
    """Subjects erased in a run."""

    paged_calls: int
    """The calls of the cell whose newest page is read."""

    pages: int
    """Pages read in a run."""

    callbacks: int
    """Callbacks of a run over HTTP."""

    seconds_of_floor: int
    """How long PostgreSQL's own benchmark runs."""


FULL = Sizes(
    runs=5,
    commanded_calls=400,
    followed_calls=3_000,
    library_entries=4_000,
    few_calls=1_000,
    many_calls=100_000,
    erased=30,
    paged_calls=200_000,
    pages=100,
    callbacks=10_000,
    seconds_of_floor=2,
)
QUICK = Sizes(
    runs=2,
    commanded_calls=8,
    followed_calls=20,
    library_entries=90,
    few_calls=40,
    many_calls=200,
    erased=3,
    paged_calls=300,
    pages=3,
    callbacks=100,
    seconds_of_floor=1,
)
