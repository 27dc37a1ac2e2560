"""``ringledger views``: build a view anew from the history."""

from dataclasses import asdict
from typing import Annotated, Any

import typer
from psycopg import AsyncConnection
from rich.console import Console
from rich.progress import Progress

from adapters import logging
from adapters.cells.provisioner import registered
from adapters.settings import load
from adapters.wiring import database, prepare
from api import collector
from api.cli.output import AsJson, write_json
from api.cli.running import EXIT_CODES, ExitCode, WrongUsage, run
from api.following import VIEWS
from projections.projection import Projection
from projections.rebuild import Comparison, rebuild

app = typer.Typer(help="Views, which can always be built again.", no_args_is_help=True)


@app.callback()
def views() -> None:
    """Views, which can always be built again."""


@app.command("rebuild", epilog=EXIT_CODES)
def rebuild_(
    view: Annotated[str | None, typer.Argument(help="The view; every one without it.")] = None,
    *,
    check: Annotated[bool, typer.Option("--check", help="Only compare; change nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Build views from the first entry on, beside the live ones, compare, and swap.

    It ends with 1 if a live view was not what the history says; the rebuilt one is.
    """
    found = run(_rebuild(view, check=check))
    if as_json:
        write_json({"data": [{"view": name, **asdict(result)} for name, result in found]})
    else:
        for name, result in found:
            state = "equal" if result.is_equal else "DIFFERENT"
            typer.echo(
                f"{name}: {result.rows} rows, {state} "
                f"({result.missing} were missing, {result.surplus} were too many)"
            )
    if not all(result.is_equal for _, result in found):
        raise typer.Exit(ExitCode.wrong)


async def _rebuild(view: str | None, *, check: bool) -> list[tuple[str, Comparison]]:
    if view is not None and view not in VIEWS:
        raise WrongUsage(f"there is no view of that name: there are {', '.join(VIEWS)}")
    settings = load()
    logging.configure()
    collector.settle()
    chosen = [VIEWS[view]] if view else list(VIEWS.values())
    found = []
    async with database(settings) as urls:
        await prepare(settings, urls)
        async with await AsyncConnection.connect(urls.admin) as admin:
            cells = await registered(admin)
        for cell in cells:
            for projection in chosen:
                url = cell.admin(urls)
                result = await _rebuild_one(url, projection, cell.name, swap=not check)
                found.append((f"{cell.name}.{projection.name}", result))
    return found


async def _rebuild_one(
    url: str, projection: Projection[Any], cell: str, *, swap: bool
) -> Comparison:
    """Rebuild one view of one cell under a progress bar."""
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"{cell} {projection.name}", total=None)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        return await rebuild(url, projection, progress, swap=swap)
