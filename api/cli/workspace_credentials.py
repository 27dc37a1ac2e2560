"""``ringledger workspaces credentials``: what a workspace's accounts at Twilio sign with and open.

Several of a kind stand side by side, so that one rotates without a callback being refused: add the
new one, switch at Twilio, revoke the old one. Secrets come on standard input and are never shown.
"""

import sys
from typing import Annotated, Final
from uuid import UUID

import typer

from adapters.workspaces.credential_forms import WrongFormError, checked
from adapters.workspaces.credentials import (
    NAMED,
    Kind,
    Stored,
    add_credential,
    list_credentials,
    revoke_credential,
)
from api.cli.output import AsJson, InWorkspace, write_json, write_table
from api.cli.running import EXIT_CODES, WrongUsage, opened_workspace, run
from domain.errors import Refused

app = typer.Typer(help="What a workspace's accounts sign with and open.", no_args_is_help=True)

LONGEST_SECRET: Final = 16 * 1024
_REFUSALS: Final = {
    "last_signing_credential": "it is the last that callbacks are checked with: add another first",
    "last_account": "it is the last account: add another first",
}


@app.command(epilog=EXIT_CODES)
def add(
    kind: Annotated[Kind, typer.Argument(help="What it is.")],
    name: Annotated[
        str | None,
        typer.Option(help="Of an API key SK…, of a recording key CR…, or a webhook key's name."),
    ] = None,
    workspace: InWorkspace = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Add a credential beside those that stand; its secret is read from standard input.

    It works within seconds. Of regions and dial targets the newest holds.
    """
    if (name is not None) is not (kind in NAMED):
        raise typer.BadParameter("--name goes with API keys, recording keys and webhook keys")
    secret = sys.stdin.read(LONGEST_SECRET).strip()
    credential_id = run(_add(workspace, kind, f"{name} {secret}" if name else secret))
    if as_json:
        write_json({"credential_id": credential_id, "kind": kind})
    else:
        typer.echo(f"credential {credential_id}")


@app.command("list", epilog=EXIT_CODES)
def list_(workspace: InWorkspace = None, *, as_json: AsJson = False) -> None:
    """List the credentials that stand, without any secret."""
    found = run(_list(workspace))
    if as_json:
        write_json({"data": [one._asdict() for one in found]})
    else:
        rows = ((one.credential_id, one.kind, one.name, one.created_at) for one in found)
        write_table(("credential", "kind", "name", "added"), rows)


@app.command(epilog=EXIT_CODES)
def revoke(
    credential_id: Annotated[UUID, typer.Argument(metavar="CREDENTIAL", help="Its id.")],
    workspace: InWorkspace = None,
) -> None:
    """Revoke a credential: within seconds it opens and proves nothing any more.

    Not the last account, nor the last that callbacks are checked with.
    """
    run(_revoke(workspace, credential_id))
    typer.echo(f"revoked {credential_id}", err=True)


async def _add(workspace: UUID | None, kind: Kind, text: str) -> UUID:
    try:
        secret = checked(kind, text)
    except WrongFormError as error:
        raise WrongUsage(str(error)) from None
    async with (
        opened_workspace(workspace) as (_, cell, workspace_id),
        cell.writing.connection() as connection,
    ):
        key = await cell.workspace_key(connection, workspace_id)
        return await add_credential(connection, key, kind, secret)


async def _list(workspace: UUID | None) -> list[Stored]:
    async with (
        opened_workspace(workspace) as (_, cell, workspace_id),
        cell.scoped(workspace_id) as connection,
    ):
        key = await cell.workspace_key(connection, workspace_id)
        return await list_credentials(connection, key)


async def _revoke(workspace: UUID | None, credential_id: UUID) -> None:
    async with (
        opened_workspace(workspace) as (_, cell, workspace_id),
        cell.writing.connection() as connection,
    ):
        try:
            await revoke_credential(connection, workspace_id, credential_id)
        except Refused as refusal:
            raise WrongUsage(_REFUSALS[str(refusal)]) from None
