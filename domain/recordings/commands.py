"""What can be asked of a recording."""

from datetime import date, datetime
from uuid import UUID

from domain.messages import Command, InCampaign
from domain.personal_data import Clear
from domain.recordings.events import Encryption, Samples, Track
from domain.recordings.words import (
    FetchFailure,
    Ground,
    Heard,
    Loss,
    Purpose,
    RecordingStatus,
    Source,
)


class ReportRecording(Command):
    """The provider says how far a recording is. May come late, twice, or in any order."""

    provider_id: str
    account_id: str | None = None
    call_id: UUID
    leg_id: UUID
    status: RecordingStatus
    source: Source | None = None
    channels: int | None = None
    heard: Heard | None = None
    started_at: datetime | None = None
    duration_seconds: int | None = None
    error_code: int | None = None
    media_url: str | None = None
    encryption: Encryption | None = None
    unknown_fields: Clear | None = None

    second_hand: bool | None = None
    """Whether the provider's books say so, afterwards: an end counts where nobody told us one."""


class BeginFetch(Command):
    """Try to fetch and keep the audio, under these names that were never used."""

    objects: tuple[str, ...]


class FailFetch(Command):
    """The attempt that was to write these came to nothing."""

    objects: tuple[str, ...]
    reason: FetchFailure
    is_final: bool


class StoreAudio(InCampaign):
    """The attempt kept the audio: it is in the object store and was read back."""

    objects: tuple[str, ...]
    media_type: str
    tracks: tuple[Track, ...]
    samples: Samples | None = None
    first_key: Clear
    first_share: Clear | None = None
    second_key: Clear | None = None
    second_share: Clear | None = None
    asks_deletion: bool = False
    """Whether the provider's copy is to go now that we have one."""


class DeleteTrack(Command):
    """A track that no key opens any more is deleted."""

    track: int
    reason: Loss


class AskDeletion(Command):
    """The provider's own copy is to be deleted."""


class FailDeletion(Command):
    """The provider did not delete it, this time."""

    attempt: int
    status: int
    error_code: int | None = None
    occurred_at: datetime | None = None


class ConfirmDeletion(Command):
    """The provider says that its copy is gone."""

    residual_until: date
    occurred_at: datetime | None = None


class Play(Command):
    """Somebody wants to hear it."""

    purpose: Purpose
    request_id: UUID


class Forbid(Command):
    """It may not be kept, on this ground."""

    ground: Ground


RecordingCommand = (
    ReportRecording
    | BeginFetch
    | FailFetch
    | StoreAudio
    | DeleteTrack
    | AskDeletion
    | FailDeletion
    | ConfirmDeletion
    | Play
    | Forbid
)
