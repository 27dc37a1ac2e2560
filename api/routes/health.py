"""What a load balancer asks, and what a problem's address answers."""

import asyncio
from typing import Final, Literal

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request

from adapters.wiring import Ledger
from api.contract import answers
from api.deployment import deployment_of
from api.problems import PROBLEM_TYPES
from api.schemas_problems import ProblemDescription
from domain.errors import NotFound, Unavailable
from projections.follower import lag

ROUTER: Final = APIRouter(tags=["health"])
PATIENCE_SECONDS: Final = 2.0


class Health(BaseModel):
    """That it lives, or that it can serve."""

    status: Literal["alive", "ready"]


class Readiness(Health):
    """That it can serve, and how fresh its views are."""

    entries_behind: int
    """How far the view that is furthest behind is behind its history."""


@ROUTER.get(
    "/healthz",
    operation_id="getHealth",
    summary="Whether the process lives",
    responses=answers(Health, "It lives.", tagged=False),
)
async def get_health() -> Health:
    """Whether the process lives. It asks nothing else."""
    return Health(status="alive")


@ROUTER.get(
    "/readyz",
    operation_id="getReadiness",
    summary="Whether requests can be served",
    responses=answers(Readiness, "They can.", tagged=False),
)
async def get_readiness(request: Request) -> Readiness:
    """Whether the database answers and the master key is there.

    `entries_behind` says how fresh the call log is: for a view that stands still it grows.
    """
    ledger = deployment_of(request).ledger
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            behind = await _entries_behind(ledger)
    except TimeoutError:
        raise Unavailable("database") from None
    # A key service that is away is not asked: what was unwrapped before is served without it.
    if ledger.settings.master_key is None:
        await ledger.master_keys.newest()
    return Readiness(status="ready", entries_behind=behind)


@ROUTER.get(
    "/problems/{name}",
    operation_id="getProblemType",
    summary="What a problem type stands for",
    responses=answers(ProblemDescription, "The problem type.", "not-found", tagged=False),
)
async def get_problem_type(name: str) -> ProblemDescription:
    """What a problem type stands for: every problem's `type` leads here."""
    if name not in PROBLEM_TYPES:
        raise NotFound("problem type")
    kind = PROBLEM_TYPES[name]
    return ProblemDescription(
        type=f"/problems/{name}", title=kind.title, status=kind.status, detail=kind.meaning
    )


async def _entries_behind(ledger: Ledger) -> int:
    """Ask every cell, which shows that it can be reached."""
    behind = 0
    for cell in ledger.cells.values():
        async with cell.reading.connection() as connection:
            behind = max(behind, await lag(connection))
    return behind
