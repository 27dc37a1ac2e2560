"""Every problem the API answers with, in one place (RFC 9457), and how it is written.

A problem never quotes what was sent: the value may be somebody's number.
"""

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Final, NamedTuple

import orjson
from starlette.requests import Request
from starlette.responses import Response

MEDIA_TYPE: Final = "application/problem+json"


class ProblemType(NamedTuple):
    """What a problem's ``type`` stands for."""

    status: int
    title: str
    meaning: str


PROBLEM_TYPES: Mapping[str, ProblemType] = MappingProxyType(
    {
        "invalid-request": ProblemType(
            400,
            "The request is not valid",
            "A parameter is unknown, repeated or out of range, or the body is not what it should "
            "be. `errors` names each place: `parameter` in the URL, `pointer` (RFC 6901) in the "
            "body. Nothing was done.",
        ),
        "invalid-cursor": ProblemType(
            400,
            "The cursor is not for this question",
            "A cursor continues the question that it came with: the same workspace, filters and "
            "sort. Ask the new question without a cursor.",
        ),
        "unauthorized": ProblemType(
            401,
            "A valid API key is needed",
            "Send `Authorization: Bearer <api key>`. The key is missing, unknown or revoked.",
        ),
        "missing-scope": ProblemType(
            403,
            "The API key may not do this",
            "The key is valid, but was made without the scope that `scope` names.",
        ),
        "audio-restricted": ProblemType(
            403,
            "The audio is restricted",
            "Somebody who is heard in it had it restricted (GDPR Art. 18): it is kept and not "
            "used. Who has the scope `restricted:open` names the `need` that it is heard for.",
        ),
        "bad-signature": ProblemType(
            403,
            "The request is not signed by the provider",
            "The signature is missing, or was not made over this very request with a secret of "
            "this workspace.",
        ),
        "not-found": ProblemType(
            404,
            "There is nothing here",
            "There is nothing by that address, or nothing that this API key may know of.",
        ),
        "not-known-yet": ProblemType(
            404,
            "Nothing was known then",
            "It exists, but at the times asked for nothing of it was known, or had begun.",
        ),
        "no-audio": ProblemType(
            404,
            "There is no audio",
            "The recording exists, and its audio is not kept, or not yet: `recording_status` says "
            "how far it is.",
        ),
        "method-not-allowed": ProblemType(
            405,
            "The method is not allowed here",
            "The `Allow` header names the methods that are.",
        ),
        "refused": ProblemType(
            409, "A rule says no", "The request is valid and a rule forbids it; `detail` names it."
        ),
        "dead-letter-not-understood": ProblemType(
            409,
            "The callback still cannot be understood",
            "The dead letter was read again; `code` says what was not understood. It is kept.",
        ),
        "value-gone": ProblemType(
            409,
            "The value cannot be read",
            "What the request needs was erased or is restricted, or its retention period has "
            "ended: see `state`.",
        ),
        "workspace-closed": ProblemType(
            410,
            "The workspace is closed",
            "Nothing of it can be reached any more. Until the promised day the closure can be "
            "taken back, with the scope `workspace:close`.",
        ),
        "changed-meanwhile": ProblemType(
            412,
            "Somebody changed it meanwhile",
            "`If-Match` names an older version. Read it again, and see whether the change still "
            "makes sense.",
        ),
        "audio-gone": ProblemType(
            410,
            "The audio can no longer be heard",
            "Whoever is heard was erased or did not agree, or its time has come: see `state`.",
        ),
        "too-large": ProblemType(
            413, "The body is too large", "No request of this API needs a body beyond 256 KiB."
        ),
        "version-needed": ProblemType(
            428,
            "Say what you have seen",
            "Send the `ETag` of what you read as `If-Match`, so that nobody's change is "
            "overwritten unseen; or `*`, for whatever is there.",
        ),
        "range-not-satisfiable": ProblemType(
            416,
            "The range lies beyond the end",
            "`Content-Range` says how many bytes there are.",
        ),
        "internal": ProblemType(
            500,
            "Something went wrong here",
            "The fault is ours. The log tells more under the `request_id`.",
        ),
        "integrity-alarm": ProblemType(
            500,
            "A sealed value does not authenticate",
            "Stored bytes are not what the history committed to. This is not an erasure; an alarm "
            "was raised.",
        ),
        "overloaded": ProblemType(
            503,
            "Too much is waiting",
            "Nothing was kept. Try again after the seconds that `Retry-After` names.",
        ),
        "unavailable": ProblemType(
            503,
            "The ledger cannot be reached now",
            "The database or a key is out of reach; nothing was acknowledged. Try again after the "
            "seconds that `Retry-After` names.",
        ),
    }
)
RETRY_AFTER_SECONDS: Final = "1"
UNEXPECTED_STATUS: Mapping[int, str] = MappingProxyType(
    {400: "invalid-request", 404: "not-found", 405: "method-not-allowed", 413: "too-large"}
)
"""The problem type of a status that the framework answers with by itself."""


class Problem(Exception):  # noqa: N818 - the standard's own word for it
    """An answer that is a problem. Its detail and members never quote the request."""

    def __init__(
        self,
        name: str,
        detail: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        **members: object,
    ) -> None:
        super().__init__(name)
        self.name = name
        self.detail = detail
        self.headers = dict(headers or {})
        self.members = members


def problem_response(request: Request, problem: Problem) -> Response:
    """Write a problem down as RFC 9457 has it."""
    kind = PROBLEM_TYPES[problem.name]
    body = {
        "type": f"/problems/{problem.name}",
        "title": kind.title,
        "status": kind.status,
        "detail": problem.detail or kind.meaning,
        "request_id": request.scope.get("state", {}).get("request_id"),
        **problem.members,
    }
    headers = dict(problem.headers)
    if kind.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = RETRY_AFTER_SECONDS
    return Response(orjson.dumps(body), kind.status, headers, MEDIA_TYPE)
