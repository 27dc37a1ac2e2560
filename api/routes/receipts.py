"""What an erasure would take, the signed receipt of what it took, and the key to check that."""

from typing import Final
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.contract import WITH_KEY, answers
from api.deployment import deployment_of
from api.etag import answer, answer_text
from api.receipts import issue_receipt, last_receipt
from api.schemas_receipts import ErasurePreview, ErasureReceipt, ReceiptKeys
from api.security import CallReader, Eraser
from projections.receipts.preview import preview

ROUTER: Final = APIRouter(tags=["subjects"])
_OF_SUBJECT: Final = "/v1/workspaces/{workspace_id}/subjects/{subject_id}/erasure"


@ROUTER.get(
    _OF_SUBJECT + "/preview",
    operation_id="previewErasure",
    summary="See what an erasure would take",
    responses=answers(ErasurePreview, "What would go, and what would stay.", *WITH_KEY),
)
async def preview_erasure(request: Request, session: CallReader, subject_id: UUID) -> Response:
    """What the erasure of a subject would take from every store by now. It takes nothing."""
    found = await preview(session.connection, session.workspace_id, subject_id)
    return answer(request, session.key, ErasurePreview.model_validate(found))


@ROUTER.post(
    _OF_SUBJECT + "/receipt",
    operation_id="issueErasureReceipt",
    summary="Have a receipt issued",
    responses=answers(ErasureReceipt, "The receipt.", *WITH_KEY, "refused", tagged=False),
)
async def issue(caller: Eraser, subject_id: UUID) -> Response:
    """A signed receipt of what every store says now; the last one, where that is the same.

    Refused as `not_erased` for a subject who is living. Needs the scope `subjects:erase`.
    """
    deployment = caller.deployment
    text = await issue_receipt(
        deployment.ledger, caller.cell, caller.workspace_id, subject_id, caller.context
    )
    return Response(text, media_type="application/json")


@ROUTER.get(
    _OF_SUBJECT + "/receipt",
    operation_id="getErasureReceipt",
    summary="Read the last receipt",
    responses=answers(ErasureReceipt, "The last one that was issued.", *WITH_KEY),
)
async def get_receipt(request: Request, session: CallReader, subject_id: UUID) -> Response:
    """The last receipt, to the byte as it was signed: it stands in the history."""
    text = await last_receipt(session.connection, session.workspace_id, subject_id)
    return answer_text(request, session.key, text.encode())


@ROUTER.get(
    "/receipts/keys",
    operation_id="getReceiptKeys",
    summary="Read the public keys of receipts",
    responses=answers(ReceiptKeys, "The keys.", tagged=False),
)
async def get_keys(request: Request) -> ReceiptKeys:
    """What receipts are checked with, offline: a JSON Web Key Set. Anybody may have it."""
    return ReceiptKeys(keys=[deployment_of(request).ledger.receipt_key.as_jwk()])
