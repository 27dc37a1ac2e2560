"""Keeps ``docs/performance.md`` true: its tables and plots are made of the figures.

What people wrote between the marks stays as it is. ``python -m bench.page`` does it anew
without measuring.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from bench.plots import all_drawn
from bench.report import Figures, read
from bench.suite import NAMES

PAGE: Final = Path(__file__).parents[1] / "docs" / "performance.md"
PLOTS: Final = PAGE.with_suffix("")
CALLBACKS_OF_A_CALL: Final = 6
ENTRIES_OF_A_CALL: Final = 9
SECONDS_OF_A_DAY: Final = 86_400
MILLION: Final = 1_000_000
_BLOCK: Final = re.compile(r"<!-- made: (\w+) -->\n.*?<!-- end -->", re.DOTALL)


def write(figures: Figures) -> None:
    """Put the figures into the page and draw the plots beside it."""
    PAGE.write_text(rendered(PAGE.read_text(), figures))
    PLOTS.mkdir(exist_ok=True)
    for name, drawn in all_drawn(figures).items():
        (PLOTS / name).write_bytes(drawn)


def rendered(text: str, figures: Figures) -> str:
    """The text with what stands between the marks made of the figures."""

    def block(found: re.Match[str]) -> str:
        name = found[1]
        return f"<!-- made: {name} -->\n{BLOCKS[name](figures)}\n<!-- end -->"

    return _BLOCK.sub(block, text)


def _bars(figures: Figures) -> str:
    """Every bar, and whether it holds."""
    lines = [
        "| scenario | ours | other | ratio | bar | |",
        "| --- | ---: | ---: | ---: | --- | --- |",
    ]
    for name in NAMES:
        if (said := figures.get(name)) and said["bar"]:
            figures_ = [_with_unit(said[side], said["unit"]) for side in ("ours", "other")]
            ratio = "" if said["ratio"] is None else f"{said['ratio']:.2f}"
            lines.append(
                f"| `{name}` | {' | '.join(figures_)} | {ratio} | {_sign(said['bar'])} "
                f"| {verdict(said)} |"
            )
    return "\n".join(lines)


def _others(figures: Figures) -> str:
    """What each was held against."""
    lines = ["| scenario | the other side |", "| --- | --- |"]
    lines += [
        f"| `{name}` | {said['versus']} |"
        for name in NAMES
        if (said := figures.get(name)) and said["bar"]
    ]
    return "\n".join(lines)


def _meaning(figures: Figures) -> str:
    """What somebody has of it who runs a telephone company."""
    lines = ["| | measured | means |", "| --- | ---: | --- |"]
    for name, (what, means) in MEANINGS.items():
        if said := figures.get(name):
            ours = said["ours"]
            lines.append(f"| {what} | {_with_unit(ours, said['unit'])} | {means(ours)} |")
    return "\n".join(lines)


def verdict(said: Mapping[str, Any]) -> str:
    """What the page says of a bar."""
    if said["noisy"]:
        return "too noisy to judge"
    return {True: "holds", False: "**does not hold**", None: "not judged"}[said["holds"]]


def _calls_a_day(per_call: int) -> Callable[[float], str]:
    def means(rate: float) -> str:
        calls = rate / per_call * SECONDS_OF_A_DAY
        return f"{calls / MILLION:,.0f} million answered calls a day"

    return means


def _takes(amount: int, of_what: str) -> Callable[[float], str]:
    def means(rate: float) -> str:
        return f"{of_what} in {_duration(amount / rate)}"

    return means


def _one_worker(milliseconds: float) -> str:
    return f"{1_000 / milliseconds:,.0f} a second, one after the other"


def _duration(seconds: float) -> str:
    return f"{seconds:,.0f} s" if seconds < 2 * 60 else f"{seconds / 60:,.0f} minutes"


def _with_unit(figure: float | None, unit: str) -> str:
    if figure is None:
        return ""
    thing, _, per_second = unit.partition("/")
    if per_second:
        return f"{figure:,.4g} MB/s" if thing == "MB" else f"{figure:,.4g}/s"
    return f"{figure:,.4g} {thing.replace('us', 'µs')}"


def _sign(bar: str) -> str:
    return bar.replace(">=", "≥").replace("<=", "≤")


MEANINGS: Final[Mapping[str, tuple[str, Callable[[float], str]]]] = MappingProxyType(
    {
        "callback_http": (
            "callbacks acknowledged by one process",
            _calls_a_day(CALLBACKS_OF_A_CALL),
        ),
        "two_processes": ("the same by two processes", _calls_a_day(CALLBACKS_OF_A_CALL)),
        "eight_cells": ("the same over eight cells", _calls_a_day(CALLBACKS_OF_A_CALL)),
        "sealed_append_32": ("sealed entries, without HTTP", _calls_a_day(ENTRIES_OF_A_CALL)),
        "callback_http_p99": (
            "the slowest of a hundred callbacks, at full load",
            lambda ours: f"{15_000 / ours:,.0f} times within the 15 s that Twilio waits",
        ),
        "visible": (
            "from sending a callback to seeing it, the slowest of a hundred",
            lambda _: "a dashboard that is asked again shows what just happened",
        ),
        "follower": (
            "entries followed",
            _takes(MILLION, "a million entries are caught up with"),
        ),
        "rebuild": (
            "entries rebuilt",
            _takes(ENTRIES_OF_A_CALL * MILLION, "the call log of a million answered calls"),
        ),
        "page_of_50": ("a page of 50 calls, both numbers of each opened", _one_worker),
        "erasure_by_size": ("an erasure, among the most calls", _one_worker),
        "memory": (
            "memory of a server after 200,000 callbacks",
            lambda _: "what was last heard of is kept, up to a bound",
        ),
    }
)
BLOCKS: Final[Mapping[str, Callable[[Figures], str]]] = MappingProxyType(
    {"bars": _bars, "others": _others, "meaning": _meaning}
)

if __name__ == "__main__":
    write(read())
