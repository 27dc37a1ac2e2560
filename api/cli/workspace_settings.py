"""``ringledger workspaces settings``: what is set, what was, who changed it; and to change it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import orjson
import typer

from api.cli.asking import Json, act, ask, body_of, when
from api.cli.output import AsJson, InWorkspace, print_table, read_secret, write_json, write_table
from api.cli.running import EXIT_CODES, run
from api.cli.tables import entries_table
from api.routes.retention import explain_retention
from api.routes.settings import (
    change_settings,
    compare_settings,
    get_settings,
    get_settings_history,
)
from api.routes.sharing import (
    disable_integration,
    enable_integration,
    remove_dial_target,
    set_dial_target,
)
from api.schemas_settings import DialTargetChange, IntegrationChange, SettingsChange
from domain.workspaces.words import ChangeReason, Kept

app = typer.Typer(help="A workspace's settings.", no_args_is_help=True)

Reason = Annotated[ChangeReason, typer.Option(help="Why it is changed.")]
Note = Annotated[
    str | None, typer.Option(help="In your words, kept sealed; '-' reads it from stdin.")
]
Name = Annotated[str, typer.Argument(metavar="NAME", help="A name of yours; no person's.")]
WHATEVER: Final = "*"


@app.command(epilog=EXIT_CODES)
def show(
    workspace: InWorkspace = None,
    known_at: Annotated[datetime | None, when("As we knew them then.")] = None,
    as_of: Annotated[datetime | None, when("As they were set by then.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show the settings, now or as of any time. What was never set is off."""
    found = run(
        ask(
            workspace,
            lambda request, session: get_settings(request, session, known_at, as_of),
            "settings",
        )
    )
    _write(found, found.items(), as_json=as_json)


@app.command(epilog=EXIT_CODES)
def change(
    document: Annotated[
        str,
        typer.Argument(help='As the API takes it: {"ai": {"is_on": false}}; "-" reads stdin.'),
    ],
    reason: Reason,
    note: Note = None,
    seen: Annotated[
        int | None, typer.Option(help="The version that you have seen; refused if it is older.")
    ] = None,
    workspace: InWorkspace = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Set what the document names and leave the rest: all of it, or nothing."""
    given = _document(read_secret(document))
    wanted = body_of(SettingsChange, **given, reason=reason, note=_text(note))
    if_match = WHATEVER if seen is None else f'"{seen}-"'
    found = run(
        act(
            workspace,
            lambda request, caller: change_settings(request, caller, wanted, if_match),
            "settings",
        )
    )
    _write(found, found.items(), as_json=as_json)


@app.command(epilog=EXIT_CODES)
def history(workspace: InWorkspace = None, *, as_json: AsJson = False) -> None:
    """Show every entry of the workspace: what, when, by whom and why."""
    found = run(ask(workspace, get_settings_history, "settings"))
    if as_json:
        write_json(found)
    else:
        print_table(entries_table(found["data"]))


@app.command(epilog=EXIT_CODES)
def diff(
    after: Annotated[datetime, when("The earlier time.", "--from")],
    until: Annotated[datetime, when("The later time.", "--to")],
    workspace: InWorkspace = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show which settings were known to be others at two times."""
    found = run(
        ask(
            workspace,
            lambda request, session: compare_settings(request, session, after, until),
            "settings",
        )
    )
    if as_json:
        write_json(found)
    else:
        rows = (
            (one["setting"], _plain(one["before"]), _plain(one["after"]))
            for one in found["changes"]
        )
        write_table(("setting", "before", "after"), rows)


@app.command(epilog=EXIT_CODES)
def explain(
    category: Annotated[Kept, typer.Argument(help="What is kept.")],
    campaign: Annotated[str | None, typer.Option(help="Of which campaign.")] = None,
    subject: Annotated[UUID | None, typer.Option(help="Of which data subject.")] = None,
    call: Annotated[UUID | None, typer.Option(help="Of which call.")] = None,
    workspace: InWorkspace = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Explain how long something is kept: which rule holds, and what it overrides."""
    found = run(
        ask(
            workspace,
            lambda request, session: explain_retention(
                request, session, category, campaign, subject, call
            ),
            "settings",
        )
    )
    if as_json:
        write_json(found)
    else:
        rules = (found["ruling"], *found["overrides"])
        rows = ((one["level"], _period(one["period"]), one["source"]) for one in rules)
        write_table(("rule", "kept for", "source"), rows)


@app.command(epilog=EXIT_CODES)
def dial(
    name: Name,
    number: Annotated[str, typer.Argument(help="What to dial; '-' reads it from stdin.")],
    reason: Reason,
    note: Note = None,
    workspace: InWorkspace = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Let routing rules dial a number by a name."""
    wanted = body_of(DialTargetChange, number=read_secret(number), reason=reason, note=_text(note))
    found = run(act(workspace, lambda _, caller: set_dial_target(caller, name, wanted)))
    _write(found, found.items(), as_json=as_json)


@app.command(epilog=EXIT_CODES)
def undial(
    name: Name, reason: Reason, workspace: InWorkspace = None, *, as_json: AsJson = False
) -> None:
    """Let no rule dial that number any more; refused while one does."""
    found = run(act(workspace, lambda _, caller: remove_dial_target(caller, name, reason)))
    _write(found, found.items(), as_json=as_json)


@app.command(epilog=EXIT_CODES)
def enable(
    name: Name,
    terms: Annotated[str, typer.Option(help="The version of the terms acknowledged.")],
    terms_sha256: Annotated[str, typer.Option(help="The hash of their text, in hex.")],
    reason: Reason,
    fields: Annotated[
        list[str] | None, typer.Option("--field", help="What it may be sent; again for more.")
    ] = None,
    note: Note = None,
    workspace: InWorkspace = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Share with an integration, on terms that were read and acknowledged."""
    acknowledged = {"version": terms, "text_sha256": terms_sha256}
    wanted = body_of(
        IntegrationChange, terms=acknowledged, fields=fields, reason=reason, note=_text(note)
    )
    found = run(act(workspace, lambda _, caller: enable_integration(caller, name, wanted)))
    _write(found, found.items(), as_json=as_json)


@app.command(epilog=EXIT_CODES)
def disable(
    name: Name, reason: Reason, workspace: InWorkspace = None, *, as_json: AsJson = False
) -> None:
    """Share nothing with an integration any more."""
    found = run(act(workspace, lambda _, caller: disable_integration(caller, name, reason)))
    _write(found, found.items(), as_json=as_json)


def _document(text: str) -> Mapping[str, Any]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict) or {"reason", "note"} & found.keys():
        raise typer.BadParameter("it must be a JSON object, with the settings and nothing else")
    return found


def _text(note: str | None) -> str | None:
    return read_secret(note) if note else None


def _write(found: Json, rows: Iterable[tuple[str, object]], *, as_json: bool) -> None:
    if as_json:
        write_json(found)
    else:
        write_table(("setting", ""), ((name, _plain(value)) for name, value in rows))


def _plain(value: object) -> str:
    """A setting in one line."""
    return "" if value is None else orjson.dumps(value).decode().strip('"')


def _period(period: Json | None) -> str:
    return f"{period['length']} {period['unit']}" if period else "as long as it stands"
