"""``ringledger subjects accesses``: who was given a subject's personal values."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import typer

from api.cli.asking import when
from api.cli.output import AsJson, InWorkspace, write_json, write_table
from api.cli.running import EXIT_CODES, opened_workspace, run
from domain.accesses import AccessPurpose, Origin
from projections.accesses.read import AccessFilter, AccessRow, accesses_to
from projections.subjects.read import certificate_of

app = typer.Typer(add_completion=False)

Json = dict[str, Any]
_COLUMNS: Final = ("accessed_at", "purpose", "reader", "operation", "request_id")


@app.command(epilog=EXIT_CODES)
def accesses(
    subject: Annotated[UUID, typer.Argument(metavar="SUBJECT", help="The subject's id.")],
    workspace: InWorkspace = None,
    since: Annotated[datetime | None, when("Only from this time on.")] = None,
    until: Annotated[datetime | None, when("Only before this time.")] = None,
    purpose: Annotated[AccessPurpose | None, typer.Option(help="Only for this.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 50,
    *,
    origins: Annotated[
        bool, typer.Option("--origins", help="Show each reader's address and program, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List who was given a subject's personal values, when and what for; the newest first."""
    filters = AccessFilter(since, until, purpose)
    found = run(_accesses(workspace, subject, filters, limit, origins=origins))
    if as_json:
        write_json({"data": found})
    else:
        columns = (*_COLUMNS, *(Origin._fields if origins else ()))
        write_table(columns, [[one[column] for column in columns] for one in found])


async def _accesses(
    workspace: UUID | None, subject: UUID, filters: AccessFilter, limit: int, *, origins: bool
) -> list[Json]:
    async with (
        opened_workspace(workspace) as (_, cell, workspace_id),
        cell.scoped(workspace_id) as connection,
    ):
        await certificate_of(connection, workspace_id, subject)
        key = await cell.workspace_key(connection, workspace_id)
        rows = await accesses_to(connection, subject, filters, limit=limit)
    shown = [_shown(row) for row in rows]
    if origins:
        for row, one in zip(rows, shown, strict=True):
            one.update((row.opened_origin(key) or Origin("", ""))._asdict())
    return shown


def _shown(row: AccessRow) -> Json:
    return {column: getattr(row, column) for column in _COLUMNS}
