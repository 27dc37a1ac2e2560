"""``ringledger holds``: what may not be destroyed, why, and when somebody looks again."""

from datetime import date, datetime
from typing import Annotated, Final
from uuid import UUID

import typer
from starlette.responses import Response

from api.cli.asking import Json, act, ask, body_of
from api.cli.output import AsJson, InWorkspace, write_json, write_table
from api.cli.running import EXIT_CODES, run
from api.routes.holds import finish, list_holds, place_hold, release_hold, review_hold
from api.schemas_holds import HoldRequest, HoldState, ReviewRequest
from api.security import Caller
from domain.holds.words import Ground, Scope

app = typer.Typer(help="Legal holds (GDPR Art. 17(3)).", no_args_is_help=True)

HoldId = Annotated[UUID, typer.Argument(metavar="HOLD", help="The hold's id.")]
ReviewOn = Annotated[
    datetime,
    typer.Option(formats=["%Y-%m-%d"], help="When to look whether it is still needed."),
]
_COLUMNS: Final = ("hold", "matter", "scope", "ground", "review on", "placed", "released")


@app.command("list", epilog=EXIT_CODES)
def list_(
    workspace: InWorkspace = None,
    state: Annotated[HoldState | None, typer.Option(help="Only those in this state.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List the holds, the newest first; `--state overdue`: whose review has come."""
    found = run(
        ask(
            workspace,
            lambda request, session: list_holds(request, session, state),
            "hold",
            even_closed=True,
        )
    )
    _write(found, found["data"], as_json=as_json)


@app.command(epilog=EXIT_CODES)
def place(
    scope: Annotated[Scope, typer.Argument(help="How far it reaches.")],
    matter: Annotated[str, typer.Option(help="Your reference of the case; no person's name.")],
    review_on: ReviewOn,
    ground: Annotated[Ground, typer.Option(help="Which of Art. 17(3).")] = Ground.legal_claims,
    subject: Annotated[list[UUID] | None, typer.Option(help="A subject's id; often.")] = None,
    call: Annotated[list[UUID] | None, typer.Option(help="A call's id; often.")] = None,
    workspace: InWorkspace = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Let nothing of these be destroyed."""
    wanted = body_of(
        HoldRequest,
        scope=scope,
        matter=matter,
        ground=ground,
        review_on=_day(review_on),
        subjects=subject or [],
        calls=call or [],
    )
    work = act(workspace, lambda _, caller: place_hold(caller, wanted), even_closed=True)
    _show(run(work), as_json=as_json)


@app.command(epilog=EXIT_CODES)
def review(
    hold: HoldId, review_on: ReviewOn, workspace: InWorkspace = None, *, as_json: AsJson = False
) -> None:
    """Say that a hold is still needed, and when to look again."""
    wanted = body_of(ReviewRequest, review_on=_day(review_on))
    work = act(
        workspace, lambda _, caller: review_hold(caller, hold, wanted), "hold", even_closed=True
    )
    _show(run(work), as_json=as_json)


@app.command(epilog=EXIT_CODES)
def release(hold: HoldId, workspace: InWorkspace = None, *, as_json: AsJson = False) -> None:
    """End a hold, and carry out the erasures that waited for it."""

    async def both(_request: object, caller: Caller) -> Response:
        found = await release_hold(caller, hold)
        await finish(caller.cell)
        return found

    _show(run(act(workspace, both, "hold", even_closed=True)), as_json=as_json)


def _day(moment: datetime) -> date:
    return moment.date()


def _show(found: Json, *, as_json: bool) -> None:
    _write(found, [found], as_json=as_json)


def _write(found: Json, holds: list[Json], *, as_json: bool) -> None:
    if as_json:
        write_json(found)
        return
    names = ("id", "matter", "scope", "ground", "review_on", "placed_at", "released_at")
    write_table(_COLUMNS, ([one[name] for name in names] for one in holds))
