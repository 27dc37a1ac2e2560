"""Transcripts of a service: fetched, told once, and what stood in the way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from asking import transcribing_is_on
from cells import READER, Home, asynchronous, new_cell
from studio import AGENT, recording_form, recording_sid
from transcripts import transcription_sid
from twilio_forms import CALLER, START, call_callbacks, call_sid
from twilio_standin import Standin, standing_in
from twilio_standin.books import Account
from twilio_standin.rest import BROKEN, TOO_MANY, Fault
from views import catch_up

from adapters.event_store.requests import Request
from adapters.postgres.embedded import Urls
from adapters.transcriptions.fetching import MOST_ATTEMPTS, Fetcher
from adapters.transcriptions.hearing import folded
from adapters.transcriptions.texts import read_texts
from adapters.twilio import client
from adapters.twilio.client import rest_session
from adapters.twilio.forms import Form
from adapters.twilio.recordings import read_recording
from adapters.wiring import now
from adapters.workspaces.credentials import Kind, add_credential
from api.transcript_rounds import TranscriptRounds
from domain.identifiers import call_id, transcription_id
from domain.messages import Context
from domain.recordings.recording import RECORDING
from domain.transcriptions.commands import Provenance, ReportTranscription
from domain.transcriptions.state import Transcription, in_order
from domain.transcriptions.transcription import TRANSCRIPTION
from domain.transcriptions.words import (
    Channel,
    FetchFailure,
    NotKept,
    TranscriptionStatus,
)
from domain.transcriptions.words import Kind as TranscriptionKind
from projections.transcriptions.view import TRANSCRIPTIONS

SAID: Final = ((1, "Where is my order?"), (2, "It is on its way."), (1, "Thank you."))
FETCHED: Final = [
    (Channel.first, 0, "Where is my order?"),
    (Channel.second, 1, "It is on its way."),
    (Channel.first, 2, "Thank you."),
]


@dataclass(frozen=True, slots=True)
class Library:
    """A cell with one call that was recorded, the provider's books, and who fetches."""

    home: Home
    standin: Standin
    account: Account
    fetcher: Fetcher
    rounds: TranscriptRounds

    @property
    def workspace_id(self) -> UUID:
        """The one workspace."""
        return self.home.address.workspace_id

    async def announce(self, number: int = 1) -> UUID:
        """The service says that it has a transcript."""
        sid = transcription_sid(number)
        provenance = Provenance(
            provider_id=sid, account_id=self.account.sid, kind=TranscriptionKind.intelligence
        )
        found = transcription_id(self.workspace_id, "twilio", sid)
        report = ReportTranscription(provenance=provenance, status=TranscriptionStatus.available)
        await self.tell(
            Request(self.workspace_id, found, TRANSCRIPTION, report, Context("twilio", uuid4()))
        )
        return found

    async def tell(self, request: Request) -> None:
        """Make it durable."""
        await self.home.cell.writer.handle(request)

    async def add(self, number: int = 1, *said: tuple[int, str], **fields: Any) -> UUID:  # noqa: ANN401 - JSON
        """A transcript of the call's recording in the books, and that it is there."""
        recording = fields.pop("recording", recording_sid(1))
        self.account.add_transcript(
            transcription_sid(number), recording, START, *(said or SAID), **fields
        )
        return await self.announce(number)

    async def fetch(self, transcription: UUID) -> Transcription:
        """Try to fetch it; what is known of it then."""
        await self.fetcher.fetch(self.workspace_id, transcription)
        return folded(await self.home.stream(transcription))

    async def read(self, transcription: UUID) -> list[tuple[Channel, int, str]]:
        """What was heard, in order."""
        segments = in_order(folded(await self.home.stream(transcription)).segments.values())
        async with self.home.cell.scoped(self.workspace_id) as connection:
            key = await self.home.cell.workspace_key(connection, self.workspace_id)
            latest = [segment.latest for segment in segments]
            access = self.home.cell.access(READER)
            readings = await read_texts(connection, key, transcription, latest, access)
        return [
            (*segment.key, reading.value["text"] if reading.value else str(reading.state))
            for segment, reading in zip(segments, readings, strict=True)
        ]


@asynccontextmanager
async def library(
    urls: Urls, folder: Path, *, channels: int = 2, is_on: bool = True, has_key: bool = True
) -> AsyncIterator[Library]:
    """A new one; nobody waits before they ask the books again."""
    async with new_cell(urls, folder) as home, standing_in() as standin, rest_session() as session:
        account = standin.open_account()
        workspace, writer = home.address.workspace_id, home.cell.writer
        async with home.cell.writing.connection() as connection:
            key = await home.cell.keyring.get(connection, workspace)
            await add_credential(connection, key, Kind.account_sid, account.sid)
            if has_key:
                await add_credential(connection, key, Kind.api_key, " ".join(account.api_key))
        await home.hear(*call_callbacks(call_sid(1), call_sid(501), caller=CALLER, agent=AGENT))
        await writer.handle(transcribing_is_on(workspace, ai=is_on))
        recording, report = read_recording(workspace, Form(recording_form(channels=channels)))
        await writer.handle(
            Request(workspace, recording, RECORDING, report, Context("twilio", uuid4()))
        )
        made = session, now, standin.url
        yield Library(
            home, standin, account, Fetcher(home.cell, *made), TranscriptRounds(home.cell, *made)
        )


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "BACKOFF_SECONDS", (0.0,) * 3)


@asynchronous
async def test_a_transcript_is_fetched_page_by_page(
    postgres: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each sentence locked by who speaks on its channel; its call is known from its recording."""
    monkeypatch.setattr(client, "PAGE_SIZE", 2)
    async with library(postgres, tmp_path) as at:
        one = await at.add()
        found = await at.fetch(one)
        assert await at.read(one) == FETCHED
        assert found.provenance is not None
        assert found.provenance.call_id == call_id(at.workspace_id, "twilio", call_sid(1))
        assert (found.status, found.is_due) == (TranscriptionStatus.completed, False)
        assert found.start is not None
        assert (found.start.engine, found.start.language) == ("twilio_intelligence", "en-US")
        first = in_order(found.segments.values())[0]
        assert (first.started_ms, first.ended_ms, str(first.confidence)) == (500, 1250, "0.91")
        assert sum("Sentences" in asked for asked in at.standin.asked) == 2
        await at.home.erase_number(CALLER)
        assert [text for _, _, text in await at.read(one)] == [
            *("erased", "It is on its way.", "erased"),
        ]


@asynchronous
async def test_what_is_told_again_adds_nothing(postgres: Urls, tmp_path: Path) -> None:
    """Announced twice, fetched by two at once, and asked for once it is there."""
    async with library(postgres, tmp_path) as at:
        one = await at.add()
        await at.announce()
        await asyncio.gather(*(at.fetch(one) for _ in range(3)))
        asked = len(at.standin.asked)
        found = await at.fetch(one)
        assert len(found.segments) == len(SAID)
        assert found.version == 2 + 1 + len(SAID) + 2  # announced, located, said, begun and ended
        assert len(at.standin.asked) == asked


@asynchronous
async def test_a_recording_that_tells_nobody_apart(postgres: Urls, tmp_path: Path) -> None:
    """Both lock every sentence, and the erasure of either ends it."""
    async with library(postgres, tmp_path, channels=1) as at:
        one = await at.add()
        await at.fetch(one)
        assert {channel for channel, _, _ in await at.read(one)} == {Channel.both}
        await at.home.erase_number(CALLER)
        assert {text for _, _, text in await at.read(one)} == {"erased"}


@asynchronous
async def test_a_card_number_over_several_sentences(postgres: Urls, tmp_path: Path) -> None:
    """All parts of it are gone, whatever the other one says between them."""
    said = ((1, "It is 4111 1111"), (2, "Yes?"), (1, "1111"), (2, "And?"), (1, "1111, thank you."))
    async with library(postgres, tmp_path) as at:
        one = await at.add(1, *said)
        await at.fetch(one)
        assert [text for _, _, text in await at.read(one)] == [
            *("It is [card number]", "Yes?", "[card number]", "And?"),
            "[card number], thank you.",
        ]


@asynchronous
async def test_where_it_is_not_enabled_nothing_is_fetched(postgres: Urls, tmp_path: Path) -> None:
    """Not a sentence is asked for, and the history says why."""
    async with library(postgres, tmp_path, is_on=False) as at:
        found = await at.fetch(await at.add())
        assert (found.not_kept, found.is_due) == (NotKept.not_enabled, False)
        assert not any("Sentences" in asked for asked in at.standin.asked)


@asynchronous
async def test_what_stands_in_the_way_is_told(postgres: Urls, tmp_path: Path) -> None:
    """And tried again, unless that is no use; what passes by itself is not even told."""
    async with library(postgres, tmp_path) as at:
        early = await at.announce(1)
        assert (await at.fetch(early)).failure is FetchFailure.not_there
        slow = await at.add(2, status="in-progress")
        assert (await at.fetch(slow)).failure is FetchFailure.not_there
        strange = await at.add(3, recording=recording_sid(9))
        assert (await at.fetch(strange)).failure is FetchFailure.unknown_call
        sealed = await at.fetch(await at.add(4, encryption_credential_sid="CR" + "1" * 32))
        assert (sealed.failure, sealed.is_given_up) == (FetchFailure.encrypted, True)
        failed = await at.fetch(await at.add(5, status="failed"))
        assert (failed.status, failed.is_due) == (TranscriptionStatus.failed, False)
        busy = await at.add(6)
        at.standin.faults[:] = [TOO_MANY, BROKEN]
        assert (await at.fetch(busy)).status is TranscriptionStatus.completed
        away = await at.add(7)
        at.standin.faults[:] = [BROKEN] * 4
        assert (await at.fetch(away)).failure is FetchFailure.unreachable
        at.standin.faults[:] = [Fault(401, 20003)]
        assert (await at.fetch(away)).failure is FetchFailure.refused
        assert (await at.fetch(away)).status is TranscriptionStatus.completed
        for _ in range(MOST_ATTEMPTS - 1):
            await at.fetch(slow)
        assert (await at.fetch(slow)).is_given_up


@asynchronous
async def test_without_an_api_key_nobody_asks(postgres: Urls, tmp_path: Path) -> None:
    """Twilio is not asked with the token that is there to check signatures."""
    async with library(postgres, tmp_path, has_key=False) as at:
        assert (await at.fetch(await at.add())).failure is FetchFailure.refused
        assert at.standin.asked == []


@asynchronous
async def test_a_call_may_be_the_customers_key(postgres: Urls, tmp_path: Path) -> None:
    """Where the recording is not known; then nobody can be told apart."""
    async with library(postgres, tmp_path) as at:
        one = await at.add(recording=None, customer_key=call_sid(1))
        await at.fetch(one)
        assert [text for _, _, text in await at.read(one)] == [text for _, text in SAID]
        assert {channel for channel, _, _ in await at.read(one)} == {Channel.both}


@asynchronous
async def test_whatever_is_due_is_fetched(postgres: Urls, tmp_path: Path) -> None:
    """In one round, without anybody asking; one that fails holds up no other."""
    async with library(postgres, tmp_path) as at:
        ids = [await at.add(number) for number in range(1, 4)]
        await at.announce(9)
        await catch_up(at.home, TRANSCRIPTIONS)
        await at.rounds.go_round()
        for one in ids:
            assert await at.read(one) == FETCHED
        await catch_up(at.home, TRANSCRIPTIONS)
        asked = len(at.standin.asked)
        await at.rounds.go_round()
        assert len(at.standin.asked) == asked
