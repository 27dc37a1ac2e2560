"""The end of a workspace, in two stages: closed, and from the promised day on without its key.

These and the holds' are the only addresses of a closed workspace that answer anything but 410.
"""

from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.asking import ask, because
from api.contract import WITH_BODY, WITH_KEY, answers
from api.etag import Unkeyed, answer
from api.routes.sharing import Reason
from api.schemas_closure import ClosureDetail, ClosureRequest
from api.security import Caller, Closer
from domain.errors import Refused
from domain.personal_data import Category, Clear
from domain.workspaces.commands import CloseWorkspace, ReopenWorkspace
from projections.workspaces.read import entries_of, workspace_at

ROUTER: Final = APIRouter(prefix="/v1/workspaces/{workspace_id}", tags=["closure"])
_KEY: Final = tuple(name for name in WITH_KEY if name != "workspace-closed")


@ROUTER.get(
    "/closure",
    operation_id="getClosure",
    summary="Read whether the workspace is closed",
    responses=answers(ClosureDetail, "Whether it is, and until when that is undone.", *_KEY),
)
async def get_closure(request: Request, caller: Closer) -> Response:
    """Whether it is closed, and the promised day. Needs `workspace:close`."""
    return answer(request, Unkeyed(), await _closure(caller))


@ROUTER.post(
    "/closure",
    operation_id="closeWorkspace",
    summary="Close the workspace",
    responses=answers(
        ClosureDetail,
        "It is closed, by this request or an earlier one.",
        *_KEY,
        *WITH_BODY,
        tagged=False,
    ),
)
async def close_workspace(caller: Closer, asked: ClosureRequest) -> Response:
    """Make everything of it unreachable: 410 here within a moment, 5 s in every process.

    Needs `workspace:close`. Until the promised day the closure can be taken back; from then on
    its key is destroyed, and no value of it opens any more in any copy of the database.
    """
    note = Clear({"text": asked.note}, Category.account) if asked.note else None
    now = caller.deployment.ledger.clock()
    if not (await _closure(caller)).is_closed:
        await ask(caller, CloseWorkspace(occurred_at=now, reason=asked.reason, note=note))
    caller.deployment.credentials.forget(caller.workspace_id)
    return _plain(await _closure(caller))


@ROUTER.delete(
    "/closure",
    operation_id="reopenWorkspace",
    summary="Take the closure back",
    responses=answers(ClosureDetail, "It is open.", "refused", *_KEY, tagged=False),
)
async def reopen_workspace(caller: Closer, reason: Reason) -> Response:
    """Open it again, until the promised day. Needs `workspace:close`."""
    if (await _closure(caller)).is_final:
        raise Refused("promised_day_has_come")
    await ask(caller, ReopenWorkspace(**because(caller, reason)))
    return _plain(await _closure(caller))


async def _closure(caller: Caller) -> ClosureDetail:
    async with caller.cell.scoped(caller.workspace_id) as connection:
        workspace = workspace_at(await entries_of(connection, caller.workspace_id))
    closure = workspace.closure
    if closure is None:
        return ClosureDetail(is_closed=False, version=workspace.version)
    return ClosureDetail(
        is_closed=True,
        closed_at=closure.closed_at,
        reason=closure.reason,
        keys_destroyed_from=closure.keys_destroyed_from,
        is_final=closure.is_final,
        version=workspace.version,
    )


def _plain(body: ClosureDetail) -> Response:
    return Response(body.model_dump_json(), media_type="application/json")
