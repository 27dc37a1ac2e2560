"""Which problem each exception becomes; registered alike for the callbacks and the dashboards."""

from collections.abc import Callable, Coroutine, Mapping
from types import MappingProxyType
from typing import Any, Final

import psycopg
import structlog
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api.problems import UNEXPECTED_STATUS, Problem, problem_response
from domain.errors import (
    Gone,
    IntegrityAlarm,
    KeyStoreUnavailable,
    NotFound,
    Overloaded,
    Refused,
    Restored,
    Unavailable,
)

NAMES: Final[Mapping[type[Exception], str]] = MappingProxyType(
    {
        NotFound: "not-found",
        Gone: "workspace-closed",
        IntegrityAlarm: "integrity-alarm",
        Overloaded: "overloaded",
        Unavailable: "unavailable",
        KeyStoreUnavailable: "unavailable",
        Restored: "unavailable",
        psycopg.OperationalError: "unavailable",
    }
)
"""The problem of each exception that needs no more said."""

log = structlog.get_logger()


async def answer_error(request: Request, error: Exception) -> Response:
    """Answer an exception with the problem it stands for."""
    if isinstance(error, IntegrityAlarm):
        log.critical("integrity.alarm", exc_info=error)
    return problem_response(request, problem_of(error))


def problem_of(error: Exception) -> Problem:
    """The problem that tells the caller of an exception, and no more than they may know."""
    match error:
        case Problem():
            return error
        case RequestValidationError():
            return _invalid(error)
        case HTTPException():
            name = UNEXPECTED_STATUS.get(error.status_code, "internal")
            return Problem(name, headers=error.headers)
        case Refused():
            return Problem("refused", str(error))
        case _:
            names = (name for kind, name in NAMES.items() if isinstance(error, kind))
            return Problem(next(names, "internal"))


def _invalid(error: RequestValidationError) -> Problem:
    found = error.errors()
    if any(one["loc"][0] == "path" for one in found):
        # An id that is no id is the id of nothing.
        return Problem("not-found")
    return Problem("invalid-request", errors=[_place(one) for one in found])


def _place(one: Mapping[str, Any]) -> dict[str, str]:
    """Where it is wrong and why, in the validator's words; never its ``input``."""
    where, *path = one["loc"]
    detail = one["msg"].removeprefix("Value error, ")
    if where == "body":
        is_json = one["type"] != "json_invalid"
        return {"pointer": "".join(f"/{step}" for step in path if is_json), "detail": detail}
    return {"parameter": str(path[0]), "detail": detail}


Handler = Callable[[Request, Any], Coroutine[Any, Any, Response]]
HANDLERS: Final[dict[int | type[Exception], Handler]] = dict.fromkeys(
    (Problem, RequestValidationError, HTTPException, Refused, *NAMES, Exception), answer_error
)
