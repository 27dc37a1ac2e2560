"""``ringledger reconcile``: hold calls against the provider's books now, for support."""

from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

import typer

from adapters.reconciler.look import Tally
from adapters.twilio.client import RestFailed, rest_session
from api.cli.output import AsJson, write_json, write_table
from api.cli.running import EXIT_CODES, WrongUsage, opened, run
from api.reconciling import reconcile
from domain.errors import Unavailable

InWorkspace = Annotated[
    UUID | None, typer.Option("--workspace", "-w", help="This one; all of them without it.")
]
Day = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"],
        help="Look closely at this UTC day; without it at whatever is due, as is done hourly.",
    ),
]


app = typer.Typer()


@app.command("reconcile", epilog=EXIT_CODES)
def reconcile_(workspace: InWorkspace = None, day: Day = None, *, as_json: AsJson = False) -> None:
    """Find in Twilio's books what callbacks did not tell us, and write it down.

    It works through the API key of the workspace; a workspace that has none has nothing to read.
    """
    found = run(_reconcile(workspace, day.date() if day else None))
    if as_json:
        data = [{"workspace_id": one, **tally._asdict()} for one, tally in found.items()]
        write_json({"data": data})
    else:
        columns = ("workspace", *(name.replace("_", " ") for name in Tally._fields))
        write_table(columns, [(one, *tally) for one, tally in found.items()])


async def _reconcile(workspace: UUID | None, day: date | None) -> dict[UUID, Tally]:
    if day is not None and day > datetime.now(UTC).date():
        raise WrongUsage("--day is still to come")
    try:
        return await _read_books(workspace, day)
    except RestFailed as failure:
        kind = Unavailable if failure.may_pass else WrongUsage
        raise kind(str(failure)) from None


async def _read_books(workspace: UUID | None, day: date | None) -> dict[UUID, Tally]:
    found: dict[UUID, Tally] = {}
    async with opened() as ledger, rest_session() as session:
        known = [one.workspace_id for one in await ledger.directory.all()]
        for one in [workspace] if workspace else known:
            found[one], is_done = Tally(), False
            while not is_done:
                tally, is_done = await reconcile(ledger, session, one, day)
                found[one] = found[one].plus(tally)
    return found
