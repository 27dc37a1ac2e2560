"""The rules of a transcription: segments in any order, corrected by versions, or not kept."""

from collections.abc import Sequence
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from reports import WORKSPACE, at
from scenario import Scenario
from sealing import seal, tell
from strategies import disorders
from transcripts import CALL, PROVENANCE, heard, spoken, told

from domain.errors import Refused
from domain.identifiers import call_id
from domain.policies.transcription import may_be_transcribed
from domain.transcriptions.commands import (
    AddSegment,
    CorrectSegment,
    FailTranscriptFetch,
    ForgetSegment,
    KeepNothing,
    TranscriptionCommand,
)
from domain.transcriptions.events import (
    TranscriptionAnnounced,
    TranscriptionFetchFailed,
    TranscriptionLocated,
    TranscriptionNotKept,
    TranscriptionSegmentAdded,
    TranscriptionSegmentCorrected,
    TranscriptionSegmentForgotten,
)
from domain.transcriptions.state import Segment, SegmentKey, Transcription, in_order
from domain.transcriptions.transcription import TRANSCRIPTION
from domain.transcriptions.words import (
    Channel,
    CorrectionReason,
    FetchFailure,
    Kind,
    NotKept,
    TranscriptionStatus,
)
from domain.workspaces.state import Settings
from domain.workspaces.words import AiPolicy, RecordingMode, RecordingPolicy, TranscriptionPolicy

ANNOUNCED: Final = TranscriptionAnnounced(
    provider_id="GT1", account_id="AC1", kind=Kind.live, call_id=CALL, leg_id=PROVENANCE.leg_id
)
NEW: Final = Scenario(TRANSCRIPTION)
AVAILABLE, STARTED, FAILED, COMPLETED = TranscriptionStatus
NOWHERE: Final = structs.replace(PROVENANCE, kind=Kind.intelligence, call_id=None, leg_id=None)
KEPT_OFF: Final = KeepNothing(provenance=PROVENANCE, reason=NotKept.not_enabled)


def correction(number: int, text: str = "Hello!", **said: Any) -> CorrectSegment:  # noqa: ANN401 - any field
    """What was really said."""
    usual: dict[str, Any] = {"channel": Channel.first, "reason": CorrectionReason.misheard}
    return CorrectSegment(
        **{**usual, "occurred_at": at(90), **said}, number=number, text=spoken(text)
    )


def test_a_transcription_is_announced_once() -> None:
    """Whatever comes first introduces it: its start, its end or what was heard."""
    for first in (told(STARTED), told(COMPLETED), heard(2), KEPT_OFF):
        found = NEW.when(first)
        assert found.events[0] == ANNOUNCED
        assert TranscriptionAnnounced not in map(type, found.when(heard(3)).events)


def test_what_a_machine_heard_says_so() -> None:
    """Every segment that it wrote."""
    _, added = NEW.when(heard(2)).events
    assert isinstance(added, TranscriptionSegmentAdded)
    assert added.ai_generated is True


def test_what_was_heard_before_says_nothing_new() -> None:
    """The same number in the same channel; in the other one it is another."""
    kept = NEW.when(heard(2))
    kept.when(heard(2)).nothing_happens()
    assert len(kept.when(heard(2, channel=Channel.second)).events) == 1


def test_a_correction_is_a_new_version() -> None:
    """The machine's stays, and so does each one after it."""
    corrected = NEW.when(heard(2)).when(correction(2)).when(correction(2, "Hullo"))
    segment = corrected.state.segments[SegmentKey(Channel.first, 2)]
    assert [version.version for version in segment.versions] == [2, 3, 4]
    assert [version.reason for version in segment.versions] == [None, *["misheard"] * 2]
    assert segment.latest.text.value == {"text": "Hullo"}


def test_a_correction_is_told_with_its_reason() -> None:
    """And with how many card numbers somebody wrote into it."""
    (corrected,) = NEW.when(heard(2)).when(correction(2, cards_redacted=1)).events
    assert isinstance(corrected, TranscriptionSegmentCorrected)
    assert (corrected.reason, corrected.cards_redacted) == (CorrectionReason.misheard, 1)
    assert corrected.occurred_at == at(90)


def test_only_what_was_heard_is_corrected() -> None:
    """And only by who has seen it as it is."""
    NEW.when(heard(2)).when(correction(3)).refused("no_such_segment")
    NEW.when(heard(2)).when(correction(2, expected_version=1)).refused("changed_meanwhile")
    assert NEW.when(heard(2)).when(correction(2, expected_version=2)).events


def test_that_nothing_is_kept_is_said_once() -> None:
    """However much was heard."""
    NEW.when(KEPT_OFF).then(ANNOUNCED, TranscriptionNotKept(reason=NotKept.not_enabled))
    NEW.when(KEPT_OFF).when(KEPT_OFF).nothing_happens()


def test_a_transcript_is_due_until_it_is_complete() -> None:
    """Or until nobody will try again."""
    due = NEW.when(told(AVAILABLE, provenance=NOWHERE))
    assert due.state.is_due
    assert not due.when(told(COMPLETED)).state.is_due
    assert not due.when(KeepNothing(provenance=NOWHERE, reason=NotKept.not_enabled)).state.is_due
    tried = FailTranscriptFetch(attempt=1, reason=FetchFailure.not_there, is_final=False)
    failed = due.when(tried).then(
        TranscriptionFetchFailed(attempt=1, reason=FetchFailure.not_there, is_final=False)
    )
    failed.when(tried).nothing_happens()
    assert failed.state.is_due
    again = structs.replace(tried, attempt=2, is_final=True)
    assert not failed.when(again).state.is_due
    failed.when(told(COMPLETED)).when(again).nothing_happens()


def test_its_call_may_become_known_later() -> None:
    """Once, when the transcript names its recording."""
    due = NEW.when(told(AVAILABLE, provenance=NOWHERE))
    located = due.when(heard(0))
    assert located.events[0] == TranscriptionLocated(call_id=CALL, leg_id=PROVENANCE.leg_id)
    assert located.state.provenance.call_id == CALL
    other = structs.replace(PROVENANCE, call_id=call_id(WORKSPACE, "test", "other"))
    assert len(located.when(heard(1, provenance=other)).events) == 1


def test_an_end_takes_back_a_failure() -> None:
    """Of contradictory reports the one with more of it holds, whichever came first."""
    for first, second in ((FAILED, COMPLETED), (COMPLETED, FAILED)):
        state = NEW.when(told(first)).when(told(second)).state
        assert state.status is COMPLETED


SEGMENTS: Final = st.builds(
    lambda number, channel, timed: heard(
        number, channel=channel, occurred_at=at(number) if timed else None
    ),
    st.integers(0, 6),
    st.sampled_from(Channel),
    st.booleans(),
)
REPORTS: Final = st.builds(
    lambda status, engine: told(status, engine=engine),
    st.sampled_from(TranscriptionStatus),
    st.none() | st.just("google"),
)


@given(st.data(), st.lists(SEGMENTS | REPORTS | st.just(KEPT_OFF), min_size=1, max_size=8))
def test_any_disorder_makes_the_same_transcription(
    data: st.DataObject, commands: list[TranscriptionCommand]
) -> None:
    """Whatever comes first, twice or late; of one number in one channel there is one text."""
    unique = {
        (command.channel, command.number) if isinstance(command, AddSegment) else number: command
        for number, command in enumerate(commands)
    }
    wanted = list(unique.values())
    in_turn, _ = tell(TRANSCRIPTION, wanted)
    found, events = tell(TRANSCRIPTION, data.draw(disorders(wanted)))
    assert _read(found) == _read(in_turn)
    assert TRANSCRIPTION.fold(events) == found


@given(st.lists(SEGMENTS, max_size=12))
def test_within_a_channel_the_numbers_decide(commands: list[AddSegment]) -> None:
    """Whatever the times say; and nothing is lost or told twice."""
    state, _ = tell(TRANSCRIPTION, commands)
    found = in_order(state.segments.values())
    assert sorted(one.key for one in found) == sorted(state.segments)
    for channel in Channel:
        numbers = [one.key.number for one in found if one.key.channel is channel]
        assert numbers == sorted(numbers)


def test_between_channels_the_times_decide() -> None:
    """Question and answer, although each channel counts for itself."""
    first = [heard(1, occurred_at=at(10)), heard(2, occurred_at=at(30))]
    second = [heard(n, channel=Channel.second, occurred_at=at(n * 10)) for n in (2, 4)]
    state, _ = tell(TRANSCRIPTION, [*second, *first])
    assert _order(in_order(state.segments.values())) == [
        *(("first", 1), ("second", 2), ("first", 2), ("second", 4)),
    ]


def test_a_transcript_is_in_the_order_of_its_offsets() -> None:
    """It has no times of the day."""
    told_at = {1: 500, 2: 100, 3: 900}
    commands = [
        heard(n, channel=c, occurred_at=None, started_ms=told_at[n])
        for n, c in ((1, Channel.first), (2, Channel.second), (3, Channel.second))
    ]
    state, _ = tell(TRANSCRIPTION, commands)
    assert _order(in_order(state.segments.values())) == [
        *(("second", 2), ("first", 1), ("second", 3)),
    ]


ON, OFF = TranscriptionPolicy(is_on=True), TranscriptionPolicy(is_on=False)
ASKED, UNRECORDED = (
    RecordingPolicy(mode=mode) for mode in (RecordingMode.asked, RecordingMode.off)
)


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        (Settings(), set()),
        (Settings(transcription=OFF, recording=ASKED, ai=AiPolicy(is_on=True)), set()),
        (Settings(transcription=ON), {Kind.message}),
        (Settings(transcription=ON, recording=UNRECORDED), {Kind.message}),
        (Settings(transcription=ON, recording=ASKED), {Kind.message, Kind.live}),
        (
            Settings(transcription=ON, recording=ASKED, ai=AiPolicy(is_on=False)),
            {Kind.message, Kind.live},
        ),
        (Settings(transcription=ON, recording=ASKED, ai=AiPolicy(is_on=True)), set(Kind)),
    ],
)
def test_only_what_is_recorded_and_enabled_is_transcribed(
    settings: Settings, kept: set[Kind]
) -> None:
    """A message is recorded by leaving it; a service that analyses takes a setting more."""
    assert {kind for kind in Kind if may_be_transcribed(settings, kind)} == kept


def _order(segments: Sequence[Segment]) -> list[tuple[str, int]]:
    return [(str(one.key.channel), one.key.number) for one in segments]


def _read(transcription: Transcription) -> Any:  # noqa: ANN401 - compared, and no more
    """All that it tells, but for where in the stream it stands."""
    segments = [
        (one.key, one.occurred_at, one.confidence, [seal(v.text) for v in one.versions])
        for one in in_order(transcription.segments.values())
    ]
    reports, start = transcription.reports, transcription.start
    return segments, reports, start, transcription.not_kept, transcription.status


def test_what_was_forgotten_is_not_corrected() -> None:
    """Once, only what there is, and it takes no text any more; that it was said stays."""
    forget = ForgetSegment(channel=Channel.first, number=2)
    forgotten = TranscriptionSegmentForgotten(channel=Channel.first, number=2)
    nobody = ForgetSegment(channel=Channel.second, number=2)
    requests: list[TranscriptionCommand] = [heard(2), nobody, forget, forget]
    state, events = tell(TRANSCRIPTION, requests)
    assert events[2:] == [forgotten]
    assert list(state.segments) == [SegmentKey(Channel.first, 2)]
    with pytest.raises(Refused, match="segment_forgotten"):
        TRANSCRIPTION.decide(state, correction(2))
