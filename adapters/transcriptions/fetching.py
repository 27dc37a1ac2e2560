"""Fetches the transcripts that a service has finished, and tells the history what they say.

It may be done twice and by two processes at once: a sentence is known by its number, so what is
told again adds nothing. What stood in the way is in the history afterwards.
"""

import asyncio
from dataclasses import dataclass
from itertools import groupby
from typing import Final
from uuid import UUID, uuid4

import aiohttp
import structlog
from msgspec import structs

from adapters.cell import Cell
from adapters.event_store.history import read_stream
from adapters.event_store.requests import Request
from adapters.event_store.writer import Clock
from adapters.recordings.keeping import folded as folded_recording
from adapters.transcriptions.hearing import Surroundings, added, folded, reported, surroundings
from adapters.twilio.callbacks import PROVIDER
from adapters.twilio.client import RestClient, RestFailed, clients_of
from adapters.twilio.forms import NotUnderstood
from adapters.twilio.transcriptions import Heard, Report
from adapters.twilio.transcripts import ENGINE, Transcript, read_sentences, read_transcript
from adapters.workspaces.credentials import read_credentials
from domain.identifiers import call_id, recording_id
from domain.messages import Context
from domain.transcriptions.commands import (
    AddSegment,
    FailTranscriptFetch,
    KeepNothing,
    Provenance,
    TranscriptionCommand,
)
from domain.transcriptions.redaction import redacted_together
from domain.transcriptions.transcription import TRANSCRIPTION
from domain.transcriptions.words import FetchFailure, NotKept, TranscriptionStatus

ACTOR: Final = "policy:transcription"
MOST_ATTEMPTS: Final = 20
"""With the pauses between them, about four days."""

_DUAL: Final = 2
_REFUSED: Final = frozenset({401, 403})
_NOT_FOUND: Final = 404
log = structlog.get_logger()


class CannotFetch(Exception):  # noqa: N818 - what became of an attempt, not a fault of ours
    """It could not be fetched; ``reason`` says why, and nothing says more."""

    def __init__(self, reason: FetchFailure) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Task:
    """A transcript that is to be fetched, and what that takes."""

    workspace_id: UUID
    transcription_id: UUID
    provenance: Provenance
    attempts: int
    books: RestClient | None
    """The account's; ``None`` where no API key of it was given."""


class Fetcher:
    """Fetches the transcripts of one cell."""

    def __init__(
        self, cell: Cell, session: aiohttp.ClientSession, clock: Clock, standin: str | None = None
    ) -> None:
        self._cell = cell
        self._session = session
        self._clock = clock
        self._standin = standin

    async def fetch(self, workspace_id: UUID, transcription_id: UUID) -> None:
        """Try to fetch one transcript, if it is still to be fetched."""
        task = await self._task(workspace_id, transcription_id)
        if task is None:
            return
        try:
            commands = await self._fetched(task)
        except CannotFetch as failure:
            attempt = task.attempts + 1
            is_final = failure.reason is FetchFailure.encrypted or attempt >= MOST_ATTEMPTS
            log.warning("transcript.not_fetched", reason=failure.reason, is_final=is_final)
            commands = [
                FailTranscriptFetch(attempt=attempt, reason=failure.reason, is_final=is_final)
            ]
        *said, last = commands
        await asyncio.gather(*(self._tell(task, one) for one in said))
        await self._tell(task, last)  # after all that it is the end of

    async def _task(self, workspace_id: UUID, transcription_id: UUID) -> Task | None:
        async with self._cell.scoped(workspace_id) as connection:
            transcription = folded(await read_stream(connection, transcription_id))
            if not transcription.is_due or transcription.provenance is None:
                return None
            key = await self._cell.workspace_key(connection, workspace_id)
            credentials = await read_credentials(connection, key)
        provenance = transcription.provenance
        clients = clients_of(self._session, credentials, self._standin)
        account = provenance.account_id
        books = next((one for one in clients if account in (None, one.account_sid)), None)
        return Task(workspace_id, transcription_id, provenance, transcription.attempts, books)

    async def _fetched(self, task: Task) -> list[TranscriptionCommand]:
        """What the transcript tells the history; its end comes last."""
        if task.books is None:
            raise CannotFetch(FetchFailure.refused)
        sid = task.provenance.provider_id
        try:
            transcript = read_transcript(await task.books.transcript(sid))
            if transcript.is_over:
                return [reported(task.provenance, Report(TranscriptionStatus.failed))]
            if not transcript.is_complete:
                raise CannotFetch(FetchFailure.not_there)
            if transcript.is_encrypted:
                raise CannotFetch(FetchFailure.encrypted)
            provenance, around, is_dual = await self._located(task, transcript)
            if not around.may_keep(provenance.kind, None, self._clock()):
                return [KeepNothing(provenance=provenance, reason=NotKept.not_enabled)]
            sentences = await task.books.sentences_of(sid)
            heard = read_sentences(sentences, transcript.language, is_dual=is_dual)
            now = self._clock()
            kept = [
                one
                for one in heard
                if not around.is_taken_back(around.owners(one.channel), one.occurred_at, now)
            ]
            if heard and not kept:
                return [KeepNothing(provenance=provenance, reason=NotKept.withdrawn)]
            segments = _segments(provenance, kept, around, transcript.language)
        except RestFailed as failure:
            raise CannotFetch(_reason(failure)) from None
        except NotUnderstood:
            raise CannotFetch(FetchFailure.unknown_call) from None
        start = Report(TranscriptionStatus.started, None, ENGINE, transcript.language)
        end = Report(TranscriptionStatus.completed)
        return [reported(provenance, start), *segments, reported(provenance, end)]

    async def _located(
        self, task: Task, transcript: Transcript
    ) -> tuple[Provenance, Surroundings, bool]:
        """Of what it is: by the recording that it was made of, or the call that it was given."""
        workspace_id, sid = task.workspace_id, transcript.recording_sid
        recording = recording_id(workspace_id, PROVIDER, sid) if sid else None
        async with self._cell.scoped(workspace_id) as connection:
            entries = await read_stream(connection, recording) if recording else []
            made_of = folded_recording(entries)
            call = made_of.call_id
            if call is None and transcript.call_sid is not None:
                call = call_id(workspace_id, PROVIDER, transcript.call_sid)
            provenance = structs.replace(
                task.provenance, call_id=call, leg_id=made_of.leg_id, recording_id=recording
            )
            around = await surroundings(connection, workspace_id, provenance)
        if around.speakers is None:
            raise CannotFetch(FetchFailure.unknown_call)
        report = made_of.report
        return provenance, around, report is not None and report.channels == _DUAL

    async def _tell(self, task: Task, command: TranscriptionCommand) -> None:
        context = Context(ACTOR, uuid4())
        place = task.workspace_id, task.transcription_id
        await self._cell.writer.handle(Request(*place, TRANSCRIPTION, command, context))


def _segments(
    provenance: Provenance, heard: list[Heard], around: Surroundings, language: str | None
) -> list[AddSegment]:
    """The sentences, without card numbers: looked for in all of a channel at once."""
    found = []
    in_tracks = sorted(heard, key=lambda one: (one.channel, one.number))
    for channel, group in groupby(in_tracks, key=lambda one: one.channel):
        track = list(group)
        clean = redacted_together([one.text for one in track], language)
        owners = around.owners(channel)
        found += [
            added(provenance, one, said, owners) for one, said in zip(track, clean, strict=True)
        ]
    return found


def _reason(failure: RestFailed) -> FetchFailure:
    if failure.status in _REFUSED:
        return FetchFailure.refused
    is_absent = failure.status == _NOT_FOUND
    return FetchFailure.not_there if is_absent else FetchFailure.unreachable
