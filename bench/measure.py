"""How a thing is measured: the sides in turn, a warm-up first, medians, one ratio, one verdict."""

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from time import perf_counter
from typing import Any, Final, Literal, TypeAlias

from api.collector import settle

Run = Callable[[], Awaitable[float]]
"""One run of one side; its figure."""

MILLISECONDS: Final = 1_000
MICROSECONDS: Final = 1_000_000
QUIET_SPREAD: Final = 1.25
"""Each side does the same in each run: where its runs differ by more, the machine did."""

ENOUGH_RUNS: Final = 5
"""From so many on the best and the worst run may be odd: a median does not look at them either."""


@dataclass(frozen=True, slots=True)
class Bar:
    """What the ratio must come to, or our own figure where the bar has a unit."""

    sign: Literal[">=", "<="]
    limit: float
    unit: str = ""

    def holds(self, figure: float) -> bool:
        """Whether it does."""
        return figure >= self.limit if self.sign == ">=" else figure <= self.limit

    def __str__(self) -> str:
        return f"{self.sign} {self.limit:g} {self.unit}".strip()


@dataclass(frozen=True, slots=True)
class Measurement:
    """The figures of both sides, of every counted run."""

    unit: str
    versus: str
    """What the other side is."""

    ours: Sequence[float]
    other: Sequence[float] = ()
    """Nothing, where the bar is a figure and not a ratio."""

    bar: Bar | None = None
    besides: dict[str, float] = field(default_factory=dict)
    """What else was seen, by a name that ends in its unit."""

    applies: bool = True
    """Whether the other side was such that the bar says anything."""

    @property
    def ratio(self) -> float | None:
        """Our median over the other side's."""
        return median(self.ours) / median(self.other) if self.other else None

    @property
    def holds(self) -> bool | None:
        """Whether the bar holds; ``None`` where there is none, or the machine was too noisy."""
        if self.bar is None or self.is_noisy or not self.applies:
            return None
        if self.bar.unit or self.ratio is None:
            return self.bar.holds(median(self.ours))
        return self.bar.holds(self.ratio)

    @property
    def is_noisy(self) -> bool:
        """Whether the machine was too busy to judge by."""
        return any(spread(side) > QUIET_SPREAD for side in (self.ours, self.other) if side)

    def as_json(self) -> dict[str, Any]:
        """What is written down."""
        return {
            "ours": rounded(median(self.ours)),
            "other": rounded(median(self.other)) if self.other else None,
            "ratio": None if self.ratio is None else rounded(self.ratio),
            "bar": str(self.bar) if self.bar else None,
            "holds": self.holds,
            "unit": self.unit,
            "runs": len(self.ours),
            "noisy": self.is_noisy,
            "versus": self.versus,
            "ours_runs": [rounded(figure) for figure in self.ours],
            "other_runs": [rounded(figure) for figure in self.other],
            "besides": {name: rounded(figure) for name, figure in self.besides.items()},
        }


Found: TypeAlias = Mapping[str, Measurement]
"""What was measured together, by name."""


def spread(figures: Sequence[float]) -> float:
    """The highest over the lowest; of many runs without the best and the worst."""
    ordered = sorted(figures)
    judged = ordered[1:-1] if len(ordered) >= ENOUGH_RUNS else ordered
    lowest, highest = judged[0], judged[-1]
    if lowest == highest:
        return 1.0
    return highest / lowest if lowest else math.inf


async def in_turn(*sides: Run, runs: int) -> list[list[float]]:
    """A run of each side, again and again; the first round does not count."""
    for side in sides:
        await side()
    settle()  # as the server does after its start
    rounds = [[await side() for side in sides] for _ in range(runs)]
    return [list(figures) for figures in zip(*rounds, strict=True)]


async def rate(count: int, work: Callable[[], Awaitable[object]]) -> float:
    """How many a second, where ``work`` does ``count`` of them."""
    return count / await seconds(work)


async def seconds(work: Callable[[], Awaitable[object]]) -> float:
    """How long it takes."""
    start = perf_counter()
    await work()
    return perf_counter() - start


def percentile(figures: Sequence[float], percent: int) -> float:
    """What so many of a hundred do not exceed."""
    return quantiles(figures, n=100, method="inclusive")[percent - 1]


def rounded(figure: float) -> float:
    """Four figures are more than any of these is worth."""
    return float(f"{figure:.4g}")
