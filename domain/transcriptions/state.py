"""What is known of a transcription. Reports and segments are sets: any order folds alike."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, assert_never

from msgspec import structs

from domain.personal_data import Personal
from domain.transcriptions.commands import Provenance
from domain.transcriptions.events import (
    TranscriptionAnnounced,
    TranscriptionAvailable,
    TranscriptionCompleted,
    TranscriptionEvent,
    TranscriptionFailed,
    TranscriptionFetchFailed,
    TranscriptionLocated,
    TranscriptionNotKept,
    TranscriptionReported,
    TranscriptionSegmentAdded,
    TranscriptionSegmentCorrected,
    TranscriptionSegmentForgotten,
    TranscriptionStarted,
)
from domain.transcriptions.words import (
    Channel,
    CorrectionReason,
    FetchFailure,
    NotKept,
    TranscriptionStatus,
)


class Report(NamedTuple):
    """One thing the provider said of it. Equal reports are the same report."""

    status: TranscriptionStatus
    occurred_at: datetime | None = None
    engine: str | None = None
    language: str | None = None
    error_code: int | None = None


class SegmentKey(NamedTuple):
    """Which segment."""

    channel: Channel
    number: int


class Version(NamedTuple):
    """A text of a segment, and the version of the stream that holds it."""

    version: int
    text: Personal
    share: Personal | None
    reason: CorrectionReason | None
    """``None`` for what the machine heard."""

    cards_redacted: int


@dataclass(frozen=True, slots=True)
class Segment:
    """Something that was said without a break, and what was made of it."""

    key: SegmentKey
    occurred_at: datetime | None
    started_ms: int | None
    ended_ms: int | None
    confidence: Decimal | None
    language: str | None
    engine: str | None
    ai_generated: bool
    versions: tuple[Version, ...]
    """The machine's first, then each correction."""

    @property
    def latest(self) -> Version:
        """What is read."""
        return self.versions[-1]


@dataclass(frozen=True, slots=True)
class Transcription:
    """A transcription as far as its entries tell."""

    version: int = 0
    provenance: Provenance | None = None
    reports: frozenset[Report] = frozenset()
    segments: Mapping[SegmentKey, Segment] = field(default_factory=dict)
    forgotten: frozenset[SegmentKey] = frozenset()
    """Those whose text is gone, because what it rested on was withdrawn."""

    not_kept: NotKept | None = None
    attempts: int = 0
    failure: FetchFailure | None = None
    is_given_up: bool = False

    @property
    def report(self) -> Report | None:
        """How far it is; of contradictory reports always the same."""
        return max(self.reports, key=_weight, default=None)

    @property
    def status(self) -> TranscriptionStatus | None:
        """The furthest status; ``None`` for one of which only segments came."""
        return self.report.status if self.report else None

    @property
    def start(self) -> Report | None:
        """What was said of the machine that listens."""
        found = (r for r in self.reports if r.engine is not None or r.language is not None)
        return max(found, key=_weight, default=None)

    @property
    def is_due(self) -> bool:
        """Whether it is to be fetched."""
        is_kept = self.not_kept is None and not self.is_given_up
        return is_kept and self.status is TranscriptionStatus.available


def evolve(transcription: Transcription, event: TranscriptionEvent) -> Transcription:
    """The transcription after one more event."""
    after = replace(transcription, version=transcription.version + 1)
    match event:
        case TranscriptionAnnounced():
            return replace(after, provenance=_provenance(event))
        case TranscriptionLocated():
            return replace(after, provenance=_located(after.provenance, event))
        case (
            TranscriptionAvailable()
            | TranscriptionStarted()
            | TranscriptionCompleted()
            | TranscriptionFailed()
        ):
            return replace(after, reports=after.reports | {report_of(event)})
        case TranscriptionSegmentAdded() | TranscriptionSegmentCorrected():
            return _with(after, _segment(after, event))
        case TranscriptionNotKept() | TranscriptionSegmentForgotten():
            return _without(after, event)
        case TranscriptionFetchFailed():
            return replace(
                after, attempts=event.attempt, failure=event.reason, is_given_up=event.is_final
            )
        case _:
            assert_never(event)


def _without(
    known: Transcription, event: TranscriptionNotKept | TranscriptionSegmentForgotten
) -> Transcription:
    if isinstance(event, TranscriptionNotKept):
        return replace(known, not_kept=event.reason)
    key = SegmentKey(event.channel, event.number)
    return replace(known, forgotten=known.forgotten | {key})


def report_of(event: TranscriptionReported) -> Report:
    """What an event says of it."""
    match event:
        case TranscriptionAvailable():
            return Report(TranscriptionStatus.available, event.occurred_at)
        case TranscriptionStarted():
            said = event.occurred_at, event.engine, event.language
            return Report(TranscriptionStatus.started, *said)
        case TranscriptionCompleted():
            return Report(TranscriptionStatus.completed, event.occurred_at)
        case TranscriptionFailed():
            code = event.error_code
            return Report(TranscriptionStatus.failed, event.occurred_at, error_code=code)
        case _:
            assert_never(event)


def in_order(segments: Iterable[Segment]) -> list[Segment]:
    """The segments as they were said. Within a channel their numbers decide, and nothing else.

    Between channels the times do: a provider promises no more than each channel's order. A
    segment without a time stands beside the one before it in its channel.
    """
    found = sorted(segments, key=lambda segment: segment.key)
    return [segment for _, segment in sorted(_timed(found), key=lambda one: one[0])]


def _timed(segments: Iterable[Segment]) -> Iterator[tuple[tuple[float, SegmentKey], Segment]]:
    """Each with a time that never goes back within its channel."""
    reached: dict[Channel, float] = {}
    for segment in segments:
        channel = segment.key.channel
        at = max(_time(segment), reached.get(channel, 0.0))
        reached[channel] = at
        yield (at, segment.key), segment


def _time(segment: Segment) -> float:
    if segment.started_ms is not None:
        return segment.started_ms / 1000
    return segment.occurred_at.timestamp() if segment.occurred_at else 0.0


def _provenance(event: TranscriptionAnnounced) -> Provenance:
    return Provenance(
        provider_id=event.provider_id,
        account_id=event.account_id,
        kind=event.kind,
        call_id=event.call_id,
        leg_id=event.leg_id,
        recording_id=event.recording_id,
    )


def _located(provenance: Provenance | None, event: TranscriptionLocated) -> Provenance | None:
    if provenance is None:
        return None
    return structs.replace(
        provenance, call_id=event.call_id, leg_id=event.leg_id, recording_id=event.recording_id
    )


def _segment(
    transcription: Transcription, event: TranscriptionSegmentAdded | TranscriptionSegmentCorrected
) -> Segment:
    key, cards = SegmentKey(event.channel, event.number), event.cards_redacted or 0
    if isinstance(event, TranscriptionSegmentCorrected):
        earlier = transcription.segments[key]
        corrected = Version(transcription.version, event.text, event.share, event.reason, cards)
        return replace(earlier, versions=(*earlier.versions, corrected))
    heard = Version(transcription.version, event.text, event.share, None, cards)
    return Segment(
        key,
        event.occurred_at,
        event.started_ms,
        event.ended_ms,
        event.confidence,
        event.language,
        event.engine,
        event.ai_generated,
        (heard,),
    )


def _with(transcription: Transcription, segment: Segment) -> Transcription:
    return replace(transcription, segments={**transcription.segments, segment.key: segment})


_RANKS = tuple(TranscriptionStatus)


def _weight(report: Report) -> tuple[int, int, str]:
    """A total order, so that the choice never depends on which came first: who says more holds."""
    said = sum(value is not None for value in report)
    return _RANKS.index(report.status), said, repr(report)
