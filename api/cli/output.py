"""How commands answer: a table for people, or one JSON document for programs."""

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import orjson
import typer
from rich.console import Console
from rich.table import Table

from domain.personal_data import Reading

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


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> Table:
    """Rows for people: what is not there is left blank, times are to the second."""
    found = Table(*columns, title=title or None, title_justify="left", title_style="bold")
    for row in rows:
        found.add_row(*map(shown, row))
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


def write_table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> None:
    """Print rows for people."""
    Console().print(table(columns, rows, title))


def party(reading: Reading | None) -> str:
    """A caller or callee: who it is, or why that cannot be said."""
    if reading is None:
        return "-"
    return str(reading.value["address"]) if reading.value else f"[{reading.state}]"
