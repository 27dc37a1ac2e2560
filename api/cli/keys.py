"""``ringledger keys``: API keys, each shown once; and the rotation of the master key."""

from collections import defaultdict
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import Progress, TaskID

from adapters.rotation import rotate as rotation
from adapters.rotation.rotate import Rotated
from adapters.wiring import database
from adapters.workspaces.api_keys import ApiKey, Scope, create_api_key
from api.cli.output import AsJson, InWorkspace, write_json
from api.cli.running import EXIT_CODES, opened, opened_workspace, run
from domain.accesses import AccessPurpose

app = typer.Typer(
    help="API keys of a workspace; the master key of all of them.", no_args_is_help=True
)


@app.callback()
def keys() -> None:
    """API keys of a workspace; the master key of all of them."""


@app.command(epilog=EXIT_CODES)
def create(
    scopes: Annotated[
        list[Scope] | None,
        typer.Option(
            "--scope", help="What the key may do; again for more, all of it without one."
        ),
    ] = None,
    workspace: InWorkspace = None,
    purpose: Annotated[
        AccessPurpose, typer.Option(help="What its holder reads for where they do not say.")
    ] = AccessPurpose.service,
    *,
    as_json: AsJson = False,
) -> None:
    """Make another API key. It is shown only now and stored as a hash."""
    granted = sorted(set(scopes or Scope))
    key = run(_create(workspace, granted, purpose))
    if as_json:
        write_json(
            {
                "workspace_id": key.workspace_id,
                "key_id": key.key_id,
                "api_key": key.text,
                "scopes": granted,
                "purpose": purpose,
            }
        )
    else:
        typer.echo(key.text)


@app.command(epilog=EXIT_CODES)
def rotate(
    *,
    keep_old: Annotated[
        bool,
        typer.Option(
            "--keep-old",
            help="Destroy nothing yet: make a backup that opens later, then call it again.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Begin a new key epoch: wrap every live key anew, and destroy the old master key.

    Everything goes on meanwhile, in running servers too. Broken off anywhere, the same command
    goes on with it. No backup that was made before it can be read any more afterwards.
    """
    rotated = run(_rotate(keeps_old=keep_old))
    if as_json:
        write_json(rotated._asdict())
        return
    typer.echo(
        f"{rotated.keys:,} keys were wrapped anew; the master key is {rotated.master_key_id}"
    )
    for key_id, gone_from in rotated.destroyed.items():
        typer.echo(f"the master key {key_id} is gone from {gone_from:%Y-%m-%d %H:%M} UTC on")


async def _rotate(*, keeps_old: bool) -> Rotated:
    # The ledger is opened for its gate: what was restored is replayed before it is wrapped anew.
    async with opened() as ledger, database(ledger.settings) as urls:
        with Progress(console=Console(stderr=True), transient=True) as bar:
            tasks = defaultdict[str, TaskID](lambda: bar.add_task("", total=None))

            def progress(cell: str, done: int, of: int) -> None:
                bar.update(tasks[cell], description=cell, completed=done, total=of)

            return await rotation.rotate(
                urls, ledger.master_keys, ledger.clock, progress, keeps_old=keeps_old
            )


async def _create(workspace: UUID | None, scopes: list[Scope], purpose: AccessPurpose) -> ApiKey:
    async with (
        opened_workspace(workspace) as (_, cell, workspace_id),
        cell.writing.connection() as connection,
    ):
        return await create_api_key(connection, workspace_id, scopes, purpose)
