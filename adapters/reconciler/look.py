"""One look at a day of an account's books: what is missing of its calls is asked of the writer.

Everything goes through the call's own decider, as a callback does, and says nothing new where
nothing is missing. So a look can be broken off anywhere, repeated, and made by two at once.
"""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple, TypeAlias
from uuid import UUID, uuid4

import structlog

from adapters.cell import Cell
from adapters.event_store.history import read_streams
from adapters.event_store.requests import Request
from adapters.reconciler.days import BookDay, Bookmark, Books, close_look, turn_page
from adapters.reconciler.recordings import missing_recordings, read_recordings
from adapters.twilio.books import Booked, read_call, read_requests
from adapters.twilio.client import Resource, RestClient
from adapters.twilio.forms import NotUnderstood
from domain.calls.call import CALL
from domain.calls.commands import CallCommand, PriceLeg
from domain.calls.gaps import is_whole
from domain.calls.state import Call, Leg, Price
from domain.decider import AnyDecider
from domain.messages import Command, Context
from domain.recordings.recording import RECORDING

Missing: TypeAlias = tuple[UUID, CallCommand]
"""A call, and what the books say of a leg of it."""

ACTOR: Final = "reconciler"
AT_ONCE: Final = 32
"""How many commands wait at the writer at a time: callbacks must find room there."""

WHOLE_HISTORY: Final = 2**62
log = structlog.get_logger()


class Tally(NamedTuple):
    """What a look came to."""

    pages: int = 0
    legs: int = 0
    entries: int = 0
    """How many the history has more than before."""

    not_understood: int = 0
    recordings: int = 0

    def plus(self, other: "Tally") -> "Tally":
        """Both together."""
        return Tally(*(mine + its for mine, its in zip(self, other, strict=True)))


class Look(NamedTuple):
    """Who looks: at which books, through which client, when, and how closely."""

    cell: Cell
    workspace_id: UUID
    rest: RestClient
    now: datetime
    began_at: datetime
    """Earlier than now where another process began with it."""

    is_thorough: bool
    """Whether the requests of every leg with a gap are read, or only of those without an end."""

    @property
    def books(self) -> Books:
        """The books it looks at."""
        return Books.of(self.workspace_id, self.rest.account_sid)

    async def over(self, day: BookDay, most_pages: int) -> tuple[Tally, bool]:
        """Read the day from where it was left, so many pages at most; whether that was all.

        Raises:
            RestFailed: Twilio did not answer. What was read until then is durable.
            Unavailable: The history cannot be reached, or has too much to do.
        """
        tally, mark = Tally(), Bookmark.read(day.following)
        for _ in range(most_pages):
            found, following = await self._turn(day.day, mark)
            tally, turned = tally.plus(found), mark.turned(following)
            await self._remember(day.day, turned and turned.text)
            if turned is None:
                return tally, True
            mark = turned
        return tally, False

    async def _turn(self, day: date, mark: Bookmark) -> tuple[Tally, str | None]:
        """Read a page and settle what is on it; what comes after it."""
        if mark.is_in_recordings:
            page = await self.rest.recordings_on(day, mark.following)
            return await self._settle_recordings(page.items), page.following
        page = await self.rest.calls_on(day, mark.following)
        return await self._settle(page.items), page.following

    async def _settle(self, resources: Sequence[Resource]) -> Tally:
        """Find what is missing of these legs, and have it written down."""
        legs = list(self._read(resources))
        calls = await self._calls({leg.call_id for leg in legs})
        # One after the other: an account is limited by how much it asks at once.
        missing = [await self._missing(leg, _known(calls, leg)) for leg in legs]
        entries = await self._write(CALL, [commands for commands in missing if commands])
        return Tally(1, len(resources), entries, len(resources) - len(legs))

    async def _settle_recordings(self, resources: Sequence[Resource]) -> Tally:
        """Find which of these we do not have the end of, and have it written down."""
        told = list(read_recordings(self.workspace_id, resources))
        missing = await missing_recordings(self.cell, self.workspace_id, self.rest, told)
        entries = await self._write(RECORDING, [[one] for one in missing])
        return Tally(1, 0, entries, len(resources) - len(told), len(resources))

    def _read(self, resources: Iterable[Resource]) -> Iterator[Booked]:
        for resource in resources:
            try:
                yield read_call(self.workspace_id, resource, self.now)
            except NotUnderstood as refusal:
                log.warning("book.not_understood", reason=refusal.code)

    async def _calls(self, call_ids: Collection[UUID]) -> Mapping[UUID, Call]:
        """The calls as the history has them."""
        async with self.cell.scoped(self.workspace_id) as connection:
            entries = await read_streams(connection, tuple(call_ids), WHOLE_HISTORY)
        found: dict[UUID, Call] = {}
        for entry in entries:
            event: Any = entry.event
            found[entry.stream_id] = CALL.evolve(found.get(entry.stream_id, CALL.initial), event)
        return found

    async def _missing(self, booked: Booked, leg: Leg | None) -> list[Missing]:
        """What the books know of a leg and we do not. One that goes on is left to itself."""
        if not booked.is_settled:
            return []
        found: list[Missing] = []
        if leg is None or leg.course.end is None or (self.is_thorough and not is_whole(leg)):
            told = await self.rest.requests_of(booked.report.provider_id)
            found += read_requests(self.workspace_id, told)
            # Nobody asked to be told of it, or the requests are gone: the books' own short word.
            # Of the answer only then: of requests that are there, none was asked to tell it.
            if booked.answer is not None and not found:
                found.append((booked.call_id, booked.answer))
            found.append((booked.call_id, booked.report))
        if booked.price and (leg is None or leg.price != _price_of(booked.price)):
            found.append((booked.call_id, booked.price))
        return found

    async def _write(
        self, decider: AnyDecider, missing: Sequence[Sequence[tuple[UUID, Command]]]
    ) -> int:
        """Have it written down: of each leg in order, of so many legs at once."""
        context, free = Context(ACTOR, uuid4()), asyncio.Semaphore(AT_ONCE)

        async def write(commands: Sequence[tuple[UUID, Command]]) -> int:
            async with free:
                receipts = [
                    await self.cell.writer.handle(
                        Request(self.workspace_id, stream_id, decider, command, context)
                    )
                    for stream_id, command in commands
                ]
            return sum(len(receipt.events) for receipt in receipts)

        return sum(await asyncio.gather(*(write(commands) for commands in missing)))

    async def _remember(self, day: date, following: str | None) -> None:
        async def remember() -> None:
            async with self.cell.writing.connection() as connection:
                if following is None:
                    await close_look(connection, self.books, day, self.began_at)
                else:
                    await turn_page(connection, self.books, day, following, self.began_at)

        await self.cell.whereabouts.patiently(remember)


def _known(calls: Mapping[UUID, Call], booked: Booked) -> Leg | None:
    """The leg as we know it; one that only its child has told us of is unknown."""
    leg = calls.get(booked.call_id, CALL.initial).legs.get(booked.report.leg_id)
    return leg if leg is not None and leg.is_registered else None


def _price_of(command: PriceLeg) -> Price:
    return Price(command.amount, command.currency)
