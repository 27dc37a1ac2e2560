"""A STOP that came in is heeded before it is acknowledged: its sender objects to marketing."""

from typing import Final

from adapters.event_store.history import read_stream
from adapters.event_store.requests import Request
from adapters.wiring import Ledger
from api.consents import request_of
from domain.messages import Context
from domain.policies.opting_out import objection
from domain.text_messages.commands import ReportMessage
from domain.text_messages.events import MessageEvent
from domain.text_messages.text_message import TEXT_MESSAGE
from domain.text_messages.words import OptOut

ACTOR: Final = "policy:opting_out"


async def heed(ledger: Ledger, told: Request) -> None:
    """Follow what a request that is durable leads to. Twice is as good as once.

    Read from the history rather than from what the request changed: where we were killed between
    the two, the provider tells us again, and the message has nothing new to say.
    """
    if not isinstance(told.command, ReportMessage) or told.command.opt_out is not OptOut.stop:
        return
    cell = await ledger.cell_of(told.workspace_id)
    async with cell.scoped(told.workspace_id) as connection:
        entries = await read_stream(connection, told.stream_id)
    events = (entry.event for entry in entries if isinstance(entry.event, MessageEvent))
    said = objection(TEXT_MESSAGE.fold(events), entries[0].recorded_at)
    if said is not None:
        context = Context(ACTOR, told.context.cause_id)
        await ledger.handle(request_of(told.workspace_id, said, context))
