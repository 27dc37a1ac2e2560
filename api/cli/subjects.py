"""``ringledger subjects``: find the data subject behind a number, erase one, see who read."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID, uuid4

import typer

from adapters.cell import Cell
from adapters.twilio.addresses import lookup_of
from adapters.wiring import now
from api.cli.asking import when
from api.cli.nouns import Nouns
from api.cli.output import AsJson, InWorkspace, read_secret, write_json, write_table
from api.cli.running import EXIT_CODES, opened_workspace, run
from api.receipts import issue_receipt
from domain.errors import NotFound
from domain.messages import Context
from domain.subjects.commands import LiftRestriction, RestrictSubject
from domain.subjects.events import ErasureReason, RestrictionGround
from projections.call_log.read import count_calls
from projections.receipts.preview import preview as of_erasure
from projections.subjects.read import certificate_of, standing_of, subject_of


class Parts(Nouns):
    """What there is of a subject that there are commands for."""

    modules: ClassVar = {"accesses": "subject_accesses"}


app = typer.Typer(
    cls=Parts, help="Data subjects: the people behind the numbers.", no_args_is_help=True
)

Json = dict[str, Any]
SubjectId = Annotated[UUID, typer.Argument(metavar="SUBJECT", help="The subject's id.")]


@app.command(epilog=EXIT_CODES)
def find(
    number: Annotated[
        str, typer.Argument(help="A number, SIP address or client identity; '-' reads stdin.")
    ],
    workspace: InWorkspace = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Find the living data subject who has a number. It ends with 3 if there is none."""
    found = run(_find(workspace, read_secret(number)))
    if as_json:
        write_json({"data": [found]})
    else:
        write_table(("subject", "calls"), [tuple(found.values())])


@app.command(epilog=EXIT_CODES)
def erase(
    subject: SubjectId,
    workspace: InWorkspace = None,
    reason: Annotated[
        ErasureReason, typer.Option(help="The ground (GDPR Art. 17(1)).")
    ] = ErasureReason.requested,
    *,
    as_json: AsJson = False,
) -> None:
    """Erase a data subject, for ever: first the key, then every sealed value.

    Erasing somebody twice is as good as once. Where a legal hold stands in its way, it waits.
    """
    found = run(_erase(workspace, subject, reason))
    if as_json:
        write_json(found)
    else:
        write_table(("waiting" if "holds" in found else "certificate", ""), found.items())


@app.command(epilog=EXIT_CODES)
def restrict(
    subject: SubjectId,
    ground: Annotated[RestrictionGround, typer.Option(help="Which of GDPR Art. 18(1).")],
    workspace: InWorkspace = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Keep what is known of a data subject, and do not use it."""
    command = RestrictSubject(ground=ground, occurred_at=now())
    _write_restriction(run(_restrict(workspace, subject, command)), as_json=as_json)


@app.command(epilog=EXIT_CODES)
def unrestrict(
    subject: SubjectId,
    told_at: Annotated[datetime, when("When the subject was told of it (Art. 18(3)).")],
    workspace: InWorkspace = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Lift a restriction, once the subject was told."""
    command = LiftRestriction(told_at=told_at, occurred_at=now())
    _write_restriction(run(_restrict(workspace, subject, command)), as_json=as_json)


@app.command(epilog=EXIT_CODES)
def preview(
    subject: SubjectId,
    workspace: InWorkspace = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show what an erasure would take from every store, and what would stay. It takes nothing."""
    found = run(_preview(workspace, subject))
    if as_json:
        write_json(found)
    else:
        values = found.pop("values")
        rows = [*found.items(), *((f"values: {name}", n) for name, n in values.items())]
        write_table(("would go, or stay", ""), rows)


@app.command(epilog=EXIT_CODES)
def receipt(
    subject: SubjectId,
    workspace: InWorkspace = None,
) -> None:
    """Print a signed receipt of an erasure, as every store has it now: JSON, for a file.

    `ringledger verify-receipt` checks it.
    """
    typer.echo(run(_receipt(workspace, subject)))


async def _find(workspace: UUID | None, number: str) -> Json:
    async with (
        opened_workspace(workspace) as (_, cell, workspace_id),
        cell.scoped(workspace_id) as connection,
    ):
        key = await cell.workspace_key(connection, workspace_id)
        lookup = lookup_of(number)
        found = lookup and await subject_of(connection, workspace_id, key.digest(lookup))
        if not found:
            raise NotFound("living data subject")
        calls = await count_calls(connection, workspace_id, found)
        return {"subject_id": found, "call_count": calls}


async def _erase(workspace: UUID | None, subject: UUID, reason: ErasureReason) -> Json:
    async with opened_workspace(workspace) as (_, cell, workspace_id):
        context = Context("cli", uuid4())
        await cell.erasures.erase(workspace_id, subject, reason, context)
        await cell.erasures.finish()
        return await _certificate(cell, workspace_id, subject)


async def _preview(workspace: UUID | None, subject: UUID) -> Json:
    async with (
        opened_workspace(workspace) as (_, cell, workspace_id),
        cell.scoped(workspace_id) as connection,
    ):
        return asdict(await of_erasure(connection, workspace_id, subject))


async def _receipt(workspace: UUID | None, subject: UUID) -> str:
    async with opened_workspace(workspace) as (ledger, cell, workspace_id):
        context = Context("cli", uuid4())
        return await issue_receipt(ledger, cell, workspace_id, subject, context)


async def _restrict(
    workspace: UUID | None, subject: UUID, command: RestrictSubject | LiftRestriction
) -> Json:
    async with opened_workspace(workspace) as (_, cell, workspace_id):
        await cell.holds.restrict(workspace_id, subject, command, Context("cli", uuid4()))
        async with cell.scoped(workspace_id) as connection:
            return asdict((await standing_of(connection, workspace_id, subject)).restriction)


def _write_restriction(found: Json, *, as_json: bool) -> None:
    if as_json:
        write_json(found)
    else:
        write_table(("restriction", ""), found.items())


async def _certificate(cell: Cell, workspace_id: UUID, subject: UUID) -> Json:
    async with cell.scoped(workspace_id) as connection:
        certificate = await certificate_of(connection, workspace_id, subject)
        waiting = (await standing_of(connection, workspace_id, subject)).waiting
    found = certificate or waiting
    if found is None:
        raise NotFound("erasure")
    return asdict(found)
