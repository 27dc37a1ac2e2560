"""Twilio's webhooks: verified, kept, and only then acknowledged.

They stand before the application's routes, because finding the way through those would cost a
callback more than all that is done for it. Whoever cannot sign learns nothing: an unknown
workspace and a wrong signature are the same 403. Whatever is genuine is kept, and where it cannot
be understood it becomes a dead letter.
"""

import asyncio
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

import structlog
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from adapters.event_store.requests import Request
from adapters.twilio import twiml
from adapters.twilio.forms import NotUnderstood
from adapters.twilio.signature import SignedRequest, candidate_urls, genuine
from adapters.twilio.streams import read_delivery
from adapters.twilio.webhooks import Webhook, in_campaign
from api import transcribing, understanding
from api.answering import QUESTIONS
from api.credentials import RENEWED_SECONDS, CredentialCache, Known
from api.deployment import Deployment
from api.opting_out import heed
from api.problems import Problem
from api.questions import Asked
from api.transcribing import TRANSCRIPTIONS, Place, keep_transcription, kept_for_later
from api.understanding import told
from domain.dead_letters.dead_letter import DEAD_LETTER, KeepDeadLetter
from domain.errors import NotFound
from domain.messages import Context

ACTOR: Final = "twilio"
PREFIX: Final = "/twilio/"
DURABLE: Final = Response(status_code=204)
log = structlog.get_logger()


class Channel(NamedTuple):
    """What Twilio tells us at one address of each workspace."""

    name: str
    path: str
    """As the log names it."""

    methods: tuple[str, ...]


STATUS: Final = Channel(
    "voice/status", PREFIX + "{workspace_id}/voice/status", ("GET", "HEAD", "POST")
)
"""Where a leg is. Twilio expects no more than that we heard it."""

RECORDED: Final = Channel(
    understanding.RECORDED, PREFIX + "{workspace_id}/voice/recording", ("GET", "HEAD", "POST")
)
"""How far a recording is."""

EVENTS: Final = Channel("events", PREFIX + "{workspace_id}/events", ("POST",))
"""What Event Streams deliver: several events at once, signed by the hash of the body."""

MESSAGE_IN: Final = Channel(
    understanding.MESSAGE_IN, PREFIX + "{workspace_id}/messages/incoming", ("GET", "HEAD", "POST")
)
"""A message came in, and Twilio asks what to answer. We answer nothing."""

MESSAGE_STATUS: Final = Channel(
    understanding.MESSAGE_STATUS,
    PREFIX + "{workspace_id}/messages/status",
    ("GET", "HEAD", "POST"),
)
"""Where a message is."""

TRANSCRIBED: Final = Channel(
    transcribing.TRANSCRIBED,
    PREFIX + "{workspace_id}/voice/transcription",
    ("GET", "HEAD", "POST"),
)
"""What a machine heard, of a call that goes on or of a message."""

INTELLIGENCE: Final = Channel(
    transcribing.INTELLIGENCE, PREFIX + "{workspace_id}/voice/intelligence", ("POST",)
)
"""That a service has a transcript, in JSON that is signed by its hash."""

_CALLS: Final = (STATUS, RECORDED, TRANSCRIBED, INTELLIGENCE)
CHANNELS: Final = {
    channel.name: channel for channel in (*_CALLS, EVENTS, MESSAGE_IN, MESSAGE_STATUS)
} | {name: Channel(name, PREFIX + "{workspace_id}/" + name, ("POST",)) for name in QUESTIONS}


class Admitted(NamedTuple):
    """A genuine webhook and the workspace that it is for."""

    deployment: Deployment
    workspace_id: UUID
    known: Known
    webhook: Webhook
    context: Context
    query: Mapping[str, str]
    """Of the address, as it was set up."""


class Webhooks:
    """Answers what lies under ``/twilio/`` and hands on everything else."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; a webhook's answer means that it is durable."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        channel = _channel(scope)
        body = await _body(receive) if scope["method"] == "POST" else None
        admitted = await _admit(scope, body)
        question, webhook = QUESTIONS.get(channel.name), admitted.webhook
        if question is not None and not (webhook.is_message or webhook.is_transcription):
            document = await question(_asked(admitted))
            await Response(document, media_type="text/xml")(scope, receive, send)
            return
        if channel is EVENTS:
            await _keep_events(admitted)
        elif channel.name in TRANSCRIPTIONS or webhook.is_transcription:
            await _keep_transcription(admitted, channel)
        else:
            request = _request(admitted, channel)
            await admitted.deployment.ledger.handle(request)
            await heed(admitted.deployment.ledger, request)
        await _answer(admitted, channel)(scope, receive, send)


def _channel(scope: Scope) -> Channel:
    """What the path names. It is noted where the log looks for it."""
    workspace, _, name = scope["path"].removeprefix(PREFIX).partition("/")
    channel = CHANNELS.get(name)
    if channel is None or not workspace:
        raise Problem("not-found")
    scope["route"], scope["path_params"] = channel, {"workspace_id": _uuid(workspace)}
    if scope["method"] not in channel.methods:
        raise Problem("method-not-allowed", headers={"Allow": ", ".join(channel.methods)})
    return channel


async def _body(receive: Receive) -> bytes:
    """All of the body, which nearly always comes in one part."""
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


async def _admit(scope: Scope, body: bytes | None) -> Admitted:
    """The webhook, once its signature is seen to hold; a problem for all else."""
    deployment: Deployment = scope["app"].state.deployment
    headers = {name: value.decode("latin-1") for name, value in reversed(scope["headers"])}
    query = scope["query_string"]
    webhook = (
        Webhook.of_query(query)
        if body is None
        else Webhook.of_body(body, headers.get(b"content-type", ""))
    )
    signed = webhook.signed(
        candidate_urls(deployment.public_url, scope["raw_path"], query),
        headers.get(b"x-twilio-signature"),
        headers.get(b"x-twilio-webhooks-signature-settings"),
        is_post=body is not None,
    )
    workspace_id = scope["path_params"]["workspace_id"]
    if workspace_id is None:
        raise Problem("bad-signature")
    known = deployment.credentials.known(workspace_id)
    if known is None or not genuine(signed, known.signing):
        known = await _renewed(deployment.credentials, workspace_id, signed)
    context = Context(ACTOR, scope["state"]["request_id"])
    # Its signature covers what a message says; from here on nobody sees that.
    webhook = webhook.discreet(is_message=scope["route"].name in understanding.MESSAGES)
    return Admitted(deployment, workspace_id, known, webhook, context, _said_in(query))


async def _renewed(
    credentials: CredentialCache, workspace_id: UUID, signed: SignedRequest
) -> Known:
    """The credentials as they are now: not read yet, or changed since, if it is not a forgery."""
    try:
        known = await credentials.get(workspace_id, RENEWED_SECONDS)
    except NotFound:
        raise Problem("bad-signature") from None
    if not genuine(signed, known.signing):
        raise Problem("bad-signature")
    return known


async def _keep_events(admitted: Admitted) -> None:
    """Make every event of a delivery durable. If one cannot be kept Twilio delivers all again."""
    delivered = read_delivery(admitted.workspace_id, admitted.webhook.text)
    requests = [
        _request(admitted._replace(webhook=one.webhook), EVENTS, one.letter_id)
        for one in delivered
    ]
    await asyncio.gather(*map(admitted.deployment.ledger.handle, requests))


def _request(admitted: Admitted, channel: Channel, letter_id: UUID | None = None) -> Request:
    """What the webhook says, as a report of what it speaks of, or as a dead letter."""
    workspace_id, credentials = admitted.workspace_id, admitted.known.credentials
    size = len(admitted.webhook.text)
    try:
        found = told(admitted.webhook, channel.name, workspace_id, credentials.account_sids)
        command = in_campaign(found.command, admitted.query)
        place = workspace_id, found.stream_id, found.decider
        return Request(*place, command, admitted.context, size)
    except NotUnderstood as refusal:
        reason = refusal.code
    return _letter(admitted, channel, reason, letter_id or uuid4())


def _letter(admitted: Admitted, channel: Channel, reason: str, letter_id: UUID) -> Request:
    """A webhook that is not understood, to be kept for whoever understands it later."""
    log.warning("dead_letter.kept", dead_letter_id=letter_id, reason=reason)
    webhook, context = admitted.webhook, admitted.context
    letter = KeepDeadLetter(channel=channel.name, reason=reason, callback=webhook.kept(None))
    size = len(webhook.text)
    return Request(admitted.workspace_id, letter_id, DEAD_LETTER, letter, context, size)


async def _keep_transcription(admitted: Admitted, channel: Channel) -> None:
    """Make durable what a machine heard, but for what it may hear differently in a moment."""
    webhook, ledger = admitted.webhook, admitted.deployment.ledger
    if webhook.is_partial:
        return
    account_sids = admitted.known.credentials.account_sids
    place = Place(ledger, admitted.workspace_id, account_sids, channel.name)
    try:
        await keep_transcription(place, webhook, admitted.context)
    except NotUnderstood as refusal:
        kept = admitted._replace(webhook=await kept_for_later(place, webhook))
        await ledger.handle(_letter(kept, channel, refusal.code, uuid4()))


def _answer(admitted: Admitted, channel: Channel) -> Response:
    """Nothing to what we are told, and nothing to a message, wherever it came in."""
    if channel is MESSAGE_IN or (channel.name in QUESTIONS and admitted.webhook.is_message):
        return Response(twiml.no_reply(), media_type="text/xml")
    return DURABLE


def _said_in(query: bytes) -> Mapping[str, str]:
    """What an address says, as it was set up or as we wrote it."""
    return dict(parse_qsl(query.decode("latin-1"))) if query else {}


def _asked(admitted: Admitted) -> Asked:
    """The question, with what we wrote into its address."""
    return Asked(
        admitted.deployment,
        admitted.workspace_id,
        admitted.known.credentials,
        admitted.webhook,
        admitted.context,
        admitted.query,
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
