"""``ringledger keys``: API keys, each shown once."""

from typing import Annotated
from uuid import UUID

import typer

from adapters.workspaces.api_keys import ApiKey, Scope, create_api_key
from api.cli.output import AsJson, InWorkspace, write_json
from api.cli.running import EXIT_CODES, opened_workspace, run

app = typer.Typer(help="API keys of a workspace.", no_args_is_help=True)


@app.callback()
def keys() -> None:
    """API keys of a workspace."""


@app.command(epilog=EXIT_CODES)
def create(
    scopes: Annotated[
        list[Scope] | None,
        typer.Option(
            "--scope", help="What the key may do; again for more, all of it without one."
        ),
    ] = None,
    workspace: InWorkspace = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Make another API key. It is shown only now and stored as a hash."""
    granted = sorted(set(scopes or Scope))
    key = run(_create(workspace, granted))
    if as_json:
        write_json(
            {
                "workspace_id": key.workspace_id,
                "key_id": key.key_id,
                "api_key": key.text,
                "scopes": granted,
            }
        )
    else:
        typer.echo(key.text)


async def _create(workspace: UUID | None, scopes: list[Scope]) -> ApiKey:
    async with (
        opened_workspace(workspace) as (_, cell, workspace_id),
        cell.writing.connection() as connection,
    ):
        return await create_api_key(connection, workspace_id, scopes)
