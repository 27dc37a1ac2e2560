"""The call log: pages of calls by filter."""

from itertools import chain
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.contract import WITH_KEY, answers
from api.cursors import read_cursor, write_cursor
from api.etag import answer
from api.numbers import with_number
from api.parameters import CallQuestion
from api.parties import open_all, party
from api.schemas import CallPage, CallSummary, Party
from api.security import CallReader
from projections.call_log.read import CallRow, find_calls
from projections.paging import page

ROUTER: Final = APIRouter(prefix="/v1/workspaces/{workspace_id}/calls", tags=["calls"])


@ROUTER.get(
    "",
    operation_id="listCalls",
    summary="List calls",
    responses=answers(CallPage, "A page of calls.", "invalid-cursor", *WITH_KEY),
)
async def list_calls(
    request: Request, session: CallReader, question: Annotated[CallQuestion, Query()]
) -> Response:
    """The call log, page by page.

    A page goes on where the last one ended, whatever came in meanwhile. The filter `number`
    needs the scope `values:open`; a number that nobody living has finds no call.
    """
    after = read_cursor(session.key, question.text, question.cursor)
    filters = await with_number(session, question.number, question.filters())
    rows: list[CallRow] = []
    if filters is not None:
        rows = await find_calls(
            session.connection,
            session.workspace_id,
            filters,
            sort=question.sort,
            limit=question.limit + 1,
            after=after,
        )
    shown, end = page(rows, question.limit)
    places = [(row.reference("caller"), row.reference("callee")) for row in shown]
    readings = await open_all(session, chain.from_iterable(places))
    body = CallPage(
        data=[
            _summary(row, party(caller, readings), party(callee, readings))
            for row, (caller, callee) in zip(shown, places, strict=True)
        ],
        next_cursor=write_cursor(session.key, question.text, end),
    )
    return answer(request, session.key, body)


def _summary(row: CallRow, caller: Party | None, callee: Party | None) -> CallSummary:
    found = row._asdict() | {"id": row.call_id, "caller": caller, "callee": callee}
    return CallSummary.model_validate(found)
