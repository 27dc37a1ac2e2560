"""From what a machine heard to what the history is told of it.

What it takes is read in one snapshot: the call, for whoever is heard locks the text; and the
settings as they stood then, for they say whether there may be a text at all. Card numbers go
first, also one that began in the segment before, or goes on in the one after, as far as those are
kept by then.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from adapters.accesses.access import Inward
from adapters.cell import Cell
from adapters.event_store.history import read_stream
from adapters.keys.workspace_key import WorkspaceKey
from adapters.postgres.pool import Connection
from adapters.recordings.owners import voices
from adapters.transcriptions.texts import locked, read_texts
from adapters.twilio.forms import NotUnderstood
from adapters.twilio.transcriptions import Heard, Report, Said
from adapters.workspaces.then import settings_at
from domain.calls.speakers import Speakers, Voices
from domain.consents.consent import CONSENT, Consent, is_taken_back
from domain.consents.events import ConsentFact
from domain.consents.words import Purpose
from domain.identifiers import consent_id
from domain.messages import Entry
from domain.policies.transcription import may_be_transcribed
from domain.transcriptions.commands import (
    AddSegment,
    KeepNothing,
    Provenance,
    ReportTranscription,
    TranscriptionCommand,
)
from domain.transcriptions.events import TranscriptionEvent
from domain.transcriptions.redaction import Redacted, is_cut_off, redacted, redacted_together
from domain.transcriptions.state import Segment, Transcription
from domain.transcriptions.transcription import TRANSCRIPTION
from domain.transcriptions.words import Channel, Kind, NotKept

NEAR: Final = 3
"""A number is said within so many segments to either side."""


class Surroundings(NamedTuple):
    """What is known of what was transcribed."""

    speakers: Speakers | None
    workspace: Sequence[Entry]
    began_at: datetime | None
    """When the call began, by what we know; ``None`` for one that we do not know."""

    consents: Mapping[UUID, Consent]
    """Those to being transcribed of whoever is heard, by all that is known now."""

    def is_taken_back(self, owners: Voices, moment: datetime | None, now: datetime) -> bool:
        """Whether one of these had withdrawn their consent to it then, or has since."""
        then = moment or self.began_at or now
        whose = (self.consents[who] for one in owners for who in one.subjects)
        return any(is_taken_back(consent, then) for consent in whose)

    def may_keep(self, kind: Kind, moment: datetime | None, now: datetime) -> bool:
        """Whether the workspace had it transcribed then, or else when its call began."""
        then = moment or self.began_at or now
        return may_be_transcribed(settings_at(self.workspace, then), kind)

    def owners(self, channel: Channel) -> Voices:
        """Whose voices a channel has."""
        if self.speakers is None:
            # Who is not known cannot be erased: it waits until they are.
            raise NotUnderstood("unknown_call")
        match channel:
            case Channel.first:
                return self.speakers.first
            case Channel.second:
                return self.speakers.second
            case Channel.both:
                return self.speakers.all


async def commands_of(
    cell: Cell, workspace_id: UUID, said: Said, now: datetime
) -> list[TranscriptionCommand]:
    """What a callback tells the history.

    Raises:
        NotUnderstood: Nobody knows yet whose call it is of, and who is heard in it.
    """
    found: list[TranscriptionCommand] = []
    if said.heard is not None:
        found.append(await _heard(cell, workspace_id, said, said.heard, now))
    if said.report is not None:
        found.append(reported(said.provenance, said.report))
    return found


def reported(provenance: Provenance, report: Report) -> ReportTranscription:
    """What a report tells the history."""
    return ReportTranscription(provenance=provenance, **report._asdict())


def added(provenance: Provenance, heard: Heard, clean: Redacted, owners: Voices) -> AddSegment:
    """What a segment tells the history, its text without card numbers and locked."""
    text, share = locked(clean.text, owners)
    told = heard._replace(text="")._asdict() | {"text": text, "share": share}
    return AddSegment(provenance=provenance, **told, cards_redacted=clean.cards or None)


async def surroundings(
    connection: Connection, workspace_id: UUID, provenance: Provenance
) -> Surroundings:
    """What is known of the call and its workspace."""
    call = await read_stream(connection, provenance.call_id) if provenance.call_id else []
    call = [entry for entry in call if entry.workspace_id == workspace_id]
    workspace = await read_stream(connection, workspace_id)
    began = min((entry.occurred_at or entry.recorded_at for entry in call), default=None)
    heard = voices(call, provenance.leg_id)
    consents = {
        who: await consent_to_transcription(connection, workspace_id, who)
        for one in (heard.all if heard else ())
        for who in one.subjects
    }
    return Surroundings(heard, workspace, began, consents)


async def consent_to_transcription(
    connection: Connection, workspace_id: UUID, subject_id: UUID
) -> Consent:
    """One subject's, by all that is known of it now."""
    stream = consent_id(workspace_id, subject_id, Purpose.transcription)
    entries = await read_stream(connection, stream)
    return CONSENT.fold(e.event for e in entries if isinstance(e.event, ConsentFact))


async def may_keep_text(cell: Cell, workspace_id: UUID, now: datetime) -> bool:
    """Whether the text of a callback that is not understood may wait: as the settings are now."""
    async with cell.scoped(workspace_id) as connection:
        workspace = await read_stream(connection, workspace_id)
    return may_be_transcribed(settings_at(workspace, now), Kind.live)


def folded(entries: Sequence[Entry]) -> Transcription:
    """The transcription that a stream tells of."""
    return TRANSCRIPTION.fold(e.event for e in entries if isinstance(e.event, TranscriptionEvent))


async def _heard(
    cell: Cell, workspace_id: UUID, said: Said, heard: Heard, now: datetime
) -> AddSegment | KeepNothing:
    provenance = said.provenance
    async with cell.scoped(workspace_id) as connection:
        around = await surroundings(connection, workspace_id, provenance)
        if not around.may_keep(provenance.kind, heard.occurred_at, now):
            return KeepNothing(provenance=provenance, reason=NotKept.not_enabled)
        owners = around.owners(heard.channel)
        if around.is_taken_back(owners, heard.occurred_at, now):
            return KeepNothing(provenance=provenance, reason=NotKept.withdrawn)
        key = await cell.workspace_key(connection, workspace_id)
        clean = await _clean(connection, key, said.transcription_id, heard)
    return added(provenance, heard, clean, owners)


async def _clean(
    connection: Connection, key: WorkspaceKey, transcription_id: UUID, heard: Heard
) -> Redacted:
    """The text without card numbers, also without the rest of one that lies beside it."""
    if not is_cut_off(heard.text, heard.language):
        return redacted(heard.text, heard.language)
    kept = folded(await read_stream(connection, transcription_id)).segments.values()
    track = sorted((s for s in kept if s.key.channel is heard.channel), key=lambda s: s.key)
    before = [s for s in track if s.key.number < heard.number][-NEAR:]
    after = [s for s in track if s.key.number > heard.number][:NEAR]
    texts = await _texts(connection, key, transcription_id, [*before, *after])
    texts.insert(len(before), heard.text)
    return redacted_together(texts, heard.language)[len(before)]


async def _texts(
    connection: Connection,
    key: WorkspaceKey,
    transcription_id: UUID,
    segments: Sequence[Segment],
) -> list[str]:
    """What the machine heard in these; of what cannot be read a word that ends every number."""
    versions = [segment.versions[0] for segment in segments]
    access = Inward.card_may_be_cut
    readings = await read_texts(connection, key, transcription_id, versions, access)
    return [reading.value["text"] if reading.value else "gone" for reading in readings]
