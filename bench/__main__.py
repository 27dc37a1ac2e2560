"""``python -m bench [names...] [--quick]``: measure, print, write the figures down."""

from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console

from bench import page, report
from bench.sizes import FULL, QUICK
from bench.suite import NAMES, run


def main(
    names: Annotated[
        list[str] | None, typer.Argument(help=f"Of: {', '.join(NAMES)}. All by default.")
    ] = None,
    *,
    quick: Annotated[
        bool, typer.Option(help="Tiny sizes: shows that it runs, measures nothing.")
    ] = False,
    output: Annotated[Path, typer.Option(help="The file of the figures.")] = report.LATEST,
) -> None:
    """Measure ours and the other side in turn."""
    unknown = set(names or ()) - set(NAMES)
    if unknown:
        raise typer.BadParameter(f"no such scenario: {', '.join(sorted(unknown))}")
    console = Console(stderr=True)
    sizes = QUICK if quick else FULL
    found = uvloop.run(run(names or NAMES, sizes, console.print))
    report.show(found)
    if quick and output == report.LATEST:
        console.print("--quick measures nothing: the file is as it was")
    else:
        report.write(found, output)
    if not quick and output == report.LATEST:
        page.write(report.read())


if __name__ == "__main__":
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(main)
    app()
