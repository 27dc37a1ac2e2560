"""What a problem looks like (RFC 9457)."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.problems import PROBLEM_TYPES

_MEMBERS: dict[str, dict[str, Any]] = {
    "invalid-request": {"errors": [{"parameter": "limit", "detail": "There is no such number."}]},
    "missing-scope": {"scope": "values:open"},
    "dead-letter-not-understood": {"code": "unknown_status"},
    "value-gone": {"state": "erased"},
    "no-audio": {"recording_status": "started"},
    "audio-gone": {"state": "erased"},
}


class Place(BaseModel):
    """One thing that is wrong with a request."""

    parameter: str | None = Field(default=None, description="The parameter of the URL.")
    pointer: str | None = Field(default=None, description="Where in the body (RFC 6901).")
    detail: str


class ProblemBody(BaseModel):
    """A problem (RFC 9457). It never quotes what was sent."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="Which problem it is; the address describes it.")
    title: str
    status: int
    detail: str
    request_id: str | None = Field(description="Under this id our log tells more.")
    errors: list[Place] | None = Field(default=None, description="With `invalid-request`.")


class ProblemDescription(BaseModel):
    """What a problem type stands for."""

    type: str
    title: str
    status: int
    detail: str


def example_of(name: str) -> dict[str, Any]:
    """A problem of that type as it is answered."""
    kind = PROBLEM_TYPES[name]
    return {
        "type": f"/problems/{name}",
        "title": kind.title,
        "status": kind.status,
        "detail": kind.meaning,
        "request_id": "6e2b7c0a-6a51-4a2e-9a55-f3a1b1d9a1c4",
        **_MEMBERS.get(name, {}),
    }
