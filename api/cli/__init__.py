"""The command line: ``ringledger``, one module per noun."""

from typing import Final

import typer

from api.cli import keys, processes, views, workspaces
from api.cli.running import EXIT_CODES

app: Final = typer.Typer(
    name="ringledger",
    help="An event-sourced history of telephone calls: sealed, replayable, erasable.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    # A traceback with locals would show telephone numbers.
    pretty_exceptions_enable=False,
)
app.registered_commands += processes.app.registered_commands
app.add_typer(workspaces.app, name="workspaces")
app.add_typer(keys.app, name="keys")
app.add_typer(views.app, name="views")


def main() -> None:
    """Run the command line."""
    app()
