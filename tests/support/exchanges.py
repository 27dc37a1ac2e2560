"""A served workspace whose calls are recorded, Twilio's stand-in, and what goes round for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from phones import asking, phone, setting
from serving import House, serving
from twilio_standin import Standin, standing_in
from twilio_standin.books import Account
from waves import samples, wave_file

from adapters.event_store.history import read_stream
from adapters.postgres.embedded import Urls
from adapters.twilio.client import rest_session
from adapters.twilio.media import Media, media_session
from adapters.wiring import now
from adapters.workspaces.credentials import Kind, add_credential
from api.demo.phone import Phone, Recorded
from api.objecting import ObjectionRounds
from api.recording import RecordingRounds
from domain.calls.call import CALL
from domain.calls.state import Call
from domain.identifiers import call_id, recording_id
from domain.recordings.recording import RECORDING
from domain.recordings.state import Recording
from domain.workspaces.words import Consenting

STEREO: Final = wave_file(samples(1, 500), samples(900, 500))


@dataclass(slots=True)
class Exchange:
    """A served workspace, Twilio's stand-in, and what goes on behind the API."""

    house: House
    twilio: Standin
    account: Account
    objections: ObjectionRounds
    recordings: RecordingRounds

    async def go_round(self) -> None:
        """Everything that is due by now, without the pauses between attempts."""
        await self.house.follow()
        cell = await self.house.cell()
        async with await cell.follow() as connection:
            await connection.execute("UPDATE recordings SET tried_at = NULL")
        self.objections._next.clear()  # noqa: SLF001 - without the pauses
        self.recordings._not_before.clear()  # noqa: SLF001 - as above
        await self.objections.go_round()
        await self.recordings.go_round()

    async def call(self, one: Phone) -> Call:
        """A call as the history has it."""
        found: list[Any] = await self._stream(call_id(self.house.workspace_id, "twilio", one.sid))
        return CALL.fold(found)

    async def recording(self, one: Recorded) -> Recording:
        """A recording as the history has it."""
        place = recording_id(self.house.workspace_id, "twilio", one.sid)
        found: list[Any] = await self._stream(place)
        return RECORDING.fold(found)

    async def _stream(self, stream_id: UUID) -> list[Any]:
        async with (await self.house.cell()).scoped(self.house.workspace_id) as connection:
            return [entry.event for entry in await read_stream(connection, stream_id)]

    def goes_on(self, one: Phone) -> None:
        """The books have the call, with what is recorded of it."""
        self.account.add_call(one.sid, now(), status="in-progress")
        for recorded in one.recordings:
            fields = {"status": "in-progress", "channels": 2}
            self.account.add_recording(recorded.sid, one.sid, now(), STEREO, **fields)

    def recorded(self, one: Phone) -> Recorded:
        """What the stand-in was asked to record of a call, as the telephone's own."""
        (sid,) = self.account.recordings
        told = self.account.callbacks[sid]
        found = Recorded(sid, one.sid, told, "StartCallRecordingAPI", now())
        one.recordings.append(found)
        return found

    async def object(self, one: Phone, **body: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        """Somebody objects."""
        path = f"/calls/{call_id(self.house.workspace_id, 'twilio', one.sid)}/objection"
        answer = await self.house.ask("POST", self.house.here + path, json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


@asynccontextmanager
async def exchange(database: Urls, folder: Path) -> AsyncIterator[Exchange]:
    """One of them."""
    async with standing_in() as twilio, rest_session() as asked, media_session() as session:
        account = twilio.open_account(0)
        async with serving(database, folder, twilio=twilio.url) as house:
            cell = await house.cell()
            async with cell.writing.connection() as connection:
                key = await cell.workspace_key(connection, house.workspace_id)
                await add_credential(connection, key, Kind.api_key, " ".join(account.api_key))
            house.app.state.deployment.credentials.forget(house.workspace_id)
            media = Media(session, twilio.url, lambda _: asyncio.sleep(0))
            yield Exchange(
                house,
                twilio,
                account,
                ObjectionRounds(cell, asked, now, twilio.url),
                RecordingRounds(cell, house.ledger.objects, media, now),
            )


async def half_way(place: Exchange) -> tuple[Phone, Recorded]:
    """Two talk and are recorded."""
    await setting(place.house, recording=asking(Consenting.caller))
    one = phone(place.house, "1")
    await one.ring()
    place.goes_on(one)
    return one, one.recordings[0]
