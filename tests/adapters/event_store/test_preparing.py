"""From what waits to a batch, also where something is missing or has to be taken out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from cells import Home, asynchronous, new_cell
from neighbour import number_of
from twilio_forms import Form, call_sid, incoming_form, leg_callbacks

from adapters.event_store.appending import append
from adapters.event_store.batch import Batch
from adapters.event_store.lines import Lines
from adapters.event_store.preparing import Preparing
from adapters.event_store.requests import Waiting
from adapters.postgres.embedded import Urls


class Desk(NamedTuple):
    """Prepares batches for a cell and appends them, one by one."""

    home: Home
    lines: Lines
    preparing: Preparing

    async def prepare(self, *forms: Form) -> Batch:
        """All of these decided together."""
        loop = asyncio.get_running_loop()
        requests = [self.home.address.request(form) for form in forms]
        waiting = [Waiting(request, loop.create_future()) for request in requests]
        batch, rest = await self.preparing.prepare(waiting)
        assert (len(batch.decided), rest) == (len(forms), ())
        return batch

    async def append(self, batch: Batch) -> None:
        """Make it durable."""
        await append(await self.lines.appending(), batch.parameters())


@asynccontextmanager
async def _desk(urls: Urls, tmp_path: Path) -> AsyncIterator[Desk]:
    async with new_cell(urls, tmp_path) as home:
        lines = Lines(lambda: home.cell.whereabouts.connect("ringledger_writer"))
        preparing = Preparing(lines, home.cell.keyring, lambda: datetime.now(UTC))
        try:
            yield Desk(home, lines, preparing)
        finally:
            await lines.close()


@asynchronous
async def test_who_is_new_on_a_stream_that_is_known_is_asked_for_in_between(
    postgres: Urls, tmp_path: Path
) -> None:
    """The batch then goes on: whom the cell has is found, whom it has not is brought."""
    known, new = number_of(1), number_of(2)
    async with _desk(postgres, tmp_path) as desk:
        await desk.home.hear(incoming_form(call_sid(9), caller=known))
        subject = await desk.home.subject_of(known)
        first, second = (call_sid(n) for n in (1, 3))
        await desk.append(
            await desk.prepare(
                incoming_form(first, caller="anonymous"), incoming_form(second, caller="anonymous")
            )
        )
        children = [
            leg_callbacks(call_sid(number), parent=root, direction="outbound-dial", callee=callee)
            for root, number, callee in ((first, 2, known), (second, 4, new))
        ]
        dialled = [statuses[0] for statuses in children]
        await desk.append(await desk.prepare(*dialled))
        assert await desk.home.subject_of(known) == subject
        assert await desk.home.subject_of(new) is not None


@asynchronous
async def test_the_values_of_a_batch_keep_their_entries_when_others_are_taken_out(
    postgres: Urls, tmp_path: Path
) -> None:
    """Each is stored with the entry that it was sealed for, and opens there."""
    async with _desk(postgres, tmp_path) as desk:
        batch = await desk.prepare(*(incoming_form(call_sid(number)) for number in range(3)))
        taken, *left = [one.receipt.stream_id for one in batch.decided]
        assert len(batch.take_out({taken})) == 1
        await desk.append(batch)
        for readings in await desk.home.read(left):
            assert len(readings) == 3
            assert {reading.state for reading in readings.values()} == {"value"}
        assert await desk.home.stream(taken) == []
