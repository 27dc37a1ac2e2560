"""Finding a data subject by number, and erasing one."""

from typing import Final
from uuid import UUID

from fastapi import APIRouter
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response

from adapters.twilio.addresses import lookup_of
from api.contract import WITH_BODY, WITH_KEY, answers
from api.etag import answer
from api.parameters import Number
from api.routes.holds import finish
from api.schemas_subjects import (
    ErasureCertificate,
    ErasureRequest,
    ErasureWaiting,
    RestrictionDetail,
    SubjectDetail,
    SubjectList,
)
from api.security import CallReader, Eraser, Session, ValueReader
from domain.errors import NotFound
from projections.call_log.read import count_calls
from projections.subjects.read import certificate_of, standing_of, subject_of

ROUTER: Final = APIRouter(prefix="/v1/workspaces/{workspace_id}/subjects", tags=["subjects"])


@ROUTER.get(
    "",
    operation_id="findSubjects",
    summary="Find who has a number",
    responses=answers(SubjectList, "The living subject who has it, if any.", *WITH_KEY),
)
async def find_subjects(request: Request, session: ValueReader, number: Number) -> Response:
    """The living subject who has this number: one, or none. Needs the scope `values:open`."""
    lookup = lookup_of(number)
    found: list[SubjectDetail] = []
    if lookup is not None:
        digest = session.key.digest(lookup)
        subject_id = await subject_of(session.connection, session.workspace_id, digest)
        found = [await _detail(session, subject_id)] if subject_id else []
    return answer(request, session.key, SubjectList(data=found))


@ROUTER.get(
    "/{subject_id}",
    operation_id="getSubject",
    summary="Read a subject",
    responses=answers(SubjectDetail, "The subject.", *WITH_KEY),
)
async def get_subject(request: Request, session: CallReader, subject_id: UUID) -> Response:
    """How many calls a subject has, and the certificate of their erasure."""
    return answer(request, session.key, await _detail(session, subject_id))


@ROUTER.post(
    "/{subject_id}/erasure",
    operation_id="eraseSubject",
    summary="Erase a subject",
    responses=answers(
        ErasureCertificate,
        "They are erased, by this request or by an earlier one.",
        "refused",
        *WITH_KEY,
        *WITH_BODY,
        tagged=False,
    )
    | {202: {"model": ErasureWaiting, "description": "It waits for legal holds."}},
)
async def erase_subject(
    caller: Eraser, subject_id: UUID, asked: ErasureRequest | None = None
) -> Response:
    """Destroy the subject's key and lookup (GDPR Art. 17). Needs the scope `subjects:erase`.

    When this is answered no value of the subject opens any more; the sealed boxes themselves are
    deleted right after. Asking twice is as good as once.

    Where a legal hold stands in its way, 202 names it: the erasure is carried out once that is
    released. What a hold on single calls keeps of the subject opens for that hold's purpose only.
    """
    reason = (asked or ErasureRequest()).reason
    await caller.cell.erasures.erase(caller.workspace_id, subject_id, reason, caller.context)
    # In a snapshot of its own: the one in which the key was checked is older than the erasure.
    async with caller.session() as session:
        found = await _detail(session, subject_id)
    background = BackgroundTask(finish, caller.cell)
    body, status = (found.erasure, 200) if found.erasure else (found.erasure_waits, 202)
    if body is None:
        raise NotFound("erasure")
    content = body.model_dump_json()
    return Response(content, status, media_type="application/json", background=background)


async def _detail(session: Session, subject_id: UUID) -> SubjectDetail:
    connection, workspace_id = session.connection, session.workspace_id
    certificate = await certificate_of(connection, workspace_id, subject_id)
    standing = await standing_of(connection, workspace_id, subject_id)
    waiting = standing.waiting
    return SubjectDetail(
        subject_id=subject_id,
        call_count=await count_calls(connection, workspace_id, subject_id),
        erasure=ErasureCertificate.model_validate(certificate) if certificate else None,
        erasure_waits=ErasureWaiting.model_validate(waiting) if waiting else None,
        restriction=RestrictionDetail.model_validate(standing.restriction),
        holds=standing.holds,
    )
