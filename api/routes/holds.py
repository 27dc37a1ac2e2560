"""Legal holds: placing, reviewing and releasing them, and which of them stand.

Also of a workspace that is closed: there they put off its end.
"""

from datetime import date
from typing import Annotated, Final
from uuid import UUID, uuid4

import structlog
from fastapi import APIRouter, Query
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response

from adapters.cell import Cell
from api.contract import WITH_BODY, WITH_KEY, answers
from api.etag import answer
from api.schemas_holds import HoldDetail, HoldList, HoldRequest, HoldState, ReviewRequest
from api.security import Caller, HoldKeeper, HoldReader
from domain.errors import NotFound
from domain.holds.commands import HoldCommand, PlaceHold, ReleaseHold, ReviewHold
from domain.holds.events import HoldReleased, HoldReviewed
from projections.holds.read import Told, hold_at, holds_of

_KEY: Final = tuple(name for name in WITH_KEY if name != "workspace-closed")
ROUTER: Final = APIRouter(prefix="/v1/workspaces/{workspace_id}/holds", tags=["holds"])
_CHANGED: Final = answers(
    HoldDetail, "The hold after it.", "refused", *_KEY, *WITH_BODY, tagged=False
)
log = structlog.get_logger()


@ROUTER.get(
    "",
    operation_id="listHolds",
    summary="List holds",
    responses=answers(HoldList, "The holds, the newest first.", *_KEY),
)
async def list_holds(
    request: Request,
    session: HoldReader,
    state: Annotated[
        HoldState | None,
        Query(description="`standing`, `overdue` (their review's day has come), `released`."),
    ] = None,
) -> Response:
    """Every hold that was ever placed, or those in one state. Needs the scope `holds:read`."""
    today = session.caller.deployment.ledger.clock().date()
    found = await holds_of(session.connection, session.workspace_id)
    data = [_detail(told, today) for told in found if _is_in(state, told, today)]
    return answer(request, session.key, HoldList(data=data))


@ROUTER.get(
    "/{hold_id}",
    operation_id="getHold",
    summary="Read a hold",
    responses=answers(HoldDetail, "The hold.", *_KEY),
)
async def get_hold(request: Request, session: HoldReader, hold_id: UUID) -> Response:
    """One hold: what it reaches, why, and when somebody looks again."""
    today = session.caller.deployment.ledger.clock().date()
    told = await hold_at(session.connection, session.workspace_id, hold_id)
    return answer(request, session.key, _detail(told, today))


@ROUTER.post("", operation_id="placeHold", summary="Place a hold", responses=_CHANGED)
async def place_hold(caller: HoldKeeper, asked: HoldRequest) -> Response:
    """Let nothing of these be destroyed (GDPR Art. 17(3)). Needs the scope `holds:write`.

    When this is answered no erasure, expiry or closure passes it. An erasure that is asked for
    meanwhile waits; of somebody in a held call, what is theirs in that call is kept for the
    hold's purpose alone. Refused where a subject is erased already.
    """
    command = PlaceHold(
        scope=asked.scope,
        matter=asked.matter,
        ground=asked.ground,
        review_on=asked.review_on,
        subjects=tuple(asked.subjects),
        calls=tuple(asked.calls),
        occurred_at=caller.deployment.ledger.clock(),
    )
    return await _tell(caller, uuid4(), command)


@ROUTER.post(
    "/{hold_id}/review", operation_id="reviewHold", summary="Review a hold", responses=_CHANGED
)
async def review_hold(caller: HoldKeeper, hold_id: UUID, asked: ReviewRequest) -> Response:
    """Say that it is still needed, and when to look again. Needs the scope `holds:write`."""
    now = caller.deployment.ledger.clock()
    return await _tell(caller, hold_id, ReviewHold(review_on=asked.review_on, occurred_at=now))


@ROUTER.post(
    "/{hold_id}/release", operation_id="releaseHold", summary="Release a hold", responses=_CHANGED
)
async def release_hold(caller: HoldKeeper, hold_id: UUID) -> Response:
    """End it. Needs the scope `holds:write`.

    What it alone kept opens no more; erasures that waited for it are carried out right after.
    """
    now = caller.deployment.ledger.clock()
    found = await _tell(caller, hold_id, ReleaseHold(occurred_at=now))
    found.background = BackgroundTask(finish, caller.cell)
    return found


async def finish(cell: Cell) -> None:
    """Carry out what waited and delete boxes. What is left undone here, the follower does."""
    try:
        await cell.erasures.finish()
    except Exception:
        log.exception("erasure.unfinished", cell=cell.name)


async def _tell(caller: Caller, hold_id: UUID, command: HoldCommand) -> Response:
    await caller.cell.holds.tell(caller.workspace_id, hold_id, command, caller.context)
    today = caller.deployment.ledger.clock().date()
    async with caller.cell.scoped(caller.workspace_id) as connection:
        told = await hold_at(connection, caller.workspace_id, hold_id)
    return Response(_detail(told, today).model_dump_json(), media_type="application/json")


def _is_in(state: HoldState | None, told: Told, today: date) -> bool:
    match state:
        case None:
            return True
        case HoldState.standing:
            return told.hold.stands
        case HoldState.overdue:
            return told.hold.is_overdue(today)
        case HoldState.released:
            return told.hold.is_released


def _detail(told: Told, today: date) -> HoldDetail:
    placed, review_on = told.hold.placed, told.hold.review_on
    if placed is None or review_on is None:
        raise NotFound("hold")
    at = {type(entry.event): entry.recorded_at for entry in told.entries}
    return HoldDetail(
        id=told.hold_id,
        scope=placed.scope,
        matter=placed.matter,
        ground=placed.ground,
        review_on=review_on,
        subjects=list(placed.subjects or ()),
        calls=list(placed.calls or ()),
        placed_at=told.entries[0].recorded_at,
        placed_by=told.entries[0].context.actor,
        reviewed_at=at.get(HoldReviewed),
        released_at=at.get(HoldReleased),
        is_overdue=told.hold.is_overdue(today),
    )
