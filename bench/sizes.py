"""How much of everything: enough to mean something, or just enough to see that it works."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """The amounts of every scenario."""

    runs: int
    """Counted runs a side."""

    seconds: float
    """How long a run lasts that is bounded by time: PostgreSQL's own benchmark's, among others."""

    warm_calls: int
    """Calls from which it is learned how many bytes an entry has."""

    calls_of_one: int
    calls_of_many: int
    """Calls of six commands in a run, when one client waits and when several do."""

    followed_calls: int
    """Calls of nine entries in the history that is followed."""

    library_entries: int
    """How many of them the library follows in a run, for it needs long."""

    cells: tuple[int, ...]
    """Calls in the cells of which the first and the last are compared, from few to many."""

    line_runs: int
    """Lines of the office that are erased, each with many calls."""

    erased: int
    """Subjects erased in a run, and plain rows inserted beside them."""

    pages: int
    """Pages read in a run, and calls loaded."""

    callbacks: int
    """Callbacks of a run over HTTP."""

    library_callbacks: int
    """The same for the library, which needs long."""

    watched_seconds: float
    """How long callbacks come at a steady pace while the view is watched."""

    remembered: tuple[int, int]
    """Callbacks after which the server's memory is looked at."""

    cell_counts: tuple[int, ...]
    """Over how many cells the same load is spread."""

    audio_bytes: int
    """Audio that is sealed and stored in a run, and copied beside it."""

    long_audio_bytes: int
    """Audio of which memory must notice nothing."""

    rotated_keys: int
    """Keys that are wrapped anew."""

    def commanded_calls(self, clients: int) -> int:
        """Calls of six commands in a run of so many clients."""
        return self.calls_of_one if clients == 1 else self.calls_of_many


FULL = Sizes(
    runs=5,
    seconds=1,
    warm_calls=200,
    calls_of_one=400,
    calls_of_many=1_500,
    followed_calls=5_000,
    library_entries=4_000,
    cells=(1_000, 10_000, 100_000, 1_000_000),
    line_runs=5,
    erased=30,
    pages=100,
    callbacks=12_000,
    library_callbacks=1_500,
    watched_seconds=5,
    remembered=(20_000, 200_000),
    cell_counts=(1, 2, 4, 8),
    audio_bytes=256 * 1024**2,
    long_audio_bytes=2 * 1024**3,
    rotated_keys=1_000_000,
)
QUICK = Sizes(
    runs=2,
    seconds=0.05,
    warm_calls=2,
    calls_of_one=4,
    calls_of_many=20,
    followed_calls=20,
    library_entries=90,
    cells=(60, 200),
    line_runs=2,
    erased=3,
    pages=3,
    callbacks=200,
    library_callbacks=40,
    watched_seconds=0.1,
    remembered=(200, 400),
    cell_counts=(1, 2),
    audio_bytes=2 * 1024**2,
    long_audio_bytes=8 * 1024**2,
    rotated_keys=3_000,
)
