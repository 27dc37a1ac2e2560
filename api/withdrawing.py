"""Attends to withdrawn consents, behind the API, until nothing is left of what rested on them.

Which they are stands in a view, so that none is forgotten over a restart.
"""

from typing import Final
from uuid import UUID

import structlog

from adapters.cell import Cell
from adapters.event_store.writer import Clock
from adapters.recordings.withdrawals import Withdrawals
from adapters.transcriptions.forgetting import Forgetter
from domain.consents.words import Purpose
from domain.identifiers import consent_id
from projections.withdrawals.read import (
    AT_ONCE,
    Owed,
    owed,
    recordings_with,
    transcriptions_with,
)

_FIRST: Final = UUID(int=0)
log = structlog.get_logger()


class WithdrawalRounds:
    """Goes round the withdrawals of one cell, some at a time: one on hold holds up no other."""

    def __init__(self, cell: Cell, clock: Clock) -> None:
        self._cell = cell
        self._withdrawals = Withdrawals(cell, clock)
        self._forgetter = Forgetter(cell, clock)
        self._after = _FIRST

    async def go_round(self) -> None:
        """Attend to the next of them. One that fails holds up no other."""
        async with await self._cell.follow() as connection:
            found = await owed(connection, self._after)
        self._after = found[-1].consent_id if len(found) == AT_ONCE else _FIRST
        for one in found:
            try:
                await self._attend(one)
            except Exception:
                log.exception("withdrawal.failed", consent_id=str(one.consent_id))

    async def _attend(self, one: Owed) -> None:
        whose = one.workspace_id, one.subject_id
        is_of_texts = one.consent_id == consent_id(*whose, Purpose.transcription)
        async with self._cell.scoped(one.workspace_id) as connection:
            find = transcriptions_with if is_of_texts else recordings_with
            found = await find(connection, *whose)
        await (self._forgetter if is_of_texts else self._withdrawals).attend(*whose, found)
