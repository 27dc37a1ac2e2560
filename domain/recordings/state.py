"""What is known of a recording. Its reports are a set: whatever their order, they fold alike."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NamedTuple, assert_never
from uuid import UUID

from domain.recordings.events import (
    Encryption,
    RecordingAbsent,
    RecordingAnnounced,
    RecordingCampaignNamed,
    RecordingCompleted,
    RecordingDeletedAtProvider,
    RecordingDeletionAsked,
    RecordingDeletionFailed,
    RecordingEvent,
    RecordingFailed,
    RecordingFetchBegun,
    RecordingFetchFailed,
    RecordingForbidden,
    RecordingPlayed,
    RecordingReported,
    RecordingStarted,
    RecordingStored,
    RecordingTrackDeleted,
)
from domain.recordings.words import (
    FetchFailure,
    Ground,
    Heard,
    ProviderCopy,
    RecordingStatus,
    Source,
)


class Report(NamedTuple):
    """One thing the provider said of it. Equal reports are the same report."""

    status: RecordingStatus
    source: Source | None = None
    channels: int | None = None
    heard: Heard | None = None
    started_at: datetime | None = None
    duration_seconds: int | None = None
    error_code: int | None = None
    media_url: str | None = None
    encryption: Encryption | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording as far as its entries tell."""

    provider_id: str | None = None
    account_id: str | None = None
    call_id: UUID | None = None
    leg_id: UUID | None = None
    reports: frozenset[Report] = frozenset()
    attempts: int = 0
    objects: tuple[str, ...] = ()
    """What the latest attempt was to write."""

    failure: FetchFailure | None = None
    """Why the latest attempt came to nothing; ``None`` while it is under way, too."""

    is_given_up: bool = False
    stored: RecordingStored | None = None
    deleted_tracks: frozenset[int] = frozenset()
    copy: ProviderCopy = ProviderCopy.kept
    deletion_attempts: int = 0
    residual_until: date | None = None
    last_played: UUID | None = None
    forbidden: Ground | None = None
    """Why it may not be kept."""

    @property
    def report(self) -> Report | None:
        """What the provider says of it, all in all; of contradictory reports always the same."""
        return max(self.reports, key=_weight, default=None)

    @property
    def status(self) -> RecordingStatus | None:
        """How far it is; ``None`` for one that we never heard of."""
        return self.report.status if self.report else None

    @property
    def is_over(self) -> bool:
        """Whether the provider told us how it ended."""
        return self.status not in (None, RecordingStatus.started)

    @property
    def is_due(self) -> bool:
        """Whether its audio is to be fetched and kept."""
        is_there = self.status is RecordingStatus.completed and self.copy is ProviderCopy.kept
        is_wanted = self.forbidden is None and not self.is_given_up
        return is_there and self.stored is None and is_wanted

    @property
    def is_to_be_undone(self) -> bool:
        """Whether it may not be kept and something of it is, with us or at the provider."""
        is_at_provider = self.status is RecordingStatus.completed
        is_unasked = is_at_provider and self.copy is ProviderCopy.kept
        return self.forbidden is not None and (is_unasked or self.can_be_heard)

    @property
    def can_be_heard(self) -> bool:
        """Whether we have a track of it."""
        return self.stored is not None and len(self.deleted_tracks) < len(self.stored.tracks)


STATUSES = {
    RecordingStarted: RecordingStatus.started,
    RecordingCompleted: RecordingStatus.completed,
    RecordingAbsent: RecordingStatus.absent,
    RecordingFailed: RecordingStatus.failed,
}


def evolve(recording: Recording, event: RecordingEvent) -> Recording:
    """The recording after one more event."""
    match event:
        case RecordingAnnounced():
            return replace(
                recording,
                provider_id=event.provider_id,
                account_id=event.account_id,
                call_id=event.call_id,
                leg_id=event.leg_id,
            )
        case RecordingStarted() | RecordingCompleted() | RecordingAbsent() | RecordingFailed():
            return replace(recording, reports=recording.reports | {report_of(event)})
        case (
            RecordingFetchBegun()
            | RecordingFetchFailed()
            | RecordingCampaignNamed()
            | RecordingStored()
        ):
            return _fetched(recording, event)
        case RecordingTrackDeleted():
            return replace(recording, deleted_tracks=recording.deleted_tracks | {event.track})
        case RecordingDeletionAsked() | RecordingDeletionFailed() | RecordingDeletedAtProvider():
            return _copied(recording, event)
        case RecordingPlayed() | RecordingForbidden():
            return _marked(recording, event)
        case _:
            assert_never(event)


def report_of(event: RecordingReported) -> Report:
    """What an event says of the recording."""
    completed = event if isinstance(event, RecordingCompleted) else None
    return Report(
        STATUSES[type(event)],
        event.source,
        event.channels,
        event.heard,
        event.started_at,
        event.duration_seconds,
        event.error_code,
        completed.media_url if completed else None,
        completed.encryption if completed else None,
    )


def _marked(recording: Recording, event: RecordingPlayed | RecordingForbidden) -> Recording:
    match event:
        case RecordingPlayed():
            return replace(recording, last_played=event.request_id)
        case RecordingForbidden():
            return replace(recording, forbidden=recording.forbidden or event.ground)
        case _:
            assert_never(event)


def _fetched(
    recording: Recording,
    event: RecordingFetchBegun | RecordingFetchFailed | RecordingCampaignNamed | RecordingStored,
) -> Recording:
    match event:
        case RecordingFetchBegun():
            return replace(
                recording,
                attempts=recording.attempts + 1,
                objects=event.objects,
                failure=None,
            )
        case RecordingFetchFailed():
            return replace(recording, failure=event.reason, is_given_up=event.is_final)
        case RecordingCampaignNamed():
            return recording  # it is no rule's matter, but the seal's
        case RecordingStored():
            return replace(recording, stored=event)
        case _:
            assert_never(event)


def _copied(
    recording: Recording,
    event: RecordingDeletionAsked | RecordingDeletionFailed | RecordingDeletedAtProvider,
) -> Recording:
    match event:
        case RecordingDeletionAsked():
            return replace(recording, copy=ProviderCopy.asked)
        case RecordingDeletionFailed():
            return replace(recording, deletion_attempts=event.attempt)
        case RecordingDeletedAtProvider():
            return replace(
                recording, copy=ProviderCopy.deleted, residual_until=event.residual_until
            )
        case _:
            assert_never(event)


_RANKS = (
    RecordingStatus.started,
    RecordingStatus.absent,
    RecordingStatus.failed,
    RecordingStatus.completed,
)
"""Of contradictory ends the one with audio holds: it would otherwise stay at the provider."""


def _weight(report: Report) -> tuple[int, int, str]:
    """A total order, so that the choice never depends on which came first: who says more holds."""
    said = sum(value is not None for value in report)
    return _RANKS.index(report.status), said, repr(report)
