"""Reconciles a workspace: every open day of each of its accounts, the oldest first."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

import aiohttp

from adapters.cell import Cell
from adapters.event_store.closures import is_closed
from adapters.reconciler.days import BookDay, Books, open_days, read_days
from adapters.reconciler.look import Look, Tally
from adapters.twilio.client import RestClient, clients_of
from adapters.workspaces.credentials import read_credentials

EVERY: Final = timedelta(minutes=50)
"""A day that is open is looked at again after so long; whoever asks hourly finds it due."""

MOST_PAGES: Final = 20
"""So much of one workspace before it is another's turn: some 10,000 legs."""

BOUNDLESS: Final = 2**31


class Reconciled(NamedTuple):
    """What came of it."""

    tally: Tally
    is_done: bool
    """Whether nothing is due any more; else there is more than one turn has room for."""


class Reconciler(NamedTuple):
    """Reconciles the workspaces of one cell."""

    cell: Cell
    session: aiohttp.ClientSession
    standin: str | None
    """Where to ask instead of Twilio."""

    async def workspace(
        self,
        workspace_id: UUID,
        now: datetime,
        *,
        only: date | None = None,
        every: timedelta = EVERY,
        most_pages: int = MOST_PAGES,
    ) -> Reconciled:
        """Look at every day that is due, from where it was left; or closely at all of one.

        Raises:
            NotFound: There is no such workspace in the cell.
            RestFailed: Twilio did not answer. What was read until then is durable.
            Unavailable: The history cannot be reached, or has too much to do.
        """
        tally = Tally()
        most_pages = most_pages if only is None else BOUNDLESS
        for rest in await self._accounts(workspace_id):
            for day in await self._due(Books.of(workspace_id, rest.account_sid), now, only, every):
                began_at = day.began_at or now
                is_thorough = only is not None or began_at >= day.closes_at
                look = Look(self.cell, workspace_id, rest, now, began_at, is_thorough)
                found, is_done = await look.over(day, most_pages - tally.pages)
                tally = tally.plus(found)
                if not is_done or tally.pages >= most_pages:
                    return Reconciled(tally, is_done=False)
        return Reconciled(tally, is_done=True)

    async def _accounts(self, workspace_id: UUID) -> Sequence[RestClient]:
        """A client for each; none for a closed workspace, which takes no callback either."""
        async with self.cell.scoped(workspace_id) as connection:
            if await is_closed(connection, workspace_id):
                return ()
            key = await self.cell.workspace_key(connection, workspace_id)
            credentials = await read_credentials(connection, key)
        return clients_of(self.session, credentials, self.standin)

    async def _due(
        self, books: Books, now: datetime, only: date | None, every: timedelta
    ) -> list[BookDay]:
        if only is not None:
            return [BookDay(only)]
        async with self.cell.scoped(books.workspace_id) as connection:
            known = await read_days(connection, books, now)
        return [day for day in open_days(known, now) if day.is_due(now, every)]
