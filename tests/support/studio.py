"""A cell whose calls are recorded: their callbacks, a server with the audio, and a store."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

from asking import recording_is_on
from cells import Home, new_cell, open_home
from media_server import LOGIN, MediaServer, media_server
from twilio_forms import ACCOUNT_SID, CALLER, START, Form, call_callbacks, call_sid

from adapters.accesses.access import Inward
from adapters.event_store.requests import Request
from adapters.event_store.writer import Clock
from adapters.keys.audio import HEADER_BYTES, TrackOpener, TrackPlace
from adapters.objects.store import ObjectStore
from adapters.postgres.embedded import Urls
from adapters.recordings.keeping import Keeper, folded
from adapters.recordings.owners import track_keys
from adapters.twilio import forms
from adapters.twilio.callbacks import PROVIDER
from adapters.twilio.media import Media, media_session
from adapters.twilio.recordings import media_url, read_recording
from adapters.wiring import now
from adapters.workspaces.credentials import Kind, add_credential
from domain.calls.call import CALL
from domain.calls.commands import AnswerAboutRecording, RuleRecording
from domain.calls.words import Answer, PlanReason, RecordingPlan
from domain.identifiers import call_id, leg_id
from domain.messages import Context, Entry
from domain.recordings.commands import RecordingCommand
from domain.recordings.recording import RECORDING
from domain.recordings.state import Recording
from domain.recordings.words import Loss

AGENT: Final = "client:front_desk"


def recording_sid(number: int) -> str:
    """Make the SID of a test's n-th recording."""
    return f"RE{number:032x}"


def recording_form(
    number: int = 1, *, status: str = "completed", channels: int = 2, call: int = 1
) -> Form:
    """Build a recording's callback as Twilio fires it: no party, and no time of its own."""
    sid, began = recording_sid(number), START + timedelta(seconds=9)
    return [
        ("AccountSid", ACCOUNT_SID),
        ("CallSid", call_sid(call)),
        ("RecordingSid", sid),
        ("RecordingUrl", media_url(ACCOUNT_SID, sid)),
        ("RecordingStatus", status),
        ("RecordingChannels", str(channels)),
        ("RecordingStartTime", began.strftime("%a, %d %b %Y %H:%M:%S +0000")),
        ("RecordingSource", "DialVerb"),
        ("RecordingTrack", "both"),
        ("ErrorCode", "0"),
        *([("RecordingDuration", "42")] if status == "completed" else []),
    ]


def agreement(workspace_id: UUID, number: int = 1) -> Iterator[Request]:
    """The caller of a call was asked, and agreed to be recorded."""
    first = call_sid(number)
    stream, leg = call_id(workspace_id, PROVIDER, first), leg_id(workspace_id, PROVIDER, first)
    now = START + timedelta(seconds=5)
    ruled = RuleRecording(
        leg_id=leg,
        occurred_at=now,
        plan=RecordingPlan.ask_caller,
        reason=PlanReason.workspace,
        settings_version=1,
    )
    answered = AnswerAboutRecording(leg_id=leg, occurred_at=now, answer=Answer.agreed)
    for command in (ruled, answered):
        yield Request(workspace_id, stream, CALL, command, Context("twilio", uuid4()))


@dataclass(slots=True)
class Studio:
    """All of it, and what keeps the recordings."""

    home: Home
    server: MediaServer
    store: ObjectStore
    keeper: Keeper

    @asynccontextmanager
    async def elsewhere(self) -> AsyncIterator["Studio"]:
        """The same from another process, which remembers nothing."""
        async with open_home(self.home.address) as home, media_session() as session:
            media = Media(session, self.server.origin, lambda _: asyncio.sleep(0))
            yield Studio(home, self.server, self.store, Keeper(home.cell, self.store, media, now))

    async def add_credential(self, kind: Kind, secret: str) -> None:
        """Give the workspace one more."""
        async with self.home.cell.writing.connection() as connection:
            key = await self.home.cell.keyring.get(connection, self.workspace_id)
            await add_credential(connection, key, kind, secret)

    @property
    def workspace_id(self) -> UUID:
        """The one workspace."""
        return self.home.address.workspace_id

    async def report(self, *told: Form) -> UUID:
        """Tell the history what these callbacks say; the recording of the last."""
        recording_id = UUID(int=0)
        for form in told:
            recording_id, command = read_recording(self.workspace_id, forms.Form(form))
            await self.tell(recording_id, command)
        return recording_id

    async def tell(self, recording_id: UUID, command: RecordingCommand) -> None:
        """Ask something of a recording."""
        place, context = (self.workspace_id, recording_id), Context("twilio", uuid4())
        await self.home.cell.writer.handle(Request(*place, RECORDING, command, context))

    async def recorded(
        self,
        audio: bytes,
        *,
        number: int = 1,
        channels: int = 2,
        caller: str = CALLER,
        agrees: bool = True,
    ) -> UUID:
        """A call whose caller agreed, that was put through, ended, and was recorded so."""
        legs = call_sid(number), call_sid(number + 500)
        if agrees:
            await self.agree(number)
        await self.home.hear(*call_callbacks(*legs, caller=caller, agent=AGENT))
        self.server.audio[recording_sid(number)] = audio
        return await self.report(recording_form(number, channels=channels, call=number))

    async def agree(self, number: int = 1) -> None:
        """The caller of a call agrees to be recorded."""
        for request in agreement(self.workspace_id, number):
            await self.home.cell.writer.handle(request)

    async def keep(self, recording_id: UUID) -> bool:
        """Try to keep it."""
        return await self.keeper.keep(self.workspace_id, recording_id)

    async def entries(self, recording_id: UUID) -> list[Entry]:
        """What the history says of it."""
        return await self.home.stream(recording_id)

    async def recording(self, recording_id: UUID) -> Recording:
        """What that comes to."""
        return folded(await self.entries(recording_id))

    async def objects(self) -> set[str]:
        """The names of what lies in the store."""
        return {found.name async for found in self.store.each(self.workspace_id)}

    async def heard(self, recording_id: UUID) -> list[bytes | Loss]:
        """Each track, or why it cannot be heard."""
        stored = (await self.recording(recording_id)).stored
        assert stored is not None, "it is not kept"
        async with self.home.cell.scoped(self.workspace_id) as connection:
            key = await self.home.cell.workspace_key(connection, self.workspace_id)
            entries = await self.entries(recording_id)
            keys = await track_keys(connection, key, entries, Inward.what_can_be_heard)
        found: list[bytes | Loss] = []
        for number, (track, one) in enumerate(zip(stored.tracks, keys, strict=True)):
            if one.secret is None:
                assert one.loss is not None
                found.append(one.loss)
                continue
            content = await self.store.read(track.name, 0, track.sealed_bytes)
            place = TrackPlace(self.workspace_id, recording_id, number)
            opener = TrackOpener(one.secret, place, content[:HEADER_BYTES], track.audio_bytes)
            found.append(opener.open_all(0, track.chunks - 1, content[HEADER_BYTES:]))
        return found


@asynccontextmanager
async def studio(
    urls: Urls, folder: Path, clock: Clock = now, *, is_recording: bool = True
) -> AsyncIterator[Studio]:
    """A new one, in which nobody waits before they ask the server again."""
    async with (
        new_cell(urls, folder, clock) as home,
        media_server() as server,
        media_session() as session,
    ):
        workspace_id = home.address.workspace_id
        async with home.cell.writing.connection() as connection:
            key = await home.cell.keyring.get(connection, workspace_id)
            for kind, secret in ((Kind.account_sid, LOGIN.name), (Kind.auth_token, LOGIN.secret)):
                await add_credential(connection, key, kind, secret)
        if is_recording:
            await home.cell.writer.handle(recording_is_on(workspace_id))
        store = ObjectStore.in_folder(folder / "objects")
        media = Media(session, server.origin, lambda _: asyncio.sleep(0))
        yield Studio(home, server, store, Keeper(home.cell, store, media, clock))
