"""The transcriptions' view: which are due, and a call's; the same however it is built."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

from cells import Home, asynchronous, new_cell, new_workspace
from msgspec import structs
from transcripts import CALL, PROVENANCE, heard, told
from views import catch_up, rebuilt, rows_of

from adapters.event_store.requests import Request
from adapters.postgres.embedded import Urls
from domain.identifiers import transcription_id
from domain.messages import Context
from domain.transcriptions.commands import FailTranscriptFetch, TranscriptionCommand
from domain.transcriptions.transcription import TRANSCRIPTION
from domain.transcriptions.words import FetchFailure, TranscriptionStatus
from projections.transcriptions.read import due, streams_of_call
from projections.transcriptions.view import TRANSCRIPTIONS

NOWHERE: Final = structs.replace(PROVENANCE, call_id=None, leg_id=None)
AVAILABLE: Final = told(TranscriptionStatus.available, provenance=NOWHERE)
FAILED: Final = FailTranscriptFetch(attempt=1, reason=FetchFailure.not_there, is_final=False)


def stream(home: Home, number: int) -> UUID:
    """The n-th transcription."""
    return transcription_id(home.address.workspace_id, "test", str(number))


async def tell(home: Home, number: int, *commands: TranscriptionCommand) -> None:
    """Tell the n-th transcription this, all at once."""
    place = home.address.workspace_id, stream(home, number)
    context = Context("twilio", uuid4())
    await asyncio.gather(
        *(
            home.cell.writer.handle(Request(*place, TRANSCRIPTION, one, context))
            for one in commands
        )
    )


async def due_now(home: Home, first_pause: timedelta = timedelta(0)) -> list[UUID]:
    """What is to be fetched, by the view as it should be by now."""
    await catch_up(home, TRANSCRIPTIONS)
    async with await home.cell.follow() as connection:
        return [place.transcription_id for place in await due(connection, first_pause)]


@asynchronous
async def test_what_is_due_and_what_a_call_has(postgres: Urls, tmp_path: Path) -> None:
    """Due until it is there, a while after each failure; a call's once it is known whose it is."""
    async with new_cell(postgres, tmp_path) as home:
        await tell(home, 1, AVAILABLE)
        await tell(home, 2, AVAILABLE, FAILED)
        await tell(home, 3, AVAILABLE, structs.replace(FAILED, is_final=True))
        await tell(home, 4, heard(1))
        assert await due_now(home) == [stream(home, 1), stream(home, 2)]
        assert await due_now(home, timedelta(hours=1)) == [stream(home, 1)]
        await tell(home, 1, heard(0), told(TranscriptionStatus.completed))
        assert await due_now(home) == [stream(home, 2)]
        for one, expected in (
            (home, [stream(home, 1), stream(home, 4)]),
            (await new_workspace(home), []),
        ):
            workspace = one.address.workspace_id
            async with one.cell.scoped(workspace) as connection:
                found = await streams_of_call(connection, workspace, CALL)
            assert list(found) == expected
        rows = await rows_of(home, TRANSCRIPTIONS)
        assert len(rows) == 4
        assert (await rebuilt(home, TRANSCRIPTIONS)).is_equal
        assert await rows_of(home, TRANSCRIPTIONS) == rows
