"""What can happen to a recording. Stored for ever: additions only, a golden file for each."""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from domain.messages import Event, Message, OfCampaign
from domain.personal_data import Personal
from domain.recordings.words import FetchFailure, Ground, Heard, Loss, Purpose, Source


class Encryption(Message):
    """How the provider encrypted the audio, for the workspace's own key."""

    key_id: str
    """The provider's id of the public key."""

    wrapped_key: str
    """The content key under that public key, in base64."""

    nonce: str
    """In base64."""


class Track(Message):
    """One sealed object: the whole of the audio, or one channel of it."""

    name: str
    """Where it lies in the object store."""

    sealed_bytes: int
    sha256: str
    """Of the sealed object, in hex."""

    audio_bytes: int
    chunks: int


class Samples(Message):
    """How the samples of a channel look, where each channel is a track of its own."""

    format_code: int
    """As a WAVE file has it: 1 is PCM, 6 A-law, 7 mu-law."""

    rate: int
    """Samples of a channel in a second."""

    width: int
    """Bytes of a sample."""


class RecordingAnnounced(Event):
    """We heard of a recording for the first time."""

    name: ClassVar[str] = "recording.announced"

    provider_id: str
    """The provider's own id of it (Twilio: RecordingSid)."""

    account_id: str | None = None
    """The provider's account that holds it (Twilio: AccountSid)."""

    call_id: UUID
    leg_id: UUID
    """The leg that it was made on."""


class RecordingReported(Event):
    """The provider said how far a recording is. The base of the reports below."""

    source: Source | None = None
    channels: int | None = None
    heard: Heard | None = None
    started_at: datetime | None = None
    duration_seconds: int | None = None
    error_code: int | None = None
    """The provider's own; 0 where all went well."""

    unknown_fields: Personal | None = None
    """What the report held beyond what we understand."""


class RecordingStarted(RecordingReported):
    """The provider records."""

    name: ClassVar[str] = "recording.started"


class RecordingCompleted(RecordingReported):
    """The audio can be fetched from the provider, at once or soon."""

    name: ClassVar[str] = "recording.completed"

    media_url: str | None = None
    """Where, on a host of the provider's; it holds ids and nothing else."""

    encryption: Encryption | None = None


class RecordingAbsent(RecordingReported):
    """There is no audio: the recording was too short, silent, or the provider failed."""

    name: ClassVar[str] = "recording.absent"


class RecordingFailed(RecordingReported):
    """The provider could not record."""

    name: ClassVar[str] = "recording.failed"


class RecordingFetchBegun(Event):
    """An attempt to fetch and keep the audio begins. What it may write is named beforehand.

    So an object that is named here and not in ``recording.stored`` is nobody's.
    """

    name: ClassVar[str] = "recording.fetch_begun"

    objects: tuple[str, ...]


class RecordingFetchFailed(Event):
    """The attempt came to nothing, and what it had written is deleted."""

    name: ClassVar[str] = "recording.fetch_failed"

    objects: tuple[str, ...]
    """Which attempt: that which was to write these."""

    reason: FetchFailure
    is_final: bool
    """Whether trying again cannot help."""


class RecordingStored(Event):
    """The audio is sealed in our object store, and was read back from there.

    A track's key is a personal value: whoever is heard on the track locks it. A key of three or
    four owners is in two shares, which open it only together.
    """

    name: ClassVar[str] = "recording.stored"

    media_type: str
    """Of what the provider sent, and of what is played."""

    tracks: tuple[Track, ...]
    """One, or one for each of two channels."""

    samples: Samples | None = None
    """With two tracks: how they come together again."""

    first_key: Personal
    first_share: Personal | None = None
    second_key: Personal | None = None
    second_share: Personal | None = None


class RecordingTrackDeleted(Event):
    """A track that no key opens any more was deleted from the object store."""

    name: ClassVar[str] = "recording.track_deleted"

    track: int
    reason: Loss


class RecordingDeletionAsked(Event):
    """The provider's own copy is to be deleted."""

    name: ClassVar[str] = "recording.deletion_asked"


class RecordingDeletionFailed(Event):
    """The provider did not delete its copy, this time."""

    name: ClassVar[str] = "recording.deletion_failed"

    attempt: int
    """1, 2, 3 ..."""

    status: int
    """What the provider answered in HTTP; 0 where it did not answer."""

    error_code: int | None = None
    """The provider's own (Twilio: 20009, the recording is not final yet)."""


class RecordingDeletedAtProvider(Event):
    """The provider confirmed that its copy of the audio is gone. What is left has a date."""

    name: ClassVar[str] = "recording.deleted_at_provider"

    residual_until: date
    """Until then the provider keeps metadata of it: ids, times and duration."""


class RecordingPlayed(Event):
    """Somebody was given audio, or a part of it. Who it was stands in the entry."""

    name: ClassVar[str] = "recording.played"

    purpose: Purpose
    request_id: UUID


class RecordingForbidden(Event):
    """It may not be kept: what is ours of it is deleted, and the provider's copy is to be."""

    name: ClassVar[str] = "recording.forbidden"

    ground: Ground


class RecordingCampaignNamed(OfCampaign):
    """The recording's call belongs to a campaign, by whose period its audio goes."""

    name: ClassVar[str] = "recording.campaign_named"

    campaign: str


RecordingEvent = (
    RecordingAnnounced
    | RecordingStarted
    | RecordingCompleted
    | RecordingAbsent
    | RecordingFailed
    | RecordingFetchBegun
    | RecordingFetchFailed
    | RecordingStored
    | RecordingTrackDeleted
    | RecordingDeletionAsked
    | RecordingDeletionFailed
    | RecordingDeletedAtProvider
    | RecordingPlayed
    | RecordingForbidden
    | RecordingCampaignNamed
)
