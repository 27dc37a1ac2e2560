"""A workspace and its account at Twilio's stand-in, for tests of what is found in the books."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import aiohttp
from call_shapes import Shape
from cells import Home, new_cell
from psycopg import sql
from reports import START
from twilio_calls import INCOMING, keep_books, note_requests, told_of
from twilio_standin import Standin, standing_in
from twilio_standin.books import Account
from twilio_standin.sending import Told

from adapters.event_store.requests import Request
from adapters.postgres.embedded import Urls
from adapters.reconciler.reconcile import Reconciled, Reconciler
from adapters.twilio.callbacks import read_callback
from adapters.twilio.client import rest_session
from adapters.workspaces.credentials import Kind, add_credential
from domain.calls.call import CALL
from domain.calls.state import Call
from domain.calls.words import Step
from domain.identifiers import call_id, leg_id
from domain.messages import Context, Entry
from projections.call_log.view import CALL_LOG

LATER: Final = START + timedelta(days=3)
"""When the day of the golden calls is due for its last look."""

OURS_ALONE: Final = frozenset(
    (
        *("workspace_id", "call_id", "position", "first_recorded_at", "recorded_at", "sort_at"),
        *("caller", "callee"),
    )
)
"""What two calls of the same story never have in common, in the call log."""


@dataclass
class Desk:
    """An open cell, the stand-in, and who reconciles the one with the other."""

    home: Home
    twilio: Standin
    account: Account
    session: aiohttp.ClientSession
    _next: int = field(default=1)

    @property
    def workspace_id(self) -> UUID:
        """The workspace."""
        return self.home.address.workspace_id

    @property
    def url(self) -> str:
        """Where Twilio calls the workspace."""
        return f"https://calls.example.com/twilio/{self.workspace_id}"

    def play(self, shape: Shape) -> "Play":
        """A golden call of its own: in the books, with every request that was made for it."""
        names = {report.provider_id: "" for report in shape.told}
        names |= {one.parent_provider_id: "" for one in shape.told if one.parent_provider_id}
        sids = {name: f"CA{self._next:028x}{number:04x}" for number, name in enumerate(names)}
        self._next += 1
        told = told_of(shape, sids, self.account.sid)
        keep_books(self.account, told)
        note_requests(self.account, told, self.url)
        steps = [report.step for report in shape.told]
        return Play(self, sids, told, steps)

    async def reconcile(self, now: datetime = LATER, **options: Any) -> Reconciled:  # noqa: ANN401 - its own
        """Reconcile the workspace."""
        reconciler = Reconciler(self.home.cell, self.session, self.twilio.url)
        return await reconciler.workspace(self.workspace_id, now, **options)


@dataclass
class Play:
    """A call that is played: what Twilio tells of it, and what we took it to do."""

    desk: Desk
    sids: dict[str, str]
    told: list[Told]
    steps: Sequence[Step | None]

    @property
    def call_id(self) -> UUID:
        """The call."""
        return call_id(self.desk.workspace_id, "twilio", self.sids["line"])

    async def hear(self, *numbers: int) -> None:
        """These callbacks come in, in this order."""
        for number in numbers:
            await self.desk.home.cell.writer.handle(self.request(number))

    async def hear_all_but(self, *lost: int) -> None:
        """Every callback but these comes in."""
        await self.hear(*(number for number in range(len(self.told)) if number not in lost))

    def request(self, number: int) -> Request:
        """What the API asks for when this callback comes in."""
        one, workspace_id = self.told[number], self.desk.workspace_id
        step = self.steps[number] if one.channel == INCOMING else None
        stream_id, command = read_callback(workspace_id, one.form, step=step)
        return Request(workspace_id, stream_id, CALL, command, Context("twilio", uuid4()))

    async def entries(self) -> list[Entry]:
        """The call's history."""
        return await self.desk.home.stream(self.call_id)

    async def portrait(self) -> dict[str, Any]:
        """All that is known of the call, in words that its twin has in common with it."""
        call = self.desk.home.call(await self.entries())
        (readings,) = await self.desk.home.read([self.call_id])
        return {
            **self._legs(call),
            "row": await self._row(),
            "values": sorted((name, str(one.value)) for (_, name), one in readings.items()),
        }

    async def _row(self) -> dict[str, Any]:
        columns = [column.name for column in CALL_LOG.columns if column.name not in OURS_ALONE]
        query = sql.SQL("SELECT {} FROM call_log WHERE call_id = %s")
        async with self.desk.home.cell.scoped(self.desk.workspace_id) as connection:
            rows = await connection.execute(
                query.format(sql.SQL(", ").join(map(sql.Identifier, columns))), (self.call_id,)
            )
            found = await rows.fetchone()
        return dict(zip(columns, found, strict=True)) if found else {}

    def _legs(self, call: Call) -> dict[str, Any]:
        workspace_id = self.desk.workspace_id
        names: dict[UUID, str] = {
            leg_id(workspace_id, "twilio", sid): name for name, sid in self.sids.items()
        }
        legs = {
            names[leg.leg_id]: (
                leg.is_registered,
                leg.parent_id and names[leg.parent_id],
                leg.direction,
                leg.reports,
                leg.price,
            )
            for leg in call.legs.values()
        }
        return {"legs": legs, "routed": {(names[leg], step) for leg, step in call.routed}}


@asynccontextmanager
async def desk(urls: Urls, folder: Path) -> AsyncIterator[Desk]:
    """A new cell with one workspace, which has an account with the stand-in."""
    async with (
        new_cell(urls, folder) as home,
        standing_in(lambda: LATER) as twilio,
        rest_session() as session,
    ):
        account = twilio.open_account(1)
        async with home.cell.writing.connection() as connection:
            key = await home.cell.workspace_key(connection, home.address.workspace_id)
            await add_credential(connection, key, Kind.account_sid, account.sid)
            await add_credential(connection, key, Kind.api_key, " ".join(account.api_key))
        yield Desk(home, twilio, account, session)
