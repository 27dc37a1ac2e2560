"""``ringledger calls``: the call log, one call as it was, and its history.

The routes of the API answer here too, in this process (``asking``).
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from api.cli.asking import act, ask, body_of, when
from api.cli.output import AsJson, InWorkspace, print_table, read_secret, write_json
from api.cli.running import EXIT_CODES, run
from api.cli.tables import calls_table, history_table, steps_table
from api.parameters import CallQuestion
from api.routes.call import get_call
from api.routes.calls import list_calls
from api.routes.history import get_history
from api.routes.objections import object_to_recording
from api.schemas_objections import Objection
from domain.calls.words import Direction, Outcome
from domain.consents.words import Channel
from projections.call_log.read import Sort

app = typer.Typer(help="Calls, as the dashboards see them.", no_args_is_help=True)

CallId = Annotated[UUID, typer.Argument(metavar="CALL", help="The call's id.")]


@app.command("list", epilog=EXIT_CODES)
def list_(  # noqa: PLR0913 - one for each filter
    workspace: InWorkspace = None,
    number: Annotated[
        str | None, typer.Option(help="Only calls from or to it; '-' reads it from stdin.")
    ] = None,
    direction: Annotated[Direction | None, typer.Option(help="Only calls of this way.")] = None,
    outcome: Annotated[Outcome | None, typer.Option(help="Only calls that ended so.")] = None,
    started_after: Annotated[datetime | None, when("Only calls from this time on.")] = None,
    started_before: Annotated[datetime | None, when("Only calls before this time.")] = None,
    sort: Annotated[Sort, typer.Option(help="The order; a minus turns it round.")] = Sort.newest,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 20,
    *,
    as_json: AsJson = False,
) -> None:
    """List calls, the newest first, with their numbers."""
    # Not validated once more: typer has, and the API's parameter would want the times as text.
    question = CallQuestion.model_construct(
        number=read_secret(number) if number else None,
        direction=direction,
        outcome=outcome,
        started_after=started_after,
        started_before=started_before,
        sort=sort,
        limit=limit,
    )
    found = run(
        ask(workspace, lambda request, session: list_calls(request, session, question), "call")
    )
    if as_json:
        write_json(found)
    else:
        print_table(calls_table(found["data"], with_ids=True))


@app.command(epilog=EXIT_CODES)
def show(
    call: CallId,
    workspace: InWorkspace = None,
    known_at: Annotated[datetime | None, when("As we knew it then.")] = None,
    as_of: Annotated[datetime | None, when("As far as it had happened then.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show one call and the way that it took, now or as of any time."""
    found = run(
        ask(
            workspace,
            lambda request, session: get_call(request, session, call, known_at, as_of),
            "call",
        )
    )
    if as_json:
        write_json(found)
    else:
        outcome = found["outcome"] or "it goes on"
        typer.echo(f"{outcome}; {found['version']} entries; times are UTC")
        print_table(steps_table(found))


@app.command("object", epilog=EXIT_CODES)
def object_(
    call: CallId,
    leg: Annotated[
        UUID | None, typer.Option(help="The leg of whoever objects; the first, if not given.")
    ] = None,
    channel: Annotated[Channel, typer.Option(help="How they said so.")] = Channel.voice,
    workspace: InWorkspace = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Object to the recording of a call: it is stopped and deleted, and the call goes on."""
    wanted = body_of(Objection, leg_id=leg, channel=channel)
    found = run(
        act(workspace, lambda _, caller: object_to_recording(caller, call, wanted), "call")
    )
    if as_json:
        write_json(found)
    else:
        typer.echo("nothing is left of it" if found["is_met"] else "it is being attended to")


@app.command(epilog=EXIT_CODES)
def history(call: CallId, workspace: InWorkspace = None, *, as_json: AsJson = False) -> None:
    """Show every entry of a call: what happened, when, and when we learnt it."""
    found = run(
        ask(workspace, lambda request, session: get_history(request, session, call), "call")
    )
    if as_json:
        write_json(found)
    else:
        print_table(history_table(found["data"]))
