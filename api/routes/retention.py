"""How long things are kept: why, what another period would take, and what went by one."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from adapters.event_store.history import read_stream
from adapters.event_store.standing import in_the_way, is_restricted
from api.contract import WITH_KEY, answers
from api.etag import answer
from api.routes.history import entries_of as call_entries
from api.routes.history import entry_detail
from api.schemas_history import History
from api.schemas_retention import RetentionExplained, RetentionSimulated, Ruling, Step, Taken
from api.security import Session, SettingsReader
from domain.identifiers import expiry_id
from domain.workspaces.commands import ChangeSettings
from domain.workspaces.retention import Explanation
from domain.workspaces.state import Workspace
from domain.workspaces.words import ChangeReason, Kept, RetentionPeriod
from domain.workspaces.workspace import WORKSPACE
from projections.retention.read import gone_through, simulate
from projections.subjects.read import certificate_of
from projections.workspaces.read import entries_of, workspace_at

ROUTER: Final = APIRouter(prefix="/v1/workspaces/{workspace_id}/retention", tags=["settings"])

Campaign = Annotated[
    str | None, Query(min_length=1, max_length=64, description="Of which campaign.")
]


@ROUTER.get(
    "/explain",
    operation_id="explainRetention",
    summary="Explain how long something is kept",
    responses=answers(
        RetentionExplained, "The rule that holds, and what it overrides.", *WITH_KEY
    ),
)
async def explain_retention(
    request: Request,
    session: SettingsReader,
    category: Kept,
    campaign: Campaign = None,
    subject: Annotated[UUID | None, Query(description="Of which data subject.")] = None,
    call: Annotated[UUID | None, Query(description="Of which call.")] = None,
) -> Response:
    """How long something is kept, and why.

    Legal hold > restriction > campaign > workspace > policy, or the law. The first two are told of
    the workspace, and of the subject and the call that are named.

    What went by an earlier rule stays gone, also where the period is longer by now.
    """
    standing = await _standing(session, subject, call)
    found = _explained(session, await _workspace(session), category, campaign, **standing)
    place = session.connection, session.workspace_id, category, campaign
    body = RetentionExplained(
        category=category,
        campaign=campaign,
        ruling=Ruling.model_validate(found.ruling),
        overrides=[Ruling.model_validate(one) for one in found.overrides],
        counted_from=found.start,
        reason=found.reason,
        gone_through=await gone_through(*place),
    )
    return answer(request, session.key, body)


@ROUTER.get(
    "/simulation",
    operation_id="simulateRetention",
    summary="Ask what another period would take",
    responses=answers(RetentionSimulated, "What would go, and when.", "refused", *WITH_KEY),
)
async def simulate_retention(
    request: Request,
    session: SettingsReader,
    category: Kept,
    campaign: Campaign = None,
    days: Annotated[
        int | None,
        Query(ge=1, le=36_500, description="The period; without it, none of its own."),
    ] = None,
) -> Response:
    """What the next sweep would take if this period were set now, and what the month after it.

    Nothing is set, and nothing goes. Without `campaign` the workspace's own period is meant, by
    which every campaign goes that has none. A period that could not be set is refused as there.
    """
    workspace, now = await _workspace(session), session.caller.deployment.ledger.clock()
    period = RetentionPeriod(category=category, campaign=campaign, days=days)
    wanted = ChangeSettings(occurred_at=now, reason=ChangeReason.instruction, retention=(period,))
    after = WORKSPACE.fold(WORKSPACE.decide(workspace, wanted), workspace)
    place = session.workspace_id, category, campaign
    found = await simulate(session.connection, after, place, now.date())
    body = RetentionSimulated(
        category=category,
        campaign=campaign,
        days=days,
        ruling=Ruling.model_validate(_explained(session, after, category, campaign).ruling),
        now=Taken.model_validate(found.now),
        later=[Step.model_validate(step) for step in found.later],
    )
    return answer(request, session.key, body)


@ROUTER.get(
    "/history",
    operation_id="getRetentionHistory",
    summary="Read what went at the end of its period",
    responses=answers(History, "The entries, in order.", *WITH_KEY),
)
async def get_retention_history(request: Request, session: SettingsReader) -> Response:
    """Every end of a period: of which days, by whose rule, and how many values were deleted."""
    entries = await read_stream(session.connection, expiry_id(session.workspace_id))
    return answer(request, session.key, History(data=[entry_detail(one, {}) for one in entries]))


async def _workspace(session: Session) -> Workspace:
    return workspace_at(await entries_of(session.connection, session.workspace_id))


def _explained(
    session: Session,
    workspace: Workspace,
    category: Kept,
    campaign: str | None,
    **standing: bool,
) -> Explanation:
    today = session.caller.deployment.ledger.clock().date()
    return workspace.settings.retention.explain(category, campaign, today, **standing)


async def _standing(session: Session, subject: UUID | None, call: UUID | None) -> dict[str, bool]:
    """Whether a hold or a restriction goes before every period; of what is not there, 404."""
    place = session.connection, session.workspace_id
    if call is not None:
        await call_entries(session, call)
    if subject is not None:
        await certificate_of(*place, subject)
    named = [one for one in (subject, call) if one is not None]
    return {
        "is_held": bool(await in_the_way(*place, session.workspace_id, *named)),
        "is_restricted": await is_restricted(*place, *named),
    }
