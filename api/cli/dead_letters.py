"""``ringledger dead-letters``: genuine callbacks that could not be understood."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated
from uuid import UUID

import typer

from api.cli.output import AsJson, InWorkspace, write_json, write_table
from api.cli.running import EXIT_CODES, opened_workspace, run
from projections.dead_letters.read import DeadLetterRow, find_dead_letters

app = typer.Typer(help="Callbacks that could not be understood.", no_args_is_help=True)


@app.callback()
def dead_letters() -> None:
    """Callbacks that could not be understood."""


@app.command("list", epilog=EXIT_CODES)
def list_(
    workspace: InWorkspace = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 50,
    *,
    as_json: AsJson = False,
) -> None:
    """List dead letters, the newest first, without what they say."""
    found = run(_list(workspace, limit))
    if as_json:
        write_json({"data": [asdict(letter) for letter in found]})
    else:
        columns = ("dead letter", "came in at", "not understood", "recorded", "replayed")
        rows = (
            (row.letter_id, row.channel, row.reason, row.recorded_at, row.replayed_at)
            for row in found
        )
        write_table(columns, rows)


async def _list(workspace: UUID | None, limit: int) -> Sequence[DeadLetterRow]:
    async with (
        opened_workspace(workspace) as (_, cell, workspace_id),
        cell.scoped(workspace_id) as connection,
    ):
        return await find_dead_letters(connection, workspace_id, limit=limit)
