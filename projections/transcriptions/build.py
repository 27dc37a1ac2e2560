"""How a transcription's entries become its row. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.messages import Entry
from domain.transcriptions.events import TranscriptionFetchFailed
from domain.transcriptions.state import Transcription, evolve
from domain.transcriptions.transcription import TRANSCRIPTION


@dataclass(frozen=True, slots=True)
class TranscriptionSoFar:
    """A transcription as far as its entries were read."""

    workspace_id: UUID
    transcription_id: UUID
    first_recorded_at: datetime
    version: int = 0
    position: int = 0
    transcription: Transcription = TRANSCRIPTION.initial
    tried_at: datetime | None = None


def fold(so_far: TranscriptionSoFar | None, entry: Entry) -> TranscriptionSoFar:
    """One more entry of the transcription."""
    event: Any = entry.event
    told = so_far or TranscriptionSoFar(entry.workspace_id, entry.stream_id, entry.recorded_at)
    return replace(
        told,
        version=entry.version,
        position=entry.position,
        transcription=evolve(told.transcription, event),
        tried_at=(
            entry.recorded_at if isinstance(event, TranscriptionFetchFailed) else told.tried_at
        ),
    )


def row(so_far: TranscriptionSoFar) -> tuple[Any, ...]:
    """The transcription's row, in the order of the view's columns."""
    transcription = so_far.transcription
    provenance = transcription.provenance
    return (
        so_far.workspace_id,
        so_far.transcription_id,
        so_far.version,
        so_far.position,
        provenance.call_id if provenance else None,
        so_far.first_recorded_at,
        int(transcription.is_due),
        transcription.attempts,
        so_far.tried_at,
    )
