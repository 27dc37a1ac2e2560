"""Answers that a reader may keep, and is told when they still hold."""

import hashlib
from typing import Final, Protocol

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from api.problems import Problem

_LONGEST_VERSION: Final = 9
_HEADERS: Final = {"Cache-Control": "private, no-cache", "Vary": "Authorization"}


class Tagging(Protocol):
    """Makes fingerprints of answers: a workspace's key, as a rule."""

    def tag(self, body: bytes) -> str:
        """A fingerprint of the body."""


class Unkeyed:
    """Tags what holds nothing that could be guessed, where there may be no key any more."""

    def tag(self, body: bytes) -> str:
        """A bare hash."""
        return hashlib.sha256(body).hexdigest()[:32]


def answer(
    request: Request, key: Tagging, body: BaseModel, *, version: int | None = None
) -> Response:
    """The body with its tag, or 304 where the reader has it already.

    The tag is keyed: a bare hash of a page would let whoever sees it guess the numbers in it.
    Where a version is given the tag begins with it, for ``expected_version`` to find.
    """
    return answer_text(request, key, body.model_dump_json().encode(), version=version)


def answer_text(
    request: Request, key: Tagging, content: bytes, *, version: int | None = None
) -> Response:
    """The same of JSON that must stay as it is, to the byte."""
    tag = f'"{key.tag(content)}"' if version is None else f'"{version}-{key.tag(content)}"'
    headers = {**_HEADERS, "ETag": tag}
    if _names(request.headers.getlist("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type="application/json")


def expected_version(if_match: str | None, *, is_needed: bool = False) -> int | None:
    """The version that the asker has seen; ``None`` for whichever there is.

    Of a tag only the version counts: what else it covers, as whether values were withheld, is no
    change of what is stored.
    """
    if if_match is None and is_needed:
        raise Problem("version-needed")
    if if_match is None or if_match.strip() == "*":
        return None
    version, _, _ = if_match.strip().strip('"').partition("-")
    if not (version.isascii() and version.isdigit()) or len(version) > _LONGEST_VERSION:
        raise Problem("changed-meanwhile")
    return int(version)


def _names(conditions: list[str], tag: str) -> bool:
    named = [one.strip().removeprefix("W/") for line in conditions for one in line.split(",")]
    return tag in named or "*" in named
