"""How commands answer: a table for people, or one JSON document for programs."""

import sys
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import orjson
import typer
from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Table

WIDE: Final = 1_000
NARROWEST_FOLD: Final = 12
BESIDE_COLUMN: Final = 3

AsJson = Annotated[
    bool, typer.Option("--json", help="Print one JSON document on stdout, and nothing else.")
]
InWorkspace = Annotated[
    UUID | None,
    typer.Option("--workspace", "-w", help="The workspace; not needed where there is only one."),
]


def write_json(document: object) -> None:
    """Print one JSON document."""
    sys.stdout.write(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n")


def read_secret(given: str) -> str:
    """What was given, or for ``-`` the next line of stdin, which no process list shows."""
    return sys.stdin.readline().strip() if given == "-" else given.strip()


def console() -> Console:
    """Stdout for people. Where nobody looks at it a line is as long as what it says."""
    return Console(width=None if sys.stdout.isatty() else WIDE)


def table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, folded: Collection[str] = ()
) -> Table:
    """Rows for people: what is not there is left blank, times are to the second.

    However little room there is, nothing is cut: text goes on in the next line between two words,
    in the ``folded`` columns anywhere. A name, a number or an id is a word and stays whole.
    """
    texts = [[shown(value) for value in row] for row in rows]
    found = Table(box=SIMPLE_HEAD)
    for column, *values in zip(columns, *texts, strict=True):
        widest, least = _widths(column, *values)
        if column in folded:
            least = min(least, NARROWEST_FOLD)
        found.add_column(column, min_width=least, no_wrap=least == widest, overflow="fold")
    for row in texts:
        # Escaped: "[erased]" is not a colour.
        found.add_row(*map(escape, row))
    return found


def _widths(*texts: str) -> tuple[int, int]:
    """How wide the widest of them is, and the widest word."""
    words = (cell_len(word) for text in texts for word in text.split())
    return max(map(cell_len, texts)), max(words, default=0)


def print_table(rows: Table, on: Console | None = None) -> None:
    """Print it whole: where even single words have too little room, its lines are too long."""
    found = on or console()
    least = 1 + sum((column.min_width or 0) + BESIDE_COLUMN for column in rows.columns)
    if least > found.width:
        rows.width = least
    found.print(rows, crop=False)


def shown(value: object) -> str:
    """One cell of a table."""
    match value:
        case None:
            return ""
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}"
        case list() | tuple() | set() | frozenset():
            return ", ".join(map(str, value))
        case _:
            return str(value)


def write_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, folded: Collection[str] = ()
) -> None:
    """Print rows for people."""
    print_table(table(columns, rows, folded=folded))
