"""``ringledger workspaces``: make a controller's workspace, list them, set one up, close one."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, ClassVar

import typer

from adapters.twilio.overrides import RETRIES
from adapters.wiring import NewWorkspace
from adapters.workspaces.credential_forms import WrongFormError, checked
from adapters.workspaces.credentials import Kind
from adapters.workspaces.directory import Workspace
from api.cli.nouns import Nouns
from api.cli.output import AsJson, InWorkspace, read_secret, write_json, write_table
from api.cli.running import EXIT_CODES, WrongUsage, opened, run
from domain.workspaces.words import ChangeReason, ClosureReason


class Parts(Nouns):
    """What a workspace has that there are commands for."""

    modules: ClassVar = {
        "settings": "workspace_settings",
        "members": "workspace_members",
        "retention": "workspace_retention",
        "credentials": "workspace_credentials",
    }


app = typer.Typer(cls=Parts, help="Controllers' workspaces.", no_args_is_help=True)

Credentials = list[tuple[Kind, str]]
LONGEST_NAME = 200
_OPTIONS = {
    Kind.dial_target: "--dial-target",
    Kind.api_key: "--twilio-api-key",
    Kind.region: "--twilio-region",
}


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
    api_key: Annotated[
        str | None,
        typer.Option(
            "--twilio-api-key",
            envvar="TWILIO_API_KEY",
            metavar="'SK… SECRET'",
            help="Opens the account's books, for what callbacks lost; '-' reads it from stdin.",
        ),
    ] = None,
    region: Annotated[
        str | None,
        typer.Option(
            "--twilio-region",
            metavar="'REGION EDGE'",
            help="Where the account is, both words: 'ie1 dublin'. Unset: the United States.",
        ),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Make a workspace, and the API key that is shown only now."""
    more = {Kind.dial_target: dial_target, Kind.api_key: api_key, Kind.region: region}
    made = run(_create(name, account_sid, auth_token, more))
    if as_json:
        write_json({"workspace_id": made.workspace_id, "api_key": made.api_key.text})
    else:
        typer.echo(f"workspace {made.workspace_id}\napi key   {made.api_key.text}")
        typer.echo("The key is shown this once and stored hashed. Point Twilio at", err=True)
        typer.echo(f"  /twilio/{made.workspace_id}/voice/incoming", err=True)
        # With the fragment: without it Twilio gives up at the first failure.
        typer.echo(f"  /twilio/{made.workspace_id}/voice/status{RETRIES}", err=True)


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


@app.command(epilog=EXIT_CODES)
def close(
    reason: Annotated[ClosureReason, typer.Option(help="Why.")],
    note: Annotated[
        str | None, typer.Option(help="In your words, kept sealed; '-' reads it from stdin.")
    ] = None,
    workspace: InWorkspace = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Close a workspace: nothing of it can be reached any more.

    Until the promised day that can be taken back. From then on its key is destroyed.
    """
    from api.cli.asking import act, body_of  # noqa: PLC0415 - slow, and few commands need it
    from api.routes.closure import close_workspace  # noqa: PLC0415 - as above
    from api.schemas_closure import ClosureRequest  # noqa: PLC0415 - as above

    text = read_secret(note) if note else None
    wanted = body_of(ClosureRequest, reason=reason, note=text)
    work = act(workspace, lambda _, caller: close_workspace(caller, wanted), even_closed=True)
    _tell(run(work), as_json=as_json)


@app.command(epilog=EXIT_CODES)
def reopen(
    reason: Annotated[ChangeReason, typer.Option(help="Why.")],
    workspace: InWorkspace = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Take a closure back, before the promised day."""
    from api.cli.asking import act  # noqa: PLC0415 - as above
    from api.routes.closure import reopen_workspace  # noqa: PLC0415 - as above

    work = act(workspace, lambda _, caller: reopen_workspace(caller, reason), even_closed=True)
    _tell(run(work), as_json=as_json)


@app.command(epilog=EXIT_CODES)
def closure(workspace: InWorkspace = None, *, as_json: AsJson = False) -> None:
    """Show whether a workspace is closed, and the day that was promised."""
    from api.cli.asking import act  # noqa: PLC0415 - as above
    from api.routes.closure import get_closure  # noqa: PLC0415 - as above

    _tell(run(act(workspace, get_closure, even_closed=True)), as_json=as_json)


def _tell(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        write_json(found)
    else:
        write_table(("closure", ""), found.items())


async def _create(
    name: str, account_sid: str, auth_token: str, more: Mapping[Kind, str | None]
) -> NewWorkspace:
    token = read_secret(auth_token)
    others = {kind: read_secret(text) for kind, text in more.items() if text}
    if not 1 <= len(name) <= LONGEST_NAME:
        raise WrongUsage(f"--name must have 1 to {LONGEST_NAME} characters")
    if not account_sid.strip() or not token:
        raise WrongUsage("--twilio-account-sid and --twilio-auth-token must not be empty")
    credentials: Credentials = [(Kind.account_sid, account_sid.strip()), (Kind.auth_token, token)]
    credentials += _checked(others).items()
    async with opened() as ledger:
        return await ledger.create_workspace(name, credentials)


def _checked(others: dict[Kind, str]) -> dict[Kind, str]:
    for kind, secret in others.items():
        try:
            checked(kind, secret)
        except WrongFormError as error:
            raise WrongUsage(f"{_OPTIONS[kind]}: {error}") from None
    return others


async def _all() -> list[Workspace]:
    async with opened() as ledger:
        return await ledger.directory.all()
