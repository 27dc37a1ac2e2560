"""Asking the API's own routes in this process, as the operator, who may do everything.

So a document on the command line is, byte for byte, the document over HTTP.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

import orjson
import typer
from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from adapters.workspaces.api_keys import Principal, Scope
from api.cli.running import Place, opened_workspace
from api.deployment import Deployment
from api.parameters import MomentParameter
from api.problems import PROBLEM_TYPES, Problem
from api.security import Caller, Session
from domain.errors import NotFound

Json = dict[str, Any]
Ask = Callable[[Request, Session], Awaitable[Response]]


async def ask(workspace: UUID | None, question: Ask, noun: str) -> Json:
    """What the API answers the operator of a workspace, or of the only one."""
    async with opened_workspace(workspace) as place:
        return await answered(place, question, noun)


async def answered(place: Place, question: Ask, noun: str) -> Json:
    """What the API answers the operator in a ledger that is open."""
    ledger, cell, workspace_id = place
    async with cell.scoped(workspace_id) as connection:
        operator = Principal(workspace_id, uuid4(), frozenset(Scope))
        caller = Caller(Deployment.of(ledger, ""), operator, cell, uuid4())
        key = await cell.workspace_key(connection, workspace_id)
        try:
            response = await question(Request(_PLAIN), Session(caller, connection, key))
        except Problem as problem:
            raise NotFound(f"{noun}: {PROBLEM_TYPES[problem.name].title.lower()}") from None
        found: Json = orjson.loads(response.body)
        return found


def moment(text: str) -> datetime:
    """A time with its offset, as the API wants it too."""
    try:
        return TypeAdapter(MomentParameter).validate_python(text)
    except ValidationError:
        raise typer.BadParameter("it must be RFC 3339, as 2026-03-02T14:02:00Z is") from None


def when(text: str) -> Any:  # noqa: ANN401 - what typer calls an option
    """An option that is a time."""
    return typer.Option(parser=moment, metavar="TIME", help=text)


_PLAIN: Final = {"type": "http", "method": "GET", "headers": []}
