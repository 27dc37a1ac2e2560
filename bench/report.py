"""What becomes of the figures: a file to compare with, and a table to read."""

import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

import orjson
from rich.console import Console
from rich.table import Table

from bench.measure import Measurement

LATEST: Final = Path(__file__).parent / "results" / "latest.json"


Figures: TypeAlias = Mapping[str, Mapping[str, Any]]
"""What is written down, by scenario."""


def read(path: Path = LATEST) -> Figures:
    """The figures that were written last."""
    figures: Figures = orjson.loads(path.read_bytes()) if path.exists() else {}
    return figures


def write(found: Mapping[str, Measurement], path: Path = LATEST) -> None:
    """Put the figures in the place of the same scenarios' earlier ones."""
    figures = {**read(path), **{name: one.as_json() for name, one in found.items()}}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))


def show(found: Mapping[str, Measurement]) -> None:
    """Print the figures."""
    table = Table(title=f"Ringledger beside the other side (Python {platform.python_version()})")
    for heading in ("scenario", "ours", "other", "unit", "ratio", "bar", "holds"):
        table.add_column(heading, justify="left" if heading in {"scenario", "unit"} else "right")
    for name, one in found.items():
        said = one.as_json()
        figures = [_figure(said[side]) for side in ("ours", "other")]
        table.add_row(name, *figures, one.unit, _figure(said["ratio"]), said["bar"], _verdict(one))
    console = Console(width=110)
    console.print(table)
    for name, one in found.items():
        for what, figure in one.besides.items():
            console.print(f"  {name}: {what} {figure:,.4g}")


def _figure(figure: float | None) -> str:
    return "-" if figure is None else f"{figure:,g}"


def _verdict(one: Measurement) -> str:
    """A noisy machine gives none."""
    if one.is_noisy:
        return "noisy"
    return {None: "-", True: "yes", False: "NO"}[one.holds]
