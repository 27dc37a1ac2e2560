"""What a writer reads of the history that others go on with."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from cells import Home, asynchronous, new_cell
from twilio_forms import call_sid, incoming_form, leg_callbacks

from adapters.event_store import learning
from adapters.event_store.appending import APPEND
from adapters.event_store.keyholders import Keyholders
from adapters.event_store.knowledge import Knowledge
from adapters.event_store.learning import learn
from adapters.event_store.requests import Request, Stream
from adapters.event_store.rows import EntryRow, parameters
from adapters.postgres.channel import Channel
from adapters.postgres.embedded import Urls


class Reader(NamedTuple):
    """What a second writer of a cell knows, and how it reads."""

    home: Home
    channel: Channel
    knowledge: Knowledge
    holders: Keyholders

    async def learn(self, *requests: Request) -> None:
        """Read what these need."""
        await learn(self.channel, self.knowledge, self.holders, requests)

    async def meet_others(self) -> None:
        """Find out, as after a batch of our own, how far the history has come."""
        ((position,),) = await self.home.address.sql("SELECT position FROM counter")
        self.knowledge.appended(position, 0)

    def known(self, request: Request) -> Stream | None:
        """What is known of the request's stream."""
        return self.knowledge.streams.get(request.stream_id.int)


@asynccontextmanager
async def _reader(urls: Urls, tmp_path: Path) -> AsyncIterator[Reader]:
    async with new_cell(urls, tmp_path) as home:
        connection = await home.cell.whereabouts.connect("ringledger_writer")
        channel = await Channel.open(connection, learning.STATEMENTS)
        async with home.cell.writing.connection() as owner:
            key = await home.cell.workspace_key(owner, home.address.workspace_id)
        knowledge = Knowledge()
        keys = {home.address.workspace_id: key}
        holders = Keyholders(knowledge, keys, datetime.now(UTC).date())
        try:
            yield Reader(home, channel, knowledge, holders)
        finally:
            await channel.close()


@asynchronous
async def test_a_known_stream_goes_on_with_what_others_appended(
    postgres: Urls, tmp_path: Path
) -> None:
    """It ends as it would if it were read again; what nobody asked for stays unread."""
    sid, elsewhere = call_sid(1), call_sid(2)
    async with _reader(postgres, tmp_path) as reader:
        request = reader.home.address.request(incoming_form(sid))
        other = reader.home.address.request(incoming_form(elsewhere))
        await reader.home.hear(incoming_form(sid))
        await reader.learn(request)
        await reader.home.hear(incoming_form(elsewhere), *leg_callbacks(sid))
        await reader.meet_others()
        assert reader.knowledge.is_behind
        await reader.learn()
        followed = reader.known(request)
        assert reader.known(other) is None
        reader.knowledge.forget()
        await reader.learn(request)
        assert followed is not None
        assert followed == reader.known(request)
        assert followed.version == len(await reader.home.stream(request.stream_id))


@asynchronous
async def test_an_event_of_a_newer_program_is_met_when_its_stream_is_asked_for(
    postgres: Urls, tmp_path: Path
) -> None:
    """Somebody else's stream that we cannot follow is forgotten, and stops no other request."""
    async with _reader(postgres, tmp_path) as reader:
        request = reader.home.address.request(incoming_form(call_sid(1)))
        await reader.home.hear(incoming_form(call_sid(1)))
        await reader.learn(request)
        newer = EntryRow(
            request.workspace_id, request.stream_id, 3, 1, "call.teleported", b'{"event":{}}'
        )
        async with reader.home.cell.writing.connection() as connection:
            await connection.execute(APPEND, parameters(0, datetime.now(UTC), [newer]))
        await reader.meet_others()
        await reader.learn()
        assert reader.known(request) is None
        assert not reader.knowledge.is_behind


@asynchronous
async def test_what_is_known_is_at_least_as_new_as_the_place_that_is_remembered(
    postgres: Urls, tmp_path: Path
) -> None:
    """Whatever others appended after the first look is seen as a gap, before any batch of ours."""
    async with _reader(postgres, tmp_path) as reader:
        await reader.home.hear(incoming_form(call_sid(1)))
        await reader.learn(reader.home.address.request(incoming_form(call_sid(1))))
        assert reader.knowledge.seen == 2
        await reader.home.hear(incoming_form(call_sid(2)))
        await reader.meet_others()
        assert reader.knowledge.gap == (2, 4)
