"""``ringledger workspaces``: make a controller's workspace, list them."""

from dataclasses import asdict
from typing import Annotated

import typer

from adapters.wiring import NewWorkspace
from adapters.workspaces.credentials import Kind
from adapters.workspaces.directory import Workspace
from api.cli.output import AsJson, read_secret, write_json, write_table
from api.cli.running import EXIT_CODES, WrongUsage, opened, run

app = typer.Typer(help="Controllers' workspaces.", no_args_is_help=True)

Credentials = list[tuple[Kind, str]]
LONGEST_NAME = 200


@app.command(epilog=EXIT_CODES)
def create(
    name: Annotated[str, typer.Option(help="What people call it; not a person's name.")],
    account_sid: Annotated[
        str,
        typer.Option("--twilio-account-sid", metavar="AC…", help="Whose calls they are."),
    ],
    auth_token: Annotated[
        str,
        typer.Option(
            "--twilio-auth-token",
            envvar="TWILIO_AUTH_TOKEN",
            metavar="TOKEN",
            help="What Twilio signs with; '-' reads it from stdin, out of the process list.",
        ),
    ],
    dial_target: Annotated[
        str | None,
        typer.Option(help="Where incoming calls are put through to: a number, sip: or client:."),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Make a workspace, and the API key that is shown only now."""
    made = run(_create(name, account_sid, auth_token, dial_target))
    if as_json:
        write_json({"workspace_id": made.workspace_id, "api_key": made.api_key.text})
    else:
        typer.echo(f"workspace {made.workspace_id}\napi key   {made.api_key.text}")
        typer.echo("The key is shown this once and stored hashed. Point Twilio at", err=True)
        typer.echo(f"  /twilio/{made.workspace_id}/voice/incoming", err=True)
        typer.echo(f"  /twilio/{made.workspace_id}/voice/status", err=True)


@app.command("list", epilog=EXIT_CODES)
def list_(*, as_json: AsJson = False) -> None:
    """List the workspaces and the cell of each, the oldest first."""
    found = run(_all())
    if as_json:
        write_json({"data": [asdict(workspace) for workspace in found]})
    else:
        columns = ("workspace", "name", "cell", "created")
        rows = ((w.workspace_id, w.name, w.cell, w.created_at) for w in found)
        write_table(columns, rows)


async def _create(
    name: str, account_sid: str, auth_token: str, dial_target: str | None
) -> NewWorkspace:
    token = read_secret(auth_token)
    if not 1 <= len(name) <= LONGEST_NAME:
        raise WrongUsage(f"--name must have 1 to {LONGEST_NAME} characters")
    if not account_sid.strip() or not token:
        raise WrongUsage("--twilio-account-sid and --twilio-auth-token must not be empty")
    credentials: Credentials = [(Kind.account_sid, account_sid.strip()), (Kind.auth_token, token)]
    if dial_target:
        credentials.append((Kind.dial_target, dial_target))
    async with opened() as ledger:
        return await ledger.create_workspace(name, credentials)


async def _all() -> list[Workspace]:
    async with opened() as ledger:
        return await ledger.directory.all()
