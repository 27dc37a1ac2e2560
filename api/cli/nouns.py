"""Groups of commands, each noun's in a module of its own that is imported when it is asked for.

Most commands need no web framework and should not wait for one.
"""

from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup


class Nouns(TyperGroup):
    """Finds a noun's commands in its module."""

    modules: ClassVar[dict[str, str]] = {}
    """By noun, in the order of the help."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - typer hides its base
        """The commands in the order of the help."""
        return [*super().list_commands(ctx), *self.modules]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 - as above
        """A command, or the group of a noun's commands."""
        if cmd_name not in self.modules:
            return super().get_command(ctx, cmd_name)
        module = import_module(f"api.cli.{self.modules[cmd_name]}")
        found = typer.main.get_command(module.app)
        found.name = cmd_name
        return found
