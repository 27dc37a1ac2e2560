"""The way of a recording's audio from the provider into our object store.

Killed anywhere, it leaves nothing that the next attempt does not find: what an attempt may write
is in the history before it writes, and the audio is there only after it was read back. Two
processes do not fetch one recording at the same time. A lock of the database sees to that; where
it is lost with its connection, the decider lets the later attempt win.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

import structlog

from adapters.cell import Cell
from adapters.event_store.history import read_stream
from adapters.event_store.requests import Request
from adapters.event_store.writer import Clock
from adapters.keys.envelope import Envelope, WrongKey
from adapters.objects.store import ObjectStore, new_name
from adapters.postgres.pool import Connection
from adapters.recordings.failures import CannotKeep
from adapters.recordings.owners import call_of, campaign_of, is_known, locked, owners, voices
from adapters.recordings.tracks import SealedAudio, intake, verify
from adapters.twilio.media import Media, located
from adapters.workspaces.credentials import Credentials, read_credentials
from adapters.workspaces.then import settings_at, settings_of
from domain.calls.speakers import Speakers
from domain.consents.consent import CONSENT, Consent, is_taken_back, last_by, valid_at
from domain.consents.events import ConsentFact, ConsentGiven
from domain.consents.words import Form, Purpose
from domain.errors import IntegrityAlarm, NotFound, Refused, Unavailable
from domain.identifiers import consent_id
from domain.messages import Context, Entry
from domain.policies.provider_deletion import copy_goes_once_stored
from domain.policies.recording import Granted, Verdict, far_parties, verdict
from domain.recordings.commands import (
    BeginFetch,
    FailFetch,
    Forbid,
    RecordingCommand,
    StoreAudio,
)
from domain.recordings.events import RecordingEvent, RecordingFetchBegun
from domain.recordings.recording import RECORDING
from domain.recordings.state import Recording
from domain.recordings.words import FetchFailure

BELIEVED: Final = timedelta(days=60)
"""A recording is heard of within so long, or its own time is wrong."""

ACTOR: Final = "policy:recording"
_LOCK: Final = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
_UNLOCK: Final = "SELECT pg_advisory_unlock_all()"
_DUAL: Final = 2
WHOLE_SECOND: Final = timedelta(seconds=1)
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Task:
    """A recording that is to be kept, and what that takes."""

    workspace_id: UUID
    recording_id: UUID
    recording: Recording
    heard: Speakers | None
    campaign: str | None
    made: date
    """From when its period counts."""

    credentials: Credentials
    verdict: Verdict
    """Whether it may be kept: as the workspace had it when it began, and as its parties agreed."""

    asks_deletion: bool
    """Whether the provider's copy is to go once it is stored."""

    left: Sequence[str]
    """What earlier attempts may have written: it is nobody's."""


class Keeper:
    """Keeps the audio of one cell's recordings."""

    def __init__(self, cell: Cell, objects: ObjectStore, media: Media, clock: Clock) -> None:
        self._cell = cell
        self._objects = objects
        self._media = media
        self._clock = clock

    async def keep(self, workspace_id: UUID, recording_id: UUID) -> bool:
        """Try to keep one recording; whether it is kept by now, through us.

        What stood in the way is in the history afterwards. Where somebody else is at it, or it
        cannot be told yet who is heard, nothing is done.
        """
        async with self._alone(recording_id) as is_ours:
            task = await self._task(workspace_id, recording_id) if is_ours else None
            return task is not None and await self._attempt(task)

    @asynccontextmanager
    async def _alone(self, recording_id: UUID) -> AsyncIterator[bool]:
        """Whether nobody else is at it, in any process; the lock goes with who is killed."""
        async with await self._cell.follow() as connection:
            rows = await connection.execute(_LOCK, (str(recording_id),))
            yield (await rows.fetchall())[0][0]
            # The server gives it up by itself, but only a moment after the connection is closed.
            await connection.execute(_UNLOCK)

    async def _task(self, workspace_id: UUID, recording_id: UUID) -> Task | None:
        """What it takes; ``None`` where there is nothing to do now."""
        async with self._cell.scoped(workspace_id) as connection:
            entries = await read_stream(connection, recording_id)
            recording = folded(entries)
            if not recording.is_due or recording.call_id is None:
                return None
            call = await read_stream(connection, recording.call_id)
            workspace = await read_stream(connection, workspace_id)
            began = began_at(entries, recording)
            consents = await _consents(connection, workspace_id, call)
            key = await self._cell.workspace_key(connection, workspace_id)
            credentials = await read_credentials(connection, key)
        if not is_known(call, entries, self._clock()):
            return None
        left = [
            name
            for entry in entries
            if isinstance(entry.event, RecordingFetchBegun)
            for name in entry.event.objects
        ]
        return Task(
            workspace_id,
            recording_id,
            recording,
            voices(call, recording.leg_id),
            campaign_of(call),
            _made(entries, recording),
            credentials,
            verdict(
                settings_at(workspace, began),
                recording.report,
                call_of(call),
                _granted(consents, began),
                [who for who, consent in consents.items() if is_taken_back(consent, began)],
            ),
            copy_goes_once_stored(settings_of(workspace)),
            left,
        )

    async def _attempt(self, task: Task) -> bool:
        if task.verdict.ground is not None:
            await self._tell(task, Forbid(ground=task.verdict.ground))
            log.warning("recording.forbidden", ground=task.verdict.ground)
            return False
        objects = new_name(task.workspace_id), new_name(task.workspace_id)
        try:
            await self._delete(task.left)
            await self._tell(task, BeginFetch(objects=objects))
            await self._tell(task, await self._kept(task, objects))
        except CannotKeep as failure:
            await self._give_back(objects)
            is_final = failure.is_final(task.recording.attempts + 1)
            failed = FailFetch(objects=objects, reason=failure.reason, is_final=is_final)
            await self._tell(task, failed)
            log.warning("recording.not_kept", reason=failure.reason, is_final=is_final)
        except (Refused, NotFound):  # overtaken by another attempt, or by the workspace's end
            await self._give_back(objects)
        else:
            return True
        return False

    async def _kept(self, task: Task, objects: tuple[str, str]) -> StoreAudio:
        """Fetch, seal, store and read back; what is to be told of it then."""
        if not task.verdict.is_kept:
            raise CannotKeep(FetchFailure.not_enabled)
        if task.heard is None:
            raise CannotKeep(FetchFailure.nobody)
        try:
            audio = await self._take_in(task, objects)
            for track in audio.tracks:
                await verify(self._objects, track)
        except Unavailable:
            raise CannotKeep(FetchFailure.not_kept) from None
        locks = [
            locked(key, who, task.made)
            for key, who in zip(audio.keys, owners(task.heard, len(audio.keys)), strict=True)
        ]
        return StoreAudio(
            objects=objects,
            campaign=task.campaign,
            media_type=audio.media_type,
            tracks=audio.tracks,
            samples=audio.samples,
            first_key=locks[0].key,
            first_share=locks[0].share,
            second_key=locks[1].key if len(locks) > 1 else None,
            second_share=locks[1].share if len(locks) > 1 else None,
            asks_deletion=task.asks_deletion,
        )

    async def _take_in(self, task: Task, objects: tuple[str, str]) -> SealedAudio:
        place = task.workspace_id, task.recording_id
        async with (
            intake(self._objects, *place, objects) as audio,
            aclosing(self._parts(task)) as parts,
        ):
            async for part in _opened(parts, task):
                await audio.add(part)
            return await audio.finish()

    def _parts(self, task: Task) -> AsyncGenerator[bytes]:
        """The audio as the provider has it."""
        place, report = located(task.recording, task.credentials), task.recording.report
        # What is encrypted cannot be mixed by the provider: it comes as it was recorded.
        is_dual = report is not None and report.channels == _DUAL and not report.encryption
        url = f"{place.url}?RequestedChannels={_DUAL}" if is_dual else place.url
        return self._media.parts(url, place.logins)

    async def _give_back(self, objects: Sequence[str]) -> None:
        """Delete what an attempt wrote; what cannot be deleted now, the next attempt does."""
        with suppress(Unavailable):
            await self._delete(objects)

    async def _delete(self, objects: Sequence[str]) -> None:
        for name in objects:
            await self._objects.delete(name)

    async def _tell(self, task: Task, command: RecordingCommand) -> None:
        context = Context(ACTOR, uuid4())
        place = task.workspace_id, task.recording_id
        await self._cell.writer.handle(Request(*place, RECORDING, command, context))


async def _opened(parts: AsyncIterator[bytes], task: Task) -> AsyncIterator[bytes]:
    """The audio, out of the encryption that the provider may have put it in."""
    report = task.recording.report
    encryption = report.encryption if report else None
    if encryption is None:
        async for part in parts:
            yield part
        return
    private_key = task.credentials.recording_keys.get(encryption.key_id, "")
    try:
        envelope = Envelope(private_key, encryption.wrapped_key, encryption.nonce)
        async for part in parts:
            yield envelope.add(part)
        yield envelope.finish()
    except WrongKey:
        raise CannotKeep(FetchFailure.no_private_key) from None
    except IntegrityAlarm:
        raise CannotKeep(FetchFailure.not_authentic) from None


def _made(entries: Sequence[Entry], recording: Recording) -> date:
    """The UTC day it was made on: by the provider's clock, where that can be believed.

    It is kept a while later, after an outage or where it was found in the provider's books.
    """
    heard, began = entries[0].recorded_at, began_at(entries, recording)
    is_likely = heard - BELIEVED <= began <= heard
    return (began if is_likely else heard).astimezone(UTC).date()


def began_at(entries: Sequence[Entry], recording: Recording) -> datetime:
    """When the recording began, as the provider says, or else when we heard of it.

    The provider tells whole seconds: what was set or said within that second came before.
    """
    started_at = recording.report.started_at if recording.report else None
    return started_at + WHOLE_SECOND if started_at else entries[0].recorded_at


async def _consents(
    connection: Connection, workspace_id: UUID, call: Sequence[Entry]
) -> dict[UUID, Consent]:
    """The consents of a call's parties to being recorded, by all that is known of them now."""
    return {
        subject: await consent_to_recording(connection, workspace_id, subject)
        for subject in far_parties(call_of(call))
    }


async def consent_to_recording(
    connection: Connection, workspace_id: UUID, subject_id: UUID
) -> Consent:
    """One subject's, by all that is known of it now."""
    stream = consent_id(workspace_id, subject_id, Purpose.recording)
    entries = await read_stream(connection, stream)
    return CONSENT.fold(e.event for e in entries if isinstance(e.event, ConsentFact))


def _granted(consents: Mapping[UUID, Consent], moment: datetime) -> Granted:
    """Who had agreed by then, and in which form."""
    granted = dict[UUID, Form]()
    for subject, consent in consents.items():
        last = last_by(consent, moment)
        if isinstance(last, ConsentGiven) and valid_at(consent, moment):
            granted[subject] = last.form
    return granted


def folded(entries: Sequence[Entry]) -> Recording:
    """The recording that a stream tells of."""
    return RECORDING.fold(e.event for e in entries if isinstance(e.event, RecordingEvent))
