"""The command line: ``ringledger``, one module per noun, each imported when it is asked for."""

from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperGroup

from api.cli import processes
from api.cli.running import EXIT_CODES

NOUNS: Final = (
    *("workspaces", "keys", "calls", "subjects", "consents", "dead-letters", "views"),
    "cells",
)


class Nouns(TyperGroup):
    """Finds a noun's commands in its module: most need no web framework and should not wait."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - typer hides its base
        """The commands in the order of the help."""
        return [*super().list_commands(ctx), *NOUNS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 - as above
        """A command, or the group of a noun's commands."""
        if cmd_name not in NOUNS:
            return super().get_command(ctx, cmd_name)
        module = import_module(f"api.cli.{cmd_name.replace('-', '_')}")
        found = typer.main.get_command(module.app)
        found.name = cmd_name
        return found


app: Final = typer.Typer(
    cls=Nouns,
    name="ringledger",
    help="An event-sourced history of telephone calls: sealed, replayable, erasable.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    # A traceback with locals would show telephone numbers.
    pretty_exceptions_enable=False,
)
app.registered_commands += processes.app.registered_commands


def main() -> None:
    """Run the command line."""
    app()
