"""How commands answer: a table for people, or one JSON document for programs."""

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import orjson
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

WIDE: Final = 160

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
    """Stdout for people. Where nobody looks at it there is room for every column."""
    return Console(width=None if sys.stdout.isatty() else WIDE)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """Rows for people: what is not there is left blank, times are to the second."""
    found = Table(box=SIMPLE_HEAD)
    for column in columns:
        found.add_column(column, no_wrap=True)
    for row in rows:
        # Escaped: "[erased]" is not a colour.
        found.add_row(*(escape(shown(value)) for value in row))
    return found


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


def write_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows for people."""
    console().print(table(columns, rows))
