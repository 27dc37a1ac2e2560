"""Dead letters: seen without what they say, and understood again."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from adapters.event_store import requests
from adapters.event_store.values import open_values
from adapters.twilio.forms import NotUnderstood
from adapters.twilio.webhooks import Webhook, reopened
from api.contract import WITH_KEY, answers
from api.cursors import read_cursor, write_cursor
from api.etag import answer
from api.opting_out import heed
from api.parameters import Cursor, Limit
from api.problems import Problem
from api.schemas_dead_letters import DeadLetter, DeadLetterPage, Replayed
from api.security import Caller, CallReader, Replayer
from api.transcribing import TRANSCRIPTIONS, Place, keep_transcription
from api.understanding import told
from domain.calls.words import Step
from domain.dead_letters.dead_letter import DEAD_LETTER, CloseDeadLetter
from domain.messages import Context
from domain.personal_data import Reading
from projections.dead_letters.read import (
    DeadLetterRow,
    SealedLetter,
    find_dead_letters,
    read_dead_letter,
)
from projections.paging import page

ROUTER: Final = APIRouter(
    prefix="/v1/workspaces/{workspace_id}/dead-letters", tags=["dead letters"]
)
_QUESTION: Final = b"dead letters"


@ROUTER.get(
    "",
    operation_id="listDeadLetters",
    summary="List dead letters",
    responses=answers(DeadLetterPage, "A page of dead letters.", "invalid-cursor", *WITH_KEY),
)
async def list_dead_letters(
    request: Request, session: CallReader, limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """Genuine callbacks that could not be understood, the newest first."""
    after = read_cursor(session.key, _QUESTION, cursor)
    rows: Sequence[DeadLetterRow] = await find_dead_letters(
        session.connection, session.workspace_id, limit=limit + 1, after=after
    )
    shown, end = page(rows, limit)
    body = DeadLetterPage(
        data=[_letter(row) for row in shown],
        next_cursor=write_cursor(session.key, _QUESTION, end),
    )
    return answer(request, session.key, body)


@ROUTER.post(
    "/{letter_id}/replay",
    operation_id="replayDeadLetter",
    summary="Read a dead letter again",
    responses=answers(
        Replayed,
        "It was understood, now or before.",
        "dead-letter-not-understood",
        "value-gone",
        *WITH_KEY,
        tagged=False,
    ),
)
async def replay_dead_letter(caller: Replayer, letter_id: UUID) -> Response:
    """Try again to understand a dead letter. Needs the scope `values:open`.

    Understood, it is told to the call that it speaks of and closed; twice is as good as once.
    """
    letter, reading = await _read(caller, letter_id)
    if reading.value is None:
        raise Problem("value-gone", state=reading.state)
    known = await caller.deployment.credentials.get(caller.workspace_id)
    because = Context(caller.principal.actor, letter_id)
    webhook, step = reopened(reading.value)
    account_sids = known.credentials.account_sids
    ledger, workspace_id = caller.deployment.ledger, caller.workspace_id
    place = Place(ledger, workspace_id, account_sids, letter.channel)
    try:
        call_id = await _tell(place, webhook, step, because)
    except NotUnderstood as refusal:
        raise Problem("dead-letter-not-understood", code=refusal.code) from None
    await ledger.handle(
        requests.Request(workspace_id, letter_id, DEAD_LETTER, CloseDeadLetter(), caller.context)
    )
    body = Replayed(dead_letter_id=letter_id, call_id=call_id)
    return Response(body.model_dump_json(), media_type="application/json")


async def _tell(
    place: Place, webhook: Webhook, step: Step | None, because: Context
) -> UUID | None:
    """Make durable what a webhook says; the call that it speaks of, if it speaks of one."""
    if place.channel in TRANSCRIPTIONS or webhook.is_transcription:
        return await keep_transcription(place, webhook, because)
    found = told(webhook, place.channel, place.workspace_id, place.account_sids, step)
    request = requests.Request(place.workspace_id, *found[:3], because)
    await place.ledger.handle(request)
    await heed(place.ledger, request)
    return found.call_id


async def _read(caller: Caller, letter_id: UUID) -> tuple[SealedLetter, Reading]:
    async with caller.cell.scoped(caller.workspace_id) as connection:
        letter = await read_dead_letter(connection, caller.workspace_id, letter_id)
        key = await caller.cell.workspace_key(connection, caller.workspace_id)
        (reading,) = await open_values(connection, key, [letter.callback], caller.access())
    return letter, reading


def _letter(row: DeadLetterRow) -> DeadLetter:
    return DeadLetter(
        id=row.letter_id,
        channel=row.channel,
        reason=row.reason,
        position=row.position,
        recorded_at=row.recorded_at,
        replayed_at=row.replayed_at,
    )
