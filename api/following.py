"""What goes on behind the API: views follow, what was begun is finished, jobs are done."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any, Final

import aiohttp
import structlog

from adapters.cell import Cell
from adapters.twilio.client import rest_session
from adapters.twilio.media import Media, media_session
from adapters.wiring import Ledger
from adapters.workspaces.remains import Remains
from api import collector, objecting
from api.objecting import ObjectionRounds
from api.reconciling import work
from api.recording import PAUSE_SECONDS, RecordingRounds
from api.transcript_rounds import TranscriptRounds
from api.withdrawing import WithdrawalRounds
from projections.call_log.view import CALL_LOG
from projections.consents.view import CONSENT_REGISTER
from projections.follower import Follower
from projections.message_log.view import MESSAGE_LOG
from projections.objections.view import OBJECTIONS
from projections.projection import Projection
from projections.provider_copies.view import PROVIDER_COPIES
from projections.recordings.view import RECORDINGS
from projections.transcriptions.view import TRANSCRIPTIONS
from projections.withdrawals.view import WITHDRAWALS

VIEWS: Final = MappingProxyType[str, Projection[Any]](
    {
        view.name: view
        for view in (
            CALL_LOG,
            CONSENT_REGISTER,
            RECORDINGS,
            MESSAGE_LOG,
            PROVIDER_COPIES,
            OBJECTIONS,
            TRANSCRIPTIONS,
            WITHDRAWALS,
        )
    }
)
"""Every view that is kept, by name."""

SWEEP_SECONDS: Final = 30.0
log = structlog.get_logger()


@asynccontextmanager
async def following(
    ledger: Ledger, pause: float = PAUSE_SECONDS, sweep_pause: float = SWEEP_SECONDS
) -> AsyncIterator[None]:
    """Keep every view of every cell up to date, finish what was begun, do jobs, until left.

    Recordings are looked at every ``pause`` seconds, objections to them at least every second,
    and what is due or over every ``sweep_pause``.
    Each outlives what breaks it and says so in the log; the callbacks are taken in any case.
    """
    collector.settle()
    async with media_session() as session, rest_session() as asking, asyncio.TaskGroup() as group:
        media = Media(session, ledger.settings.twilio_api_url)
        tasks = [
            group.create_task(_follow_each(ledger, media, asking, pause, sweep_pause)),
            group.create_task(work(ledger)),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


async def _follow_each(
    ledger: Ledger, media: Media, asking: aiohttp.ClientSession, pause: float, sweep_pause: float
) -> None:
    """Follow every cell, also those that are made later."""
    clock, standin = ledger.clock, ledger.settings.twilio_api_url
    async with asyncio.TaskGroup() as group:
        async for cell in ledger.cells.each():
            for view in VIEWS.values():
                group.create_task(Follower(cell.follow, view).run())
            group.create_task(sweep(cell, ledger, sweep_pause))
            objections = ObjectionRounds(cell, asking, clock, standin)
            group.create_task(objections.run(min(pause, objecting.PAUSE_SECONDS)))
            rounds = RecordingRounds(cell, ledger.objects, media, clock)
            group.create_task(rounds.run(pause))
            transcripts = TranscriptRounds(cell, asking, clock, standin)
            group.create_task(transcripts.run(pause))


async def sweep(cell: Cell, ledger: Ledger, pause: float) -> None:
    """Again and again: delete what erasures left, end the workspaces whose day has come.

    What rested on a withdrawn consent is forbidden. Then whatever has come to the end of its
    period goes, and all that an ended workspace had.
    """

    async def erase() -> None:
        await cell.gate.settle()
        await cell.erasures.finish()

    remains = Remains(cell, ledger.objects, ledger.clock)
    withdrawals = WithdrawalRounds(cell, ledger.clock)
    duties: dict[str, Callable[[], Awaitable[object]]] = {
        "erasures": erase,
        "withdrawals": withdrawals.go_round,
        "closures": cell.closures.finish,
        "expiries": cell.expiries.finish,
        "remains": remains.finish,
        "accesses": cell.access_expiry.finish,
    }
    while True:
        for name, finish in duties.items():
            try:
                await finish()
            except Exception:
                log.exception("duty.unfinished", duty=name, cell=cell.name)
        await asyncio.sleep(pause)
