"""Answers that a reader may keep, and is told when they still hold."""

from typing import Final

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from adapters.keys.workspace_key import WorkspaceKey

_HEADERS: Final = {"Cache-Control": "private, no-cache", "Vary": "Authorization"}


def answer(request: Request, key: WorkspaceKey, body: BaseModel) -> Response:
    """The body with its tag, or 304 where the reader has it already.

    The tag is keyed: a bare hash of a page would let whoever sees it guess the numbers in it.
    """
    content = body.model_dump_json().encode()
    tag = f'"{key.tag(content)}"'
    headers = {**_HEADERS, "ETag": tag}
    if _names(request.headers.getlist("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type="application/json")


def _names(conditions: list[str], tag: str) -> bool:
    named = [one.strip().removeprefix("W/") for line in conditions for one in line.split(",")]
    return tag in named or "*" in named
