"""Somebody's call as Twilio has it, with everything that hangs on it, and who deletes it there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

from cells import Home, open_home
from clocks import SetClock
from reconciling import Desk, desk
from twilio_forms import CALLEE, CALLER, START, call_callbacks, call_sid
from twilio_standin.books import rfc2822
from views import catch_up

from adapters.event_store.requests import Request
from adapters.postgres.embedded import Urls
from adapters.provider_copies.deleting import Deleter, folded
from adapters.recordings.keeping import folded as recording_of
from adapters.twilio.forms import Form
from adapters.twilio.messages import read_message
from adapters.twilio.recordings import read_recording
from domain.identifiers import call_id, copies_id, recording_id
from domain.messages import Context
from domain.provider_copies.state import Copies
from domain.recordings.recording import RECORDING
from domain.recordings.state import Recording
from domain.text_messages.text_message import TEXT_MESSAGE
from projections.provider_copies.read import Place, SubjectCopies, copies_of, due
from projections.provider_copies.view import PROVIDER_COPIES

LINE, DIALED = call_sid(1), call_sid(501)
AUDIO, TEXT, INSIGHT = f"RE{1:032x}", f"TR{1:032x}", f"GT{1:032x}"
GOES: Final = (TEXT, INSIGHT, AUDIO, DIALED, LINE)
"""In which order what Twilio has goes; the first two in any."""


@dataclass
class Estate:
    """All of it."""

    desk: Desk
    clock: SetClock = field(default_factory=SetClock)

    @property
    def home(self) -> Home:
        """The cell."""
        return self.desk.home

    @property
    def workspace_id(self) -> UUID:
        """The workspace."""
        return self.desk.workspace_id

    @property
    def place(self) -> tuple[UUID, UUID]:
        """The deletion of the call's copies."""
        call = call_id(self.workspace_id, "twilio", LINE)
        return self.workspace_id, copies_id(self.workspace_id, call)

    @property
    def held(self) -> set[str]:
        """What Twilio still has of the call."""
        books = self.desk.account
        recordings = (sid for sid, one in books.recordings.items() if one.deleted_at is None)
        return {*books.calls, *recordings, *books.transcriptions, *books.transcripts}

    @property
    def deleted(self) -> list[str]:
        """What Twilio was asked to delete, in that order."""
        asked = [one.split(" ")[1] for one in self.desk.twilio.asked if one.startswith("DELETE")]
        return [path.rpartition("/")[2].removesuffix(".json") for path in asked]

    async def furnish(self, *, status: str = "completed") -> None:
        """A call that was put through and recorded; Twilio says that its first leg is so far."""
        await self.home.hear(*call_callbacks(LINE, DIALED))
        books, began = self.desk.account, START
        times = {"start_time": rfc2822(began), "end_time": rfc2822(began + timedelta(minutes=1))}
        books.add_call(LINE, began, status=status, direction="inbound", **times)
        books.add_call(DIALED, began, status="completed", parent_call_sid=LINE, **times)
        books.add_recording(AUDIO, LINE, began, b"RIFF")
        books.add_transcription(TEXT, AUDIO, began)
        books.add_transcript(INSIGHT, AUDIO, began)

    async def erase(self, number: str = CALLER) -> UUID:
        """Somebody is erased, and their boxes are deleted."""
        subject = await self.home.erase_number(number)
        await self.home.cell.erasures.finish()
        return subject

    async def go_on(
        self, home: Home | None = None, place: tuple[UUID, UUID] | None = None
    ) -> Copies:
        """Go on with the deletion, here or from another process."""
        cell = (home or self.home).cell
        deleter = Deleter(cell, self.desk.session, self.desk.twilio.url, self.clock)
        return await deleter.go_on(*(place or self.place))

    async def send(self) -> tuple[str, tuple[UUID, UUID]]:
        """Somebody sends a message; Twilio's id of it, and the deletion of its copies."""
        sid, account = f"SM{1:032x}", self.desk.account
        form = [
            *(("AccountSid", account.sid), ("MessageSid", sid), ("SmsStatus", "received")),
            *(("From", CALLER), ("To", CALLEE), ("NumSegments", "1"), ("NumMedia", "0")),
        ]
        place, command = read_message(self.workspace_id, Form(form), is_incoming=True)
        await self.home.cell.writer.handle(
            Request(self.workspace_id, place, TEXT_MESSAGE, command, Context("twilio", uuid4()))
        )
        account.add_message(sid, START)
        return sid, (self.workspace_id, copies_id(self.workspace_id, place))

    async def is_due(self) -> list[Place]:
        """What can be gone on with by now, by the view as it should be."""
        await catch_up(self.home, PROVIDER_COPIES)
        async with await self.home.cell.follow() as connection:
            found = await due(connection, self.clock(), 10)
            assert found == await due(connection, self.clock(), 10, self.workspace_id)
            return found

    @asynccontextmanager
    async def elsewhere(self) -> AsyncIterator[Home]:
        """Another process, which remembers nothing."""
        async with open_home(self.home.address) as home:
            yield home

    async def record(self) -> None:
        """Twilio tells us that the recording is complete."""
        form = [
            *(("AccountSid", self.desk.account.sid), ("CallSid", LINE), ("RecordingSid", AUDIO)),
            *(("RecordingStatus", "completed"), ("RecordingChannels", "1")),
        ]
        place, command = read_recording(self.workspace_id, Form(form))
        context = Context("twilio", uuid4())
        await self.home.cell.writer.handle(
            Request(self.workspace_id, place, RECORDING, command, context)
        )

    async def recording(self) -> Recording:
        """The recording as we have it."""
        place = recording_id(self.workspace_id, "twilio", AUDIO)
        return recording_of(await self.home.stream(place))

    async def copies(self) -> Copies:
        """How far it is, by the history."""
        return folded(await self.home.stream(self.place[1]))

    async def copies_of(self, subject_id: UUID) -> SubjectCopies:
        """How far it is for a subject, by the view as it should be by now."""
        await catch_up(self.home, PROVIDER_COPIES)
        async with self.home.cell.scoped(self.workspace_id) as connection:
            return await copies_of(connection, self.workspace_id, subject_id, self.clock().date())


@asynccontextmanager
async def estate(urls: Urls, folder: Path) -> AsyncIterator[Estate]:
    """A new one, with nothing in it yet."""
    async with desk(urls, folder) as found:
        yield Estate(found)
