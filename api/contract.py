"""The OpenAPI document: it says every answer, problems included, and is held against requests.

What a request may ask is read off the document itself, so the two cannot drift apart.
"""

from collections.abc import Sequence
from typing import Any, Final

from fastapi import FastAPI
from pydantic import BaseModel
from starlette.requests import Request

from api.problems import MEDIA_TYPE, PROBLEM_TYPES, Problem
from api.schemas_problems import ProblemBody, example_of

ANYWHERE: Final = ("invalid-request", "internal", "unavailable", "overloaded")
WITH_KEY: Final = ("unauthorized", "missing-scope", "not-found", "workspace-closed")
WITH_BODY: Final = ("too-large",)
AUDIO: Final = ("audio/wav", "audio/mpeg")
_SCHEMA: Final = "#/components/schemas/ProblemBody"
_TAG: Final = {"description": "Changes with the body.", "schema": {"type": "string"}}

Answers = dict[int | str, dict[str, Any]]


class ContractualAPI(FastAPI):
    """FastAPI whose document tells what is really answered: 400 with a problem, never 422."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document."""
        if self.openapi_schema is None:
            _correct(super().openapi())
        return super().openapi()


def _correct(document: dict[str, Any]) -> None:
    for path in document["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)
    schemas = document["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    problem = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= {**problem.pop("$defs"), "ProblemBody": problem}


def answers(model: type[BaseModel], meaning: str, *problems: str, tagged: bool = True) -> Answers:
    """What an operation answers: the model, perhaps "not modified", and its problems."""
    success: dict[str, Any] = {"model": model, "description": meaning}
    found: Answers = {200: success}
    if tagged:
        success["headers"] = {"ETag": _TAG}
        found[304] = {"description": "It is what `If-None-Match` names."}
    return _with_problems(found, problems)


def audio_answers(*problems: str) -> Answers:
    """What an operation answers that plays audio: all of it or a range, and its problems."""
    content: dict[str, Any] = {
        kind: {"schema": {"type": "string", "format": "binary"}} for kind in AUDIO
    }
    headers = {"ETag": _TAG, "Accept-Ranges": {"schema": {"type": "string"}}}
    part = {"Content-Range": {"schema": {"type": "string"}}}
    found: Answers = {
        200: {"description": "The audio.", "content": content, "headers": headers},
        206: {"description": "The range.", "content": content, "headers": headers | part},
        304: {"description": "It is what `If-None-Match` names."},
    }
    return _with_problems(found, problems)


def _with_problems(found: Answers, problems: Sequence[str]) -> Answers:
    for name in dict.fromkeys((*problems, *ANYWHERE)):
        status = PROBLEM_TYPES[name].status
        answer = found.setdefault(status, {"description": "", "content": {MEDIA_TYPE: {}}})
        titles = filter(None, (answer["description"], PROBLEM_TYPES[name].title))
        answer["description"] = "; or: ".join(titles)
        content = answer["content"][MEDIA_TYPE]
        content["schema"] = {"$ref": _SCHEMA}
        content.setdefault("examples", {})[name] = {"value": example_of(name)}
    return found


def refuse_undeclared(request: Request) -> None:
    """Refuse a parameter that the operation does not have, or that stands there twice.

    A filter that is ignored shows what was not asked for, and nobody notices.
    """
    declared = _parameters(request)
    seen: set[str] = set()
    for name, _ in request.query_params.multi_items():
        if name not in declared:
            raise _invalid(name, "There is no such parameter here.")
        if name in seen:
            raise _invalid(name, "It is given more than once.")
        seen.add(name)


def _invalid(parameter: str, detail: str) -> Problem:
    return Problem("invalid-request", errors=[{"parameter": parameter, "detail": detail}])


def _parameters(request: Request) -> set[str]:
    operation = request.app.openapi()["paths"][request.scope["route"].path]
    parameters = operation[request.method.lower()].get("parameters", ())
    return {one["name"] for one in parameters if one["in"] == "query"}
