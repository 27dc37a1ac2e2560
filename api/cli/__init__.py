"""The command line: ``ringledger``, one module per noun, each imported when it is asked for.

``reconcile`` and ``verify-receipt`` are verbs with a module of their own, for the same reason: the
one is slow to import, and the other needs nothing of what others do.
"""

from typing import ClassVar, Final

import typer

from api.cli import processes
from api.cli.nouns import Nouns
from api.cli.running import EXIT_CODES

NOUNS: Final = (
    *("workspaces", "keys", "calls", "subjects", "consents", "dead-letters", "views"),
    *("cells", "reconcile", "erasures", "receipts", "verify-receipt", "holds"),
)


class Everything(Nouns):
    """All that there are commands for."""

    modules: ClassVar = {noun: noun.replace("-", "_") for noun in NOUNS}


app: Final = typer.Typer(
    cls=Everything,
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
