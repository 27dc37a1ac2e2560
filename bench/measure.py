"""How a thing is measured: both sides in turn, a warm-up first, medians, one ratio."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter
from typing import Any, Final, Literal

from api.collector import settle

Run = Callable[[], Awaitable[float]]
"""One run of one side; its figure."""

MILLISECONDS: Final = 1_000
QUIET_SPREAD: Final = 1.5
"""The other side does the same in each run: where its runs differ by more, the machine did."""


@dataclass(frozen=True, slots=True)
class Bar:
    """What the ratio must come to."""

    sign: Literal[">=", "<="]
    limit: float

    def holds(self, ratio: float) -> bool:
        """Whether it does."""
        return ratio >= self.limit if self.sign == ">=" else ratio <= self.limit

    def __str__(self) -> str:
        return f"{self.sign} {self.limit:g}"


@dataclass(frozen=True, slots=True)
class Measurement:
    """The figures of both sides, of every counted run."""

    unit: str
    versus: str
    """What the other side is."""

    ours: list[float]
    other: list[float]
    bar: Bar | None = None
    besides: dict[str, float] = field(default_factory=dict)
    """What else was seen, by a name that ends in its unit."""

    @property
    def ratio(self) -> float:
        """Our median over the other side's."""
        return median(self.ours) / median(self.other)

    @property
    def holds(self) -> bool | None:
        """Whether the bar holds; ``None`` where there is none."""
        return self.bar.holds(self.ratio) if self.bar else None

    @property
    def is_noisy(self) -> bool:
        """Whether the machine was too busy to judge by."""
        return max(self.other) / min(self.other) > QUIET_SPREAD

    def as_json(self) -> dict[str, Any]:
        """What is written down."""
        return {
            "ours": _rounded(median(self.ours)),
            "other": _rounded(median(self.other)),
            "ratio": _rounded(self.ratio),
            "bar": str(self.bar) if self.bar else None,
            "holds": self.holds,
            "unit": self.unit,
            "runs": len(self.ours),
            "noisy": self.is_noisy,
            "versus": self.versus,
            "ours_runs": [_rounded(figure) for figure in self.ours],
            "other_runs": [_rounded(figure) for figure in self.other],
            "besides": {name: _rounded(figure) for name, figure in self.besides.items()},
        }


async def in_turn(ours: Run, other: Run, runs: int) -> tuple[list[float], list[float]]:
    """Ours, the other, ours, the other ..., after one run of each that does not count."""
    await ours()
    await other()
    settle()  # as the server does after its start
    figures = [(await ours(), await other()) for _ in range(runs)]
    return [figure for figure, _ in figures], [figure for _, figure in figures]


async def rate(count: int, work: Callable[[], Awaitable[object]]) -> float:
    """How many a second, where ``work`` does ``count`` of them."""
    return count / await seconds(work)


async def seconds(work: Callable[[], Awaitable[object]]) -> float:
    """How long it takes."""
    start = perf_counter()
    await work()
    return perf_counter() - start


def _rounded(figure: float) -> float:
    """Four figures are more than any of these is worth."""
    return float(f"{figure:.4g}")
