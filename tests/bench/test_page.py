"""The page says what the figures say: nobody has to believe a table that was typed."""

import pytest

from bench import page, plots, report
from bench.page import PAGE, PLOTS, rendered, verdict
from bench.scenarios.appending import CLIENTS, names
from bench.sizes import FULL
from bench.suite import NAMES

FIGURES = report.read()
SAID = {
    "ours": 100.0,
    "other": 50.0,
    "ratio": 2.0,
    "bar": ">= 1",
    "holds": True,
    "noisy": False,
    "unit": "callbacks/s",
    "versus": "a stand-in",
}
MARKED = "before\n<!-- made: bars -->\nold\n<!-- end -->\nafter\n"


def test_the_page_is_made_of_the_latest_figures() -> None:
    """Whoever measures and does not commit the page, or edits a table by hand, finds out here."""
    text = PAGE.read_text()
    assert rendered(text, FIGURES) == text


def test_the_plots_are_drawn_from_the_latest_figures() -> None:
    """The same figures are the same bytes, so that a plot can be compared."""
    assert {path.name: path.read_bytes() for path in PLOTS.glob("*")} == plots.all_drawn(FIGURES)


def test_every_bar_that_is_not_held_is_spoken_of() -> None:
    """A bar may be missed; it may not be passed over."""
    section = PAGE.read_text().partition("## Bars that do not hold")[2].partition("\n## ")[0]
    missed = {name for name, said in FIGURES.items() if said["bar"] and not said["holds"]}
    assert {name for name in missed if f"`{name}`" not in section} == set()


def test_only_what_stands_between_the_marks_is_made() -> None:
    """What people wrote stays."""
    made = rendered(MARKED, {"callback_http": SAID})
    assert made.startswith("before\n<!-- made: bars -->\n| scenario |")
    assert "| `callback_http` | 100/s | 50/s | 2.00 | ≥ 1 | holds |" in made
    assert made.endswith("<!-- end -->\nafter\n")
    assert "\nold\n" not in made


@pytest.mark.parametrize(
    ("holds", "noisy", "says"),
    [
        (True, False, "holds"),
        (False, False, "**does not hold**"),
        (None, False, "not judged"),
        (None, True, "too noisy to judge"),
    ],
)
def test_the_page_claims_no_more_than_the_figures(
    holds: bool | None,  # noqa: FBT001 - a case of the table
    noisy: bool,  # noqa: FBT001 - a case of the table
    says: str,
) -> None:
    """Noise is not success."""
    assert verdict({"holds": holds, "noisy": noisy}) == says


def test_a_rate_is_told_in_calls_a_day() -> None:
    """600 callbacks a second are 100 calls a second: 8.64 million a day."""
    made = rendered(
        "<!-- made: meaning -->\n<!-- end -->", {"callback_http": SAID | {"ours": 600.0}}
    )
    assert "| 600/s | 9 million answered calls a day |" in made


def test_every_plot_is_drawn_once_its_figures_are_there() -> None:
    """And the same twice; with a figure missing it is left out, not drawn short."""
    figures = {name: SAID | {"besides": _besides()} for name in NAMES}
    drawn = plots.all_drawn(figures)
    assert drawn.keys() == plots.PLOTS.keys()
    assert drawn == plots.all_drawn(figures)
    del figures[names(CLIENTS[3])[0]]
    assert plots.all_drawn(figures).keys() == plots.PLOTS.keys() - {"clients.svg"}


def test_every_scenario_that_is_explained_is_measured() -> None:
    """A renamed scenario must not fall out of the page."""
    assert page.MEANINGS.keys() <= set(NAMES)


def _besides() -> dict[str, float]:
    cells = {f"with_{cells}_cells_per_s": 3.0 for cells in FULL.cell_counts}
    sizes = {f"among_{calls}_calls_ms": 2.0 for calls in FULL.cells}
    return {"library_recorder_per_s": 1.0, **cells, **sizes}
