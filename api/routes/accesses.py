"""Who was given a subject's personal values, when and what for."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import Response

from api.contract import WITH_KEY, answers
from api.cursors import read_cursor, write_cursor
from api.etag import answer
from api.parameters import Cursor, Limit, MomentParameter
from api.schemas_accesses import AccessDetail, AccessPage, AccessView
from api.security import AccessReader
from domain.accesses import AccessPurpose
from projections.accesses.read import AccessFilter, AccessRow, accesses_to
from projections.paging import page
from projections.subjects.read import certificate_of

ROUTER: Final = APIRouter(prefix="/v1/workspaces/{workspace_id}/subjects", tags=["subjects"])


class AccessQuestion(BaseModel):
    """Which accesses, told to whom."""

    model_config = ConfigDict(extra="forbid")

    since: Annotated[MomentParameter | None, Query(description="From this time on.")] = None
    until: Annotated[MomentParameter | None, Query(description="Before this time.")] = None
    purpose: AccessPurpose | None = None
    view: AccessView = AccessView.controller
    limit: Limit = 50
    cursor: Cursor = None

    def text(self, subject_id: UUID) -> bytes:
        """The question without its page: what a cursor belongs to."""
        asked = self.model_dump_json(exclude={"limit", "cursor"})
        return f"accesses to {subject_id} {asked}".encode()


@ROUTER.get(
    "/{subject_id}/access-entries",
    operation_id="listAccessEntries",
    summary="List who was given a subject's personal values",
    responses=answers(AccessPage, "A page of accesses.", "invalid-cursor", *WITH_KEY),
)
async def list_access_entries(
    request: Request,
    session: AccessReader,
    subject_id: UUID,
    question: Annotated[AccessQuestion, Query()],
) -> Response:
    """Every access that is kept, the newest first. Needs the scope `accesses:read`.

    They stay after the subject's erasure, until their own period ends. `view=subject` is what the
    person is told on request.
    """
    connection = session.connection
    await certificate_of(connection, session.workspace_id, subject_id)
    text = question.text(subject_id)
    after = read_cursor(session.key, text, question.cursor)
    filters = AccessFilter(question.since, question.until, question.purpose)
    limit = question.limit + 1
    rows = await accesses_to(connection, subject_id, filters, limit=limit, after=after)
    shown, end = page(rows, question.limit)
    body = AccessPage(
        data=[_detail(row, question.view) for row in shown],
        next_cursor=write_cursor(session.key, text, end),
    )
    return answer(request, session.key, body)


def _detail(row: AccessRow, view: AccessView) -> AccessDetail:
    is_full = view is AccessView.controller
    return AccessDetail(
        accessed_at=row.accessed_at,
        purpose=AccessPurpose(row.purpose),
        reader=row.reader if is_full else None,
        operation=row.operation if is_full else None,
        request_id=row.request_id if is_full else None,
        stream_ids=row.streams if is_full else None,
    )
