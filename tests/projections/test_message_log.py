"""The message log: the same however it is built, and nothing in it that names anybody."""

import asyncio
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

from cells import Home, asynchronous, new_cell, new_workspace
from twilio_forms import CALLEE, CALLER
from views import catch_up, rebuilt, rows_of

from adapters.event_store.requests import Request
from adapters.postgres.embedded import Urls
from adapters.twilio.forms import Fields, Form
from adapters.twilio.messages import read_message
from domain.messages import Context
from domain.text_messages.text_message import TEXT_MESSAGE
from domain.text_messages.words import MessageStatus
from projections.message_log.read import MessageSort, find_messages
from projections.message_log.view import MESSAGE_LOG
from projections.paging import page

NUMBERS: Final = (("From", CALLER), ("To", CALLEE))


def form(number: int, status: str = "sent", *more: tuple[str, str]) -> Fields:
    """A callback of the n-th message."""
    return [("MessageSid", f"SM{number:032x}"), ("MessageStatus", status), *more]


async def hear(home: Home, *forms: Fields) -> None:
    """Handle these callbacks, all at once."""
    workspace, writer = home.address.workspace_id, home.cell.writer
    told = (read_message(workspace, Form(one)) for one in forms)
    await asyncio.gather(
        *(
            writer.handle(
                Request(workspace, message, TEXT_MESSAGE, command, Context("twilio", uuid4()))
            )
            for message, command in told
        )
    )


async def ids(home: Home, **filters: object) -> list[UUID]:
    """The messages that pass the filters, the oldest first."""
    workspace = home.address.workspace_id
    async with home.cell.scoped(workspace) as connection:
        found = await find_messages(connection, workspace, filters, sort=MessageSort.oldest)
    return [row.message_id for row in found]


@asynchronous
async def test_a_rebuild_comes_to_the_same(postgres: Urls, tmp_path: Path) -> None:
    """Over messages in every state, told in bits, in any order, with their parties erased."""
    async with new_cell(postgres, tmp_path) as home:
        await hear(home, *(form(n, status) for n, status in enumerate(MessageStatus)))
        await catch_up(home, MESSAGE_LOG)
        await hear(home, *(form(n, "sent", *NUMBERS, ("NumMedia", "1")) for n in range(6)))
        await home.erase_number(CALLER)
        await catch_up(home, MESSAGE_LOG)
        rows = await rows_of(home, MESSAGE_LOG)
        assert len(rows) == len(MessageStatus)
        assert (await rebuilt(home, MESSAGE_LOG)).is_equal
        assert await rows_of(home, MESSAGE_LOG) == rows


@asynchronous
async def test_pages_and_filters(postgres: Urls, tmp_path: Path) -> None:
    """One page goes on where the last one ended; a workspace sees its own."""
    async with new_cell(postgres, tmp_path) as home:
        for number in range(5):
            await hear(home, form(number, "failed" if number == 2 else "sent", *NUMBERS))
        await catch_up(home, MESSAGE_LOG)
        everything = await ids(home)
        assert len(everything) == 5
        assert await ids(home, status="failed") == [everything[2]]
        assert await ids(home, direction="inbound") == []
        workspace = home.address.workspace_id
        found, after = [], None
        while True:
            async with home.cell.scoped(workspace) as connection:
                rows = await find_messages(connection, workspace, {}, limit=3, after=after)
            shown, after = page(rows, 2)
            found += [row.message_id for row in shown]
            if after is None:
                break
        assert found == everything[::-1]
        assert await ids(await new_workspace(home)) == []
