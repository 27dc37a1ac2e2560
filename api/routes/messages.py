"""The message log: pages of text messages by filter, one of them, and its history."""

from itertools import chain
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from adapters.event_store.history import read_stream
from adapters.event_store.values import references
from api.contract import WITH_KEY, answers
from api.cursors import read_cursor, write_cursor
from api.etag import answer
from api.numbers import with_number
from api.parameters import Cursor, Limit, MomentParameter, Number, Question
from api.parties import Readings, open_all, party
from api.routes.history import entry_detail
from api.schemas_history import History
from api.schemas_messages import MessageDetail, MessagePage
from api.security import MessageReader
from domain.text_messages.words import MessageDirection, MessageStatus
from projections.message_log.read import MessageRow, MessageSort, find_messages, read_message
from projections.paging import page

ROUTER: Final = APIRouter(prefix="/v1/workspaces/{workspace_id}/messages", tags=["messages"])
_ROLES: Final = ("sender", "recipient")
_MOST: Final = 2**31 - 1


class MessageQuestion(Question):
    """Which messages, in which order."""

    of = "messages"

    recorded_after: Annotated[
        MomentParameter | None,
        Query(description="First heard of at this time or later (RFC 3339 with an offset)."),
    ] = None
    recorded_before: Annotated[
        MomentParameter | None, Query(description="First heard of before this time.")
    ] = None
    number: Annotated[Number | None, Query()] = None
    direction: MessageDirection | None = None
    status: MessageStatus | None = None
    error_code: Annotated[int | None, Query(ge=0, le=_MOST)] = None
    sort: MessageSort = MessageSort.newest
    limit: Limit = 50
    cursor: Cursor = None


@ROUTER.get(
    "",
    operation_id="listMessages",
    summary="List text messages",
    responses=answers(MessagePage, "A page of messages.", "invalid-cursor", *WITH_KEY),
)
async def list_messages(
    request: Request, session: MessageReader, question: Annotated[MessageQuestion, Query()]
) -> Response:
    """The message log, page by page: parties, times and delivery. Needs `messages:read`.

    The filter `number` needs the scope `values:open`; a number that nobody living has finds none.
    """
    after = read_cursor(session.key, question.text, question.cursor)
    filters = await with_number(session, question.number, question.filters())
    rows: list[MessageRow] = []
    if filters is not None:
        rows = await find_messages(
            session.connection,
            session.workspace_id,
            filters,
            sort=question.sort,
            limit=question.limit + 1,
            after=after,
        )
    shown, end = page(rows, question.limit)
    places = chain.from_iterable([row.reference(role) for role in _ROLES] for row in shown)
    readings = await open_all(session, places)
    body = MessagePage(
        data=[_detail(row, readings) for row in shown],
        next_cursor=write_cursor(session.key, question.text, end),
    )
    return answer(request, session.key, body)


@ROUTER.get(
    "/{message_id}",
    operation_id="getMessage",
    summary="Read a text message",
    responses=answers(MessageDetail, "The message.", *WITH_KEY),
)
async def get_message(request: Request, session: MessageReader, message_id: UUID) -> Response:
    """One message: who, when and how far it came. What it says is not kept."""
    row = await read_message(session.connection, session.workspace_id, message_id)
    readings = await open_all(session, (row.reference(role) for role in _ROLES))
    return answer(request, session.key, _detail(row, readings))


@ROUTER.get(
    "/{message_id}/history",
    operation_id="getMessageHistory",
    summary="Read every entry of a text message",
    responses=answers(History, "The entries, in order.", *WITH_KEY),
)
async def get_message_history(
    request: Request, session: MessageReader, message_id: UUID
) -> Response:
    """Every entry: what the provider said of the message, and when we learnt it."""
    await read_message(session.connection, session.workspace_id, message_id)
    entries = await read_stream(session.connection, message_id)
    readings = await open_all(session, (one for entry in entries for one in references(entry)))
    body = History(data=[entry_detail(entry, readings) for entry in entries])
    return answer(request, session.key, body)


def _detail(row: MessageRow, readings: Readings) -> MessageDetail:
    parties = {role: party(row.reference(role), readings) for role in _ROLES}
    return MessageDetail.model_validate(row._asdict() | {"id": row.message_id} | parties)
