"""What every command shares: the loop, the open ledger, and what becomes of an error.

An error is one line on stderr and an exit code, never a traceback: its frames may hold a number.
"""

import asyncio
import logging as levels
import traceback
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from enum import IntEnum
from subprocess import CalledProcessError
from typing import Any, Final, NamedTuple, TypeVar
from uuid import UUID

import psycopg
import typer
import uvloop

from adapters import logging
from adapters.cell import Cell
from adapters.event_store.closures import is_closed
from adapters.postgres.migrate import MigrationError
from adapters.settings import SettingsError, load
from adapters.wiring import Ledger, open_ledger
from domain.errors import (
    Gone,
    IntegrityAlarm,
    KeyStoreUnavailable,
    NotFound,
    Refused,
    Restored,
    Unavailable,
)

Result = TypeVar("Result")

EXIT_CODES: Final = (
    "Exit codes: 0 done; 1 something is wrong; 2 wrong usage or settings; 3 not found; "
    "4 the database, a key or the port cannot be had now."
)


class ExitCode(IntEnum):
    """How a command ended, for whoever called it."""

    done = 0
    wrong = 1
    usage = 2
    not_found = 3
    unavailable = 4


class WrongUsage(Exception):  # noqa: N818 - it says what is the case
    """The command cannot be meant so; the message says how it can."""


class Place(NamedTuple):
    """A workspace in the open ledger."""

    ledger: Ledger
    cell: Cell
    workspace_id: UUID


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Do a command's work; what goes wrong ends the process with one line and a code."""
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(work)
    except Exception as error:  # noqa: BLE001 - the last place that can say it in one line
        code, line = _verdict(error)
        typer.echo(f"ringledger: {line}", err=True)
        raise typer.Exit(code) from None


@asynccontextmanager
async def opened(*, is_gated: bool = True) -> AsyncIterator[Ledger]:
    """The ledger of the environment, while the block runs."""
    logging.configure(level=levels.ERROR)
    async with open_ledger(load(), is_gated=is_gated) as ledger:
        yield ledger


@asynccontextmanager
async def opened_workspace(
    given: UUID | None, *, even_closed: bool = False
) -> AsyncIterator[Place]:
    """The workspace that was named, or the only one there is; ``Gone`` where it is closed."""
    async with opened() as ledger:
        workspace_id = given or await _only_one(ledger)
        cell = await ledger.cell_of(workspace_id)
        async with cell.scoped(workspace_id) as connection:
            if not even_closed and await is_closed(connection, workspace_id):
                raise Gone("workspace")
        yield Place(ledger, cell, workspace_id)


async def _only_one(ledger: Ledger) -> UUID:
    found = await ledger.directory.all()
    if not found:
        raise NotFound("workspace")
    if len(found) > 1:
        raise WrongUsage("there are several workspaces: choose one with --workspace")
    return found[0].workspace_id


def _verdict(error: BaseException) -> tuple[ExitCode, str]:
    """The code of an error, and one line that says it."""
    if isinstance(error, BaseExceptionGroup):
        return _verdict(error.exceptions[0])
    line = next(iter(str(error).strip().splitlines()), "")
    for kinds, code, text in _VERDICTS:
        if isinstance(error, kinds):
            return code, text.format(line)
    if line.startswith("PostgreSQL"):  # the embedded one's, which is not the database's own error
        return ExitCode.unavailable, line
    return ExitCode.wrong, _unexpected(error)


def _unexpected(error: BaseException) -> str:
    """The class of the error and where it came from: its text may quote a value."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {frames[-1].name}, line {frames[-1].lineno}" if frames else ""
    return f"unexpected {type(error).__name__}{where}"


_VERDICTS: Final[Sequence[tuple[tuple[type[Exception], ...], ExitCode, str]]] = (
    ((SettingsError, WrongUsage), ExitCode.usage, "{}"),
    ((NotFound,), ExitCode.not_found, "there is no such {}"),
    ((Gone,), ExitCode.wrong, "the {} is closed"),
    ((Unavailable, KeyStoreUnavailable), ExitCode.unavailable, "{}"),
    ((psycopg.OperationalError,), ExitCode.unavailable, "the database cannot be had: {}"),
    ((OSError, CalledProcessError), ExitCode.unavailable, "{}"),
    ((IntegrityAlarm,), ExitCode.wrong, "integrity alarm: {}"),
    ((Restored,), ExitCode.wrong, "{}"),
    ((Refused,), ExitCode.wrong, "a rule says no: {}"),
    ((MigrationError,), ExitCode.wrong, "{}"),
)
