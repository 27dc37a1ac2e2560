"""Twilio's voice webhooks: verified, kept, and only then acknowledged.

Whoever cannot sign learns nothing: an unknown workspace and a wrong signature are the same
403. Whatever is genuine is kept, and where it cannot be understood it becomes a dead letter.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid4

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.event_store import requests
from adapters.twilio import twiml
from adapters.twilio.forms import NotUnderstood
from adapters.twilio.signature import candidate_urls, genuine
from adapters.twilio.webhooks import Webhook
from api.credentials import RENEWED_SECONDS, Known
from api.deployment import Deployment, deployment_of
from api.problems import Problem
from domain.calls.call import CALL
from domain.calls.words import Step
from domain.dead_letters.dead_letter import DEAD_LETTER, KeepDeadLetter
from domain.errors import NotFound
from domain.messages import Context

ACTOR: Final = "twilio"
STATUS: Final = "voice/status"
INCOMING: Final = "voice/incoming"
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Admitted:
    """A genuine webhook and the workspace that it is for."""

    deployment: Deployment
    workspace_id: UUID
    known: Known
    webhook: Webhook
    context: Context


async def status(request: Request) -> Response:
    """A leg's status. 204 means that it is durable."""
    admitted = await _admit(request)
    await _keep(admitted, STATUS, step=None)
    return Response(status_code=204)


async def incoming(request: Request) -> Response:
    """A call comes in: it is registered, and put through to the workspace's number.

    A request that is genuine but cannot be understood is put through as well: that our ledger
    does not understand it is no reason for a caller to reach nobody.
    """
    admitted = await _admit(request)
    target = admitted.known.credentials.dial_target
    await _keep(admitted, INCOMING, step=Step.dial if target else Step.reject)
    if target is None:
        return Response(twiml.not_in_service(), media_type="text/xml")
    status_callback = f"{admitted.deployment.public_url}/twilio/{admitted.workspace_id}/{STATUS}"
    return Response(twiml.dial(target, status_callback=status_callback), media_type="text/xml")


ROUTES: Final = [
    Route(f"/{{workspace_id}}/{STATUS}", status, methods=["GET", "POST"]),
    Route(f"/{{workspace_id}}/{INCOMING}", incoming, methods=["POST"]),
]


async def _admit(request: Request) -> Admitted:
    """The webhook, once its signature is seen to hold; a problem for all else."""
    deployment = deployment_of(request)
    is_post = request.method == "POST"
    body = await request.body() if is_post else b""
    query: bytes = request.scope["query_string"]
    webhook = (
        Webhook.of_body(body, request.headers.get("content-type", ""))
        if is_post
        else Webhook.of_query(query)
    )
    signed = webhook.signed(
        candidate_urls(deployment.public_url, request.scope["raw_path"], query),
        request.headers.get("x-twilio-signature"),
        request.headers.get("x-twilio-webhooks-signature-settings"),
        is_post=is_post,
    )
    try:
        workspace_id = UUID(request.path_params["workspace_id"])
        known = await deployment.credentials.get(workspace_id)
        if not genuine(signed, known.signing):
            known = await deployment.credentials.get(workspace_id, RENEWED_SECONDS)
    except (ValueError, NotFound):
        raise Problem("bad-signature") from None
    if not genuine(signed, known.signing):
        raise Problem("bad-signature")
    context = Context(ACTOR, request.state.request_id)
    return Admitted(deployment, workspace_id, known, webhook, context)


async def _keep(admitted: Admitted, channel: str, step: Step | None) -> None:
    """Make what the webhook says durable, as a report of a call or as a dead letter."""
    workspace_id, webhook = admitted.workspace_id, admitted.webhook
    account_sids = admitted.known.credentials.account_sids
    try:
        call_id, command = webhook.understand(workspace_id, account_sids, step=step)
        size = len(webhook.text)
        request = requests.Request(workspace_id, call_id, CALL, command, admitted.context, size)
    except NotUnderstood as refusal:
        request = _dead_letter(admitted, channel, refusal.code, step)
    await admitted.deployment.ledger.handle(request)


def _dead_letter(
    admitted: Admitted, channel: str, reason: str, step: Step | None
) -> requests.Request:
    letter_id = uuid4()
    log.warning("dead_letter.kept", dead_letter_id=str(letter_id), reason=reason)
    command = KeepDeadLetter(channel=channel, reason=reason, callback=admitted.webhook.kept(step))
    size = len(admitted.webhook.text)
    return requests.Request(
        admitted.workspace_id, letter_id, DEAD_LETTER, command, admitted.context, size
    )
