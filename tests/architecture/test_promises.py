"""The page of promises is true: its rows, its counts, and the tests that it names."""

import ast
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "promises.md"
SECTIONS = {
    "A": range(1, 7),
    "B": range(7, 18),
    "C": range(18, 29),
    "D": range(29, 37),
    "G": range(49, 63),
    "H": range(63, 71),
}
"""The rows of the promise register that the page owes an answer to."""

STATES = ("kept", "part", "not yet")
TEST = re.compile(r"\[(\w+)\]\(([^)]+)\)")


class Row(NamedTuple):
    """A promise, and what the page says of it."""

    section: str
    number: int
    places: str
    promise: str
    state: str
    by: str


def _rows() -> list[Row]:
    found = []
    for part in PAGE.read_text().split("\n## ")[1:]:
        for line in part.splitlines():
            if re.match(r"\| \d", line):
                number, *said = (cell.strip() for cell in line.strip("|").split("|"))
                found.append(Row(part[0], int(number), *said))
    return found


ROWS = _rows()
NAMED = sorted({(name, path) for row in ROWS for name, path in TEST.findall(row.by)})


def test_every_promise_is_there_once() -> None:
    """No row of the register is missing, stands twice, or stands in another section."""
    assert [(row.section, row.number) for row in ROWS] == [
        (section, number) for section, numbers in SECTIONS.items() for number in numbers
    ]


def test_the_counts_are_true() -> None:
    """What the page says of itself at the top is what stands in it."""
    states = Counter(row.state for row in ROWS)
    counts = ", ".join(f"{states[state]} {state}" for state in STATES)
    assert f"\n{len(ROWS)} rows: {counts}.\n" in PAGE.read_text()
    assert set(states) <= set(STATES)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row.number))
def test_a_row_says_where_it_is_from_and_what_it_rests_on(row: Row) -> None:
    """Tests keep a promise; half a promise says what is missing; the rest claims no test."""
    assert re.fullmatch(r"00\d:\d[\d, -]*(; 00\d:\d[\d, -]*)*", row.places)
    assert row.promise
    assert row.by
    assert bool(TEST.search(row.by)) is (row.state != "not yet")
    assert (" Missing: " in row.by) is (row.state == "part")


@pytest.mark.parametrize(("name", "path"), NAMED)
def test_a_test_that_is_named_exists(name: str, path: str) -> None:
    """By its name, in the file that the link leads to."""
    file = (PAGE.parent / path).resolve()
    assert file.is_relative_to(PAGE.parents[1] / "tests")
    assert file.name.startswith("test_")
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    tests = [n.name for n in ast.parse(file.read_text()).body if isinstance(n, functions)]
    assert name.startswith("test_")
    assert tests.count(name) == 1
