"""The plots of ``docs/performance.md``: the same figures, the same bytes."""

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from bench.report import Figures
from bench.scenarios.appending import CLIENTS, names
from bench.sizes import FULL

mpl.use("svg")
_STYLE: Final[dict[Any, Any]] = {
    "svg.hashsalt": "ringledger",
    "svg.fonttype": "path",  # whatever letters the reader has
    "font.family": "sans-serif",
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "lines.linewidth": 2,
    "lines.markersize": 6,
}
_NOTHING_THAT_CHANGES: Final = {"Date": None, "Creator": None}


class Line(NamedTuple):
    """One line of a plot, with its name beside its end."""

    name: str
    colour: str
    places: Sequence[float]
    heights: Sequence[float]


def clients(figures: Figures) -> bytes:
    """Entries a second against waiting clients."""
    sealed, path = zip(*(names(count) for count in CLIENTS), strict=True)
    lines = [
        Line("append path alone", "#1b6ca8", CLIENTS, _of(figures, path, "ours")),
        Line("pgbench, plain inserts", "#777777", CLIENTS, _of(figures, path, "other")),
        Line("ours, decided and sealed", "#c8491d", CLIENTS, _of(figures, sealed, "ours")),
        Line(
            "the library's recorder",
            "#8a6d3b",
            CLIENTS,
            [figures[name]["besides"]["library_recorder_per_s"] for name in path],
        ),
    ]
    return _drawn("Durable entries a second", "clients waiting at once", lines, _many_to_many)


def sizes(figures: Figures) -> bytes:
    """What an erasure and a page cost against the calls in the cell."""
    key = "among_{}_calls_ms"
    lines = [
        Line(name, colour, FULL.cells, [figures[it]["besides"][key.format(n)] for n in FULL.cells])
        for name, colour, it in (
            ("a page of 50 calls, opened", "#1b6ca8", "page_of_50"),
            ("an erasure", "#c8491d", "erasure_by_size"),
        )
    ]
    return _drawn("Milliseconds", "calls in the cell", lines, _sizes)


def cells(figures: Figures) -> bytes:
    """Callbacks a second against cells."""
    said, counts = figures["eight_cells"], FULL.cell_counts
    between = [said["besides"][f"with_{count}_cells_per_s"] for count in counts[1:-1]]
    heights = [said["other"], *between, said["ours"]]
    lines = [Line("two server processes", "#c8491d", counts, heights)]
    return _drawn("Signed callbacks a second", "cells", lines, _cells)


PLOTS: Final[Mapping[str, Callable[[Figures], bytes]]] = MappingProxyType(
    {"clients.svg": clients, "sizes.svg": sizes, "cells.svg": cells}
)


def all_drawn(figures: Figures) -> dict[str, bytes]:
    """The plots whose figures have all been measured."""
    drawn = {}
    for name, plot in PLOTS.items():
        try:
            drawn[name] = plot(figures)
        except KeyError:
            continue
    return drawn


def _of(figures: Figures, scenarios: Sequence[str], side: str) -> list[float]:
    return [figures[name][side] for name in scenarios]


def _drawn(
    title: str, below: str, lines: Sequence[Line], lay_out: Callable[[Axes, Sequence[Line]], None]
) -> bytes:
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(8, 4.5), layout="constrained")
        axes = figure.add_subplot()
        for line in lines:
            axes.plot(line.places, line.heights, color=line.colour, marker="o")
        axes.set_title(title, loc="left", fontweight="bold")
        axes.set_xlabel(below)
        lay_out(axes, lines)
        axes.set_xticks(lines[0].places)
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(_with_commas())
        axes.yaxis.set_major_formatter(_with_commas())
        _name(axes, lines)
        written = BytesIO()
        figure.savefig(written, format="svg", metadata=_NOTHING_THAT_CHANGES)
        return written.getvalue()


def _name(axes: Axes, lines: Sequence[Line]) -> None:
    """Write each line's name beside its last point, where the eye is anyway."""
    for line in lines:
        axes.annotate(
            line.name,
            (line.places[-1], line.heights[-1]),
            xytext=(10, 0),
            textcoords="offset points",
            va="center",
            color=line.colour,
            annotation_clip=False,
        )


def _many_to_many(axes: Axes, _lines: Sequence[Line]) -> None:
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_yticks([500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000])
    axes.yaxis.set_minor_locator(NullLocator())


def _sizes(axes: Axes, lines: Sequence[Line]) -> None:
    axes.set_xscale("log")
    axes.set_ylim(0, 1.2 * max(max(line.heights) for line in lines))


def _cells(axes: Axes, lines: Sequence[Line]) -> None:
    axes.set_xscale("log", base=2)
    axes.set_ylim(0, 1.2 * max(max(line.heights) for line in lines))


def _with_commas() -> FuncFormatter:
    def said(number: float, _place: Any) -> str:  # noqa: ANN401 - matplotlib's own
        return f"{number:,.10g}"

    return FuncFormatter(said)
