"""Goes on with a deletion at the provider, as far as the provider lets it.

Each answer is durable before the next request. Killed anywhere, it goes on where the history
stands: a request that was carried out and whose answer was lost is made again, and Twilio answers
that there is nothing (404), which is as good an evidence as the first answer would have been. It
answers so only to who logs in: another account's and another region's keys are refused before.
"""

from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid4

import aiohttp

from adapters.cell import Cell
from adapters.event_store.history import read_stream
from adapters.event_store.requests import Request
from adapters.event_store.standing import in_the_way
from adapters.event_store.writer import Clock
from adapters.provider_copies.asking import ACTOR
from adapters.provider_copies.conferences import met
from adapters.twilio.callbacks import PROVIDER
from adapters.twilio.client import RestFailed
from adapters.twilio.holdings import Holdings, holdings_of
from adapters.workspaces.credentials import read_credentials
from domain.decider import AnyDecider
from domain.errors import Refused
from domain.identifiers import recording_id
from domain.messages import Command, Context, Entry
from domain.provider_copies.commands import ConfirmCopy, FailLook, RefuseCopy, TellCopies
from domain.provider_copies.copies import PROVIDER_COPIES
from domain.provider_copies.events import CopiesEvent
from domain.provider_copies.residuals import METADATA
from domain.provider_copies.state import Copies, Deletion
from domain.provider_copies.words import CopyKind
from domain.recordings.commands import AskDeletion, ConfirmDeletion
from domain.recordings.recording import RECORDING

NOT_OVER: Final = 200
"""The status of a look that told all there is by now: the call goes on, and there may be more."""


class Deleter(NamedTuple):
    """Deletes what the provider holds of one cell's workspaces."""

    cell: Cell
    session: aiohttp.ClientSession
    standin: str | None
    """Where to ask instead of Twilio."""

    clock: Clock

    async def go_on(self, workspace_id: UUID, copies_id: UUID) -> Copies:
        """Do what can be done by now, where no hold is in the way; what that came to.

        Raises:
            NotFound: There is no such workspace in the cell.
            Unavailable: The history cannot be reached, or has too much to do.
        """
        async with self.cell.scoped(workspace_id) as connection:
            copies = folded(await read_stream(connection, copies_id))
            key = await self.cell.workspace_key(connection, workspace_id)
            credentials = await read_credentials(connection, key)
            there = await met(connection, workspace_id, copies.of)
            reached = *copies.parties, *([copies.of] if copies.of else []), *there.others
            holds = await in_the_way(connection, workspace_id, *reached, workspace_id)
        if not copies.asked_for or copies.is_done or holds:
            return copies
        work = _Work(self, workspace_id, copies_id, copies, there.conferences)
        await work.go_on(holdings_of(self.session, credentials, self.standin))
        return work.copies


class _Work:
    """One deletion under way."""

    def __init__(
        self,
        deleter: Deleter,
        workspace_id: UUID,
        copies_id: UUID,
        copies: Copies,
        conferences: Collection[str],
    ) -> None:
        self._deleter = deleter
        self._workspace_id = workspace_id
        self._copies_id = copies_id
        self._conferences = conferences
        self.copies = copies

    async def go_on(self, holdings: Holdings) -> None:
        """Look, then delete rank by rank; what is refused holds up what comes after its rank."""
        if not self.copies.is_looked_at:
            await self._look(holdings)
        if not self.copies.is_looked_at:
            return
        tried = set[str]()
        while due := self._due(tried):
            tried.add(due.copy.provider_id)
            await self._delete(holdings, due)

    def _due(self, tried: set[str]) -> Deletion | None:
        """The next copy whose turn it is and that was not tried just now."""
        left, now = self.copies.left, self._deleter.clock()
        turn = (one for one in left if one.rank == left[0].rank)
        return next(
            (
                one
                for one in turn
                if one.copy.provider_id not in tried and _is_due(one.next_at, now)
            ),
            None,
        )

    async def _look(self, holdings: Holdings) -> None:
        copies, now = self.copies, self._deleter.clock()
        if not _is_due(copies.look_next_at, now):
            return
        known = copies.deletions.values()
        legs = [one.copy.provider_id for one in known if one.copy.kind is CopyKind.leg]
        status, code = NOT_OVER, None
        try:
            held = await holdings.look(legs, self._conferences)
        except RestFailed as failure:
            status, code = failure.status, failure.code
        else:
            await self._tell(TellCopies(copies=held.copies, is_all=held.is_over))
            if held.is_over:
                return
        attempt = copies.look_attempts + 1
        await self._tell(
            FailLook(attempt=attempt, status=status, error_code=code, occurred_at=now)
        )

    async def _delete(self, holdings: Holdings, deletion: Deletion) -> None:
        copy = deletion.copy
        if copy.kind is CopyKind.recording:
            # From here on nobody fetches it any more.
            await self._tell_recording(copy.provider_id, AskDeletion())
        answer, now = await holdings.delete(copy), self._deleter.clock()
        if not answer.is_gone:
            await self._tell(
                RefuseCopy(
                    provider_id=copy.provider_id,
                    attempt=deletion.attempts + 1,
                    status=answer.status,
                    error_code=answer.code,
                    occurred_at=now,
                )
            )
            return
        if copy.kind is CopyKind.recording:
            gone = ConfirmDeletion(residual_until=(now + METADATA).date(), occurred_at=now)
            await self._tell_recording(copy.provider_id, gone)
        await self._tell(
            ConfirmCopy(provider_id=copy.provider_id, status=answer.status, occurred_at=now)
        )

    async def _tell(self, command: Command) -> None:
        self.copies = PROVIDER_COPIES.fold(
            await self._handle(self._copies_id, PROVIDER_COPIES, command), self.copies
        )

    async def _tell_recording(self, provider_id: str, command: Command) -> None:
        """Tell the recording too, unless we never heard of it, or never that it is complete."""
        place = recording_id(self._workspace_id, PROVIDER, provider_id)
        with suppress(Refused):
            await self._handle(place, RECORDING, command)

    async def _handle(
        self, stream_id: UUID, decider: AnyDecider, command: Command
    ) -> Iterable[Any]:
        context = Context(ACTOR, uuid4())
        request = Request(self._workspace_id, stream_id, decider, command, context)
        receipt = await self._deleter.cell.writer.handle(request)
        return receipt.events


def folded(entries: Iterable[Entry]) -> Copies:
    """What a stream tells of a deletion."""
    return PROVIDER_COPIES.fold(e.event for e in entries if isinstance(e.event, CopiesEvent))


def _is_due(next_at: datetime | None, now: datetime) -> bool:
    return next_at is None or next_at <= now
