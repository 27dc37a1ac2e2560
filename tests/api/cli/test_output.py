"""Tables for people: whatever the width, nothing in them is cut."""

from io import StringIO
from typing import Final

import pytest
from rich.console import Console
from rich.table import Table

from api.cli.output import print_table, table

COLUMNS: Final = ("name", "where", "made at", "id")
ID: Final = "3f2b8c1e-5d0a-4a6b-9c7d-0123456789ab"
LONG: Final = (
    "postgresql://ringledger@db2.example.com:5432/ringledger?sslmode=verify-full&" + "x" * 90
)
ROWS: Final = (("cell_one", LONG, "2026-11-22 14:02:00", ID), ("cell_two", "here", "", ""))


def printed(rows: Table, width: int) -> list[str]:
    """The lines on a terminal of this width."""
    out = StringIO()
    print_table(rows, Console(file=out, width=width, force_terminal=False))
    return out.getvalue().splitlines()


@pytest.mark.parametrize("width", [1, 20, 40, 80, 100, 160, 240, 1000])
def test_nothing_is_cut(width: int) -> None:
    """Names, ids and words stay whole, and a long place is there to its last letter."""
    lines = printed(table(COLUMNS, ROWS, folded=("where",)), width)
    words = {word for line in lines for word in line.split()}
    assert {"cell_one", "cell_two", "here", "2026-11-22", "14:02:00", ID} <= words
    assert "…" not in "".join(lines)
    place = lines[1].index("where")
    column = slice(place, lines[1].index("made", place))
    (row,) = (number for number, line in enumerate(lines) if "cell_one" in line)
    (following,) = (number for number, line in enumerate(lines) if "cell_two" in line)
    assert "".join(line[column].strip() for line in lines[row:following]) == LONG


@pytest.mark.parametrize("width", [100, 160])
def test_a_table_keeps_to_the_width_that_there_is(width: int) -> None:
    """As long as the words have room, only what may be folded gets narrower."""
    lines = printed(table(COLUMNS, ROWS, folded=("where",)), width)
    assert max(map(len, lines)) <= width


def test_what_has_room_is_on_one_line() -> None:
    """A row is a line: whoever searches the output finds the whole of it."""
    lines = printed(table(COLUMNS, ROWS, folded=("where",)), 1000)
    assert [line.split()[:2] for line in lines if "cell_" in line] == [
        ["cell_one", LONG],
        ["cell_two", "here"],
    ]
