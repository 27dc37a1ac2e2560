"""Restriction: what is known of a data subject is kept, and not used (GDPR Art. 18)."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.contract import WITH_BODY, WITH_KEY, answers
from api.parameters import MomentParameter
from api.schemas_subjects import RestrictionDetail, RestrictionRequest
from api.security import Caller, Restricter
from domain.subjects.commands import LiftRestriction, RestrictSubject
from projections.subjects.read import standing_of

ROUTER: Final = APIRouter(
    prefix="/v1/workspaces/{workspace_id}/subjects/{subject_id}/restriction", tags=["subjects"]
)
_CHANGED: Final = answers(
    RestrictionDetail, "The restriction after it.", "refused", *WITH_KEY, *WITH_BODY, tagged=False
)


@ROUTER.post("", operation_id="restrictSubject", summary="Restrict a subject", responses=_CHANGED)
async def restrict_subject(
    caller: Restricter, subject_id: UUID, asked: RestrictionRequest
) -> Response:
    """Keep what is known of them, and do not use it. Needs the scope `subjects:restrict`.

    From the first answer on their values read as `restricted` and do not expire. Who has the scope
    `restricted:open` sees them for a `need` that Art. 18(2) allows.
    """
    now = caller.deployment.ledger.clock()
    return await _tell(caller, subject_id, RestrictSubject(ground=asked.ground, occurred_at=now))


@ROUTER.delete(
    "", operation_id="liftRestriction", summary="Lift a restriction", responses=_CHANGED
)
async def lift_restriction(
    caller: Restricter,
    subject_id: UUID,
    told_at: Annotated[
        MomentParameter, Query(description="When the subject was told of it (Art. 18(3)).")
    ],
) -> Response:
    """Use it again, now that the subject was told. Needs the scope `subjects:restrict`."""
    now = caller.deployment.ledger.clock()
    return await _tell(caller, subject_id, LiftRestriction(told_at=told_at, occurred_at=now))


async def _tell(
    caller: Caller, subject_id: UUID, command: RestrictSubject | LiftRestriction
) -> Response:
    place = caller.workspace_id, subject_id
    await caller.cell.holds.restrict(*place, command, caller.context)
    async with caller.cell.scoped(caller.workspace_id) as connection:
        standing = await standing_of(connection, *place)
    body = RestrictionDetail.model_validate(standing.restriction)
    return Response(body.model_dump_json(), media_type="application/json")
