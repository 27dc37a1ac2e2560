"""``ringledger erasures``: the erasure ledgers outside the database, and their replay."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import typer

from adapters.cell import Cell
from adapters.erasure_ledger.lines import Said
from api.cli.output import AsJson, write_json, write_table
from api.cli.running import EXIT_CODES, WrongUsage, opened, run

app = typer.Typer(
    help="Erasure ledgers: what was destroyed, written down outside the database.",
    no_args_is_help=True,
)

Json = dict[str, Any]
Ask = Callable[[Cell], Awaitable[Json]]


@app.command(epilog=EXIT_CODES)
def verify(*, as_json: AsJson = False) -> None:
    """Read every ledger whole, check its chain, and count what its cell does not know of."""
    _show(run(_each(_verify)), as_json=as_json)


@app.command(epilog=EXIT_CODES)
def replay(*, as_json: AsJson = False) -> None:
    """Carry out again, in every cell, what its ledger says and a restored database lacks.

    Until then such a database is not served. Broken off, it goes on where it was.
    """
    _show(run(_each(_replay)), as_json=as_json)


@app.command(epilog=EXIT_CODES)
def begin_anew(
    *,
    is_lost: Annotated[
        bool,
        typer.Option("--lost", help="The ledger is lost for good, and cannot be put back."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write every ledger anew from the database. A backup older than now is not told apart then.

    What there is of a ledger is put aside under another name.
    """
    _show(run(_begin(is_lost=is_lost)), as_json=as_json)


async def _each(ask: Ask) -> list[Json]:
    async with opened(is_gated=False) as ledger:
        return [{"cell": cell.name, **await ask(cell)} for cell in ledger.cells.values()]


async def _begin(*, is_lost: bool) -> list[Json]:
    if not is_lost:
        raise WrongUsage("put the ledger back; where it is lost for good, say --lost")
    return await _each(_begin_anew)


async def _verify(cell: Cell) -> Json:
    whole = await asyncio.to_thread(cell.gate.ledger.verify)
    done = sum(line.said is Said.done for line in whole.lines)
    missing = len((await cell.gate.lacks()).acts)
    return {"lines": len(whole.lines), "destroyed": done, "missing": missing, "torn": whole.torn}


async def _replay(cell: Cell) -> Json:
    return {"carried_out": await cell.gate.replay()}


async def _begin_anew(cell: Cell) -> Json:
    return {"written": await cell.gate.begin_anew()}


def _show(found: list[Json], *, as_json: bool) -> None:
    if as_json:
        write_json({"data": found})
    elif found:
        write_table(tuple(found[0]), (tuple(one.values()) for one in found))
