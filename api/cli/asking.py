"""Asking the API's own routes in this process, as the operator, who may do everything.

So a document on the command line is, byte for byte, the document over HTTP. Entries say ``cli``
of who asked.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID, uuid4

import orjson
import typer
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from adapters.workspaces.api_keys import Principal, Scope
from api.cli.running import WrongUsage, opened_workspace
from api.deployment import Deployment
from api.parameters import MomentParameter
from api.problems import PROBLEM_TYPES, Problem
from api.security import Caller, Session
from domain.accesses import Reader
from domain.errors import NotFound

Json = dict[str, Any]
Ask = Callable[[Request, Session], Awaitable[Response]]
Act = Callable[[Request, Caller], Awaitable[Response]]
Body = TypeVar("Body", bound=BaseModel)
_PLAIN: Final = {"type": "http", "method": "GET", "headers": []}


async def ask(
    workspace: UUID | None, question: Ask, noun: str, *, even_closed: bool = False
) -> Json:
    """What the API answers the operator of a workspace, or of the only one."""
    async with (
        _answering(workspace, noun, even_closed=even_closed) as caller,
        caller.session() as session,
    ):
        return _document(await question(Request(_PLAIN), session))


async def act(
    workspace: UUID | None, request: Act, noun: str = "workspace", *, even_closed: bool = False
) -> Json:
    """What the API answers the operator who changes something, even of a closed workspace."""
    async with _answering(workspace, noun, even_closed=even_closed) as caller:
        return _document(await request(Request(_PLAIN), caller))


def body_of(kind: type[Body], /, **fields: Any) -> Body:  # noqa: ANN401 - what the model takes
    """The body of a request. Wrong usage names the place that is wrong, and never the value."""
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False, include_context=False)[0]
        place = ".".join(map(str, wrong["loc"]))
    raise typer.BadParameter(f"{place}: {wrong['msg'].removeprefix('Value error, ')}")


def when(text: str, *names: str) -> Any:  # noqa: ANN401 - what typer calls an option
    """An option that is a time, by another name than its parameter's where one is given."""
    return typer.Option(*names, parser=_moment, metavar="TIME", help=text)


def _moment(text: str) -> datetime:
    """A time with its offset, as the API wants it too."""
    try:
        return TypeAdapter(MomentParameter).validate_python(text)
    except ValidationError:
        raise typer.BadParameter("it must be RFC 3339, as 2026-03-02T14:02:00Z is") from None


@asynccontextmanager
async def _answering(
    workspace: UUID | None, noun: str, *, even_closed: bool = False
) -> AsyncIterator[Caller]:
    async with opened_workspace(workspace, even_closed=even_closed) as (
        ledger,
        cell,
        workspace_id,
    ):
        operator = Principal(workspace_id, None, frozenset(Scope))
        try:
            reader = Reader(operator.actor, operator.purpose, noun, uuid4())
            yield Caller(Deployment.of(ledger, ""), operator, cell, reader)
        except Problem as problem:
            kind = PROBLEM_TYPES[problem.name]
            if kind.status == 404:  # noqa: PLR2004 - not found, whichever of its kinds
                raise NotFound(f"{noun}: {kind.title.lower()}") from None
            raise WrongUsage(_said(problem)) from None


def _said(problem: Problem) -> str:
    """What is wrong with a request: the first place of it that the problem names."""
    errors: Any = problem.members.get("errors", ())
    details = [one["detail"] for one in errors]
    return details[0] if details else PROBLEM_TYPES[problem.name].title.lower()


def _document(response: Response) -> Json:
    found: Json = orjson.loads(response.body)
    return found
