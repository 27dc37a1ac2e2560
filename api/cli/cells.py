"""``ringledger cells``: make a cell, list them, place a workspace, move a cell elsewhere."""

import logging as levels
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any
from uuid import UUID

import typer
from psycopg import AsyncConnection, Error

from adapters import logging
from adapters.cell import Cell
from adapters.cells import move as moving
from adapters.cells import provisioner
from adapters.cells.place import cell_name, cell_url
from adapters.postgres.embedded import Urls
from adapters.settings import load
from adapters.wiring import database, prepare
from api.cli.output import AsJson, write_json, write_table
from api.cli.running import EXIT_CODES, WrongUsage, opened, run
from projections.follower import lag

app = typer.Typer(help="Cells: where workspaces lie.", no_args_is_help=True)

HERE = "here"
COLUMNS = ("name", "where", "is_moving", "workspaces", "entries", "behind")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The cell; its schema has its name.")]
MigrationUrl = Annotated[
    str | None,
    typer.Option(help="The same database for a role that may create schemas; --url without it."),
]


@app.command(epilog=EXIT_CODES)
def create(
    name: Name,
    url: Annotated[
        str | None,
        typer.Option(help="The database, without a password; the deployment's own without it."),
    ] = None,
    migration_url: MigrationUrl = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Make a cell: its schema, its tables, the roles. New workspaces go to the emptiest cell."""
    applied = run(_create(name, url, migration_url))
    if as_json:
        write_json({"cell": name, "applied": applied})
    else:
        typer.echo(f"{name}: {len(applied)} migrations applied")


@app.command("list", epilog=EXIT_CODES)
def list_(*, as_json: AsJson = False) -> None:
    """List the cells: where they are, and how much is in them."""
    found = run(_list())
    if as_json:
        write_json({"data": found})
    else:
        rows = ([cell[column] for column in COLUMNS] for cell in found)
        write_table(COLUMNS, rows, folded=("where",))


@app.command(epilog=EXIT_CODES)
def place(
    workspace: Annotated[UUID, typer.Argument(metavar="WORKSPACE", help="An empty workspace.")],
    name: Name,
    *,
    as_json: AsJson = False,
) -> None:
    """Place a workspace that has no history yet in another cell. It takes 20 seconds."""
    run(_place(workspace, name))
    if as_json:
        write_json({"workspace_id": workspace, "cell": name})
    else:
        typer.echo(f"{workspace} is in {name}")


@app.command(epilog=EXIT_CODES)
def move(
    name: Name,
    url: Annotated[
        str | None, typer.Option(help="The database to move to, without a password.")
    ] = None,
    migration_url: MigrationUrl = None,
    source_url: Annotated[
        str | None,
        typer.Option(help="How the target's server reaches the source's, if not as we do."),
    ] = None,
    *,
    keep_source: Annotated[
        bool,
        typer.Option(
            "--keep-source",
            help="Keep the old schema, renamed and hidden. It holds keys that no erasure reaches.",
        ),
    ] = False,
    abort: Annotated[
        bool, typer.Option("--abort", help="Give a move up; the cell serves where it is.")
    ] = False,
    without_target: Annotated[
        bool, typer.Option("--without-target", help="With --abort: the target is gone for good.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Move a cell to another database while it is in use; or go on with a move that broke off."""
    if abort or without_target:
        run(_abort(name, url, abort=abort, without_target=without_target))
    else:
        run(_move(name, (url, migration_url, source_url), keeps_source=keep_source))
    if as_json:
        write_json({"cell": name, "moved": not abort})
    else:
        typer.echo(f"{name} {'serves where it was' if abort else 'has moved'}")


async def _create(name: str, url: str | None, migration_url: str | None) -> list[str]:
    if url is None and migration_url is not None:
        raise WrongUsage("--migration-url needs --url")
    where = (None, None) if url is None else (_address(url), _address(migration_url or url))
    try:
        cell_name(name)
    except ValueError as error:
        raise WrongUsage(str(error)) from None
    async with _database() as own:
        return await provisioner.create(own, name, *where)


async def _list() -> list[dict[str, Any]]:
    """What each cell says of itself, merged here: nothing asks two cells at once."""
    async with opened() as ledger, _database() as own:
        placed = [workspace.cell for workspace in await ledger.directory.all()]
        async with await AsyncConnection.connect(own.admin) as admin:
            cells = await provisioner.registered(admin)
        return [
            {
                "name": cell.name,
                "where": cell.url or HERE,
                "is_moving": cell.is_moving,
                "workspaces": placed.count(cell.name),
                **await _size(ledger.cells.get(cell.name)),
            }
            for cell in cells
        ]


async def _size(cell: Cell | None) -> dict[str, int | None]:
    """How many entries it has and how far its views are behind; nothing if it cannot be asked."""
    nothing: dict[str, int | None] = {"entries": None, "behind": None}
    if cell is None:
        return nothing
    try:
        # Not through a pool, which would hope for a while that a lost database comes back.
        async with await cell.whereabouts.connect("ringledger_api") as connection:
            ((entries,),) = await (
                await connection.execute("SELECT position FROM counter")
            ).fetchall()
            return {"entries": entries, "behind": await lag(connection)}
    except Error:
        return nothing


async def _place(workspace_id: UUID, name: str) -> None:
    async with _database() as own:
        await provisioner.place(own, workspace_id, name)


async def _move(
    name: str, where: tuple[str | None, str | None, str | None], *, keeps_source: bool
) -> None:
    url, migration_url, source_url = where
    if url is None:
        raise WrongUsage("--url says where to; --abort gives a move up")
    goal = moving.Goal(_address(url), _address(migration_url or url), source_url)
    async with _database() as own:
        await moving.move(own, name, goal, _tell, keeps_source=keeps_source)


async def _abort(name: str, url: str | None, *, abort: bool, without_target: bool) -> None:
    if url is not None or not abort:
        raise WrongUsage("--abort stands alone, or with --without-target")
    async with _database() as own:
        await moving.abort(own, name, without_target=without_target)


async def _tell(step: str) -> None:
    typer.echo(f"  {step}", err=True)


def _address(text: str) -> str:
    try:
        return cell_url(text)
    except ValueError as error:
        raise WrongUsage(str(error)) from None


@asynccontextmanager
async def _database() -> AsyncIterator[Urls]:
    """The deployment's own database, brought up to date."""
    settings = load()
    logging.configure(level=levels.ERROR)
    async with database(settings) as urls:
        await prepare(settings, urls)
        yield urls
