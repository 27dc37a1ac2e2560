"""``ringledger workspaces retention``: what another period would take, and what went by one."""

from typing import Annotated

import typer

from api.cli.asking import ask
from api.cli.output import AsJson, InWorkspace, print_table, write_json, write_table
from api.cli.running import EXIT_CODES, run
from api.cli.tables import entries_table
from api.routes.retention import get_retention_history, simulate_retention
from domain.workspaces.words import Kept

app = typer.Typer(help="How long things are kept.", no_args_is_help=True)


@app.command(epilog=EXIT_CODES)
def simulate(
    category: Annotated[Kept, typer.Argument(help="What is kept.")],
    days: Annotated[
        int | None, typer.Option(min=1, help="The period; without it, none of its own.")
    ] = None,
    campaign: Annotated[str | None, typer.Option(help="Of which campaign.")] = None,
    workspace: InWorkspace = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show what would go if this period were set. Nothing is set, and nothing goes."""
    found = run(
        ask(
            workspace,
            lambda request, session: simulate_retention(
                request, session, category, campaign, days
            ),
            "settings",
        )
    )
    if as_json:
        write_json(found)
    else:
        rows = [("now", found["now"]["buckets"], found["now"]["values"])]
        rows += [(step["on"], step["buckets"], step["values"]) for step in found["later"]]
        write_table(("on", "days' keys", "values"), rows)
        write_table(("at once", "how many"), list(found["now"].items())[2:])


@app.command(epilog=EXIT_CODES)
def history(workspace: InWorkspace = None, *, as_json: AsJson = False) -> None:
    """Show what went at the end of its period, and by whose rule."""
    found = run(ask(workspace, get_retention_history, "settings"))
    if as_json:
        write_json(found)
    else:
        print_table(entries_table(found["data"]))
