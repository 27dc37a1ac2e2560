"""The rules of a recording: reports in any order, audio kept once, and every listener named."""

from datetime import date
from typing import Final
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from recordings import CALL, FIRST, SECOND, begin, fail, report, store
from reports import leg_of
from scenario import Scenario
from sealing import tell
from strategies import disorders

from domain.recordings.commands import (
    AskDeletion,
    ConfirmDeletion,
    DeleteTrack,
    FailDeletion,
    Play,
)
from domain.recordings.events import (
    RecordingAbsent,
    RecordingAnnounced,
    RecordingCampaignNamed,
    RecordingCompleted,
    RecordingDeletedAtProvider,
    RecordingDeletionAsked,
    RecordingDeletionFailed,
    RecordingFetchBegun,
    RecordingFetchFailed,
    RecordingPlayed,
    RecordingStarted,
    RecordingStored,
    RecordingTrackDeleted,
)
from domain.recordings.recording import RECORDING
from domain.recordings.words import (
    FetchFailure,
    Loss,
    ProviderCopy,
    Purpose,
    RecordingStatus,
    Source,
)

ANNOUNCED: Final = RecordingAnnounced(
    provider_id="RE1", account_id="AC1", call_id=CALL, leg_id=leg_of("line")
)
NEW: Final = Scenario(RECORDING)
COMPLETED: Final = NEW.when(report())
KEPT: Final = COMPLETED.when(begin()).when(store())
STARTED, ABSENT = RecordingStatus.started, RecordingStatus.absent
RESIDUAL: Final = date(2026, 4, 11)


def test_a_recording_is_announced_once_and_then_reported() -> None:
    """Whatever comes first introduces it; its call and its leg are told then."""
    first, second = NEW.when(report(STARTED)).events
    assert (first, type(second)) == (ANNOUNCED, RecordingStarted)
    (third,) = NEW.when(report(STARTED)).when(report()).events
    assert isinstance(third, RecordingCompleted)


def test_the_start_is_a_time_of_its_own() -> None:
    """It happened when the provider says that recording began; the end has no time told."""
    _, started = NEW.when(report(STARTED)).events
    _, completed = COMPLETED.events
    assert started.occurred_at == report().started_at
    assert completed.occurred_at is None


def test_what_was_said_before_says_nothing_new() -> None:
    """Repeats and retries are free."""
    COMPLETED.when(report()).nothing_happens()


def test_a_late_report_takes_nothing_back() -> None:
    """It is written down, and the recording stays complete."""
    late = COMPLETED.when(report(STARTED))
    assert [type(event) for event in late.events] == [RecordingStarted]
    assert late.state.status is RecordingStatus.completed


def test_audio_that_is_there_holds_against_its_absence() -> None:
    """Of contradictory ends the one with audio: it must not be left at the provider."""
    for one, other in ((report(), report(ABSENT)), (report(ABSENT), report())):
        told = NEW.when(one).when(other)
        assert told.state.status is RecordingStatus.completed
        assert told.state.is_due


@given(st.data())
def test_the_same_reports_make_the_same_recording(data: st.DataObject) -> None:
    """In any order, any of them any number of times."""
    reports = data.draw(
        st.lists(
            st.builds(
                report,
                st.sampled_from(RecordingStatus),
                source=st.none() | st.sampled_from(Source),
                channels=st.sampled_from((None, 1, 2)),
                error_code=st.sampled_from((None, 0, 7)),
            ),
            min_size=1,
            max_size=5,
        )
    )
    straight, _ = tell(RECORDING, reports)
    shuffled, events = tell(RECORDING, data.draw(disorders(reports)))
    assert shuffled == straight
    assert shuffled.report == straight.report
    assert sum(isinstance(event, RecordingAnnounced) for event in events) == 1


def test_only_complete_audio_is_fetched() -> None:
    """Not before, and not what is absent."""
    for status in (STARTED, ABSENT):
        NEW.when(report(status)).when(begin()).refused("nothing_to_fetch")
    COMPLETED.when(begin()).then(RecordingFetchBegun(objects=FIRST))


def test_an_attempt_that_was_begun_is_begun() -> None:
    """Asking for the very same again adds nothing: nobody heard of the first answer."""
    COMPLETED.when(begin()).when(begin()).nothing_happens()


def test_a_failed_attempt_is_followed_by_another() -> None:
    """Unless it failed for good."""
    failed = COMPLETED.when(begin()).when(fail())
    failed.then(RecordingFetchFailed(objects=FIRST, reason=FetchFailure.not_there, is_final=False))
    failed.when(fail()).nothing_happens()
    assert failed.when(begin(SECOND)).state.attempts == 2
    assert failed.when(begin(SECOND)).state.failure is None
    given_up = COMPLETED.when(begin()).when(fail(is_final=True))
    given_up.when(begin(SECOND)).refused("nothing_to_fetch")


def test_audio_is_kept_once() -> None:
    """What was kept stays; keeping the same again adds nothing, and it is fetched no more."""
    (stored,) = KEPT.events
    assert isinstance(stored, RecordingStored)
    assert [track.name for track in stored.tracks] == list(FIRST)
    KEPT.when(store()).nothing_happens()
    KEPT.when(begin(SECOND)).refused("nothing_to_fetch")
    KEPT.when(fail()).nothing_happens()


def test_stored_and_to_be_deleted_there_is_one_decision() -> None:
    """Where the provider's copy is to go then: there is nothing in between to be killed in."""
    stored, asked = COMPLETED.when(begin()).when(store(asks_deletion=True)).events
    assert (type(stored), asked) == (RecordingStored, RecordingDeletionAsked())
    assert [type(event) for event in KEPT.events] == [RecordingStored]


def test_of_two_attempts_the_later_holds() -> None:
    """The other is told, so that it deletes what it wrote; its failure is nobody's business."""
    twice = COMPLETED.when(begin()).when(begin(SECOND))
    twice.when(store(FIRST)).refused("attempt_superseded")
    twice.when(fail(FIRST)).nothing_happens()
    assert twice.when(store(SECOND)).state.stored is not None
    twice.when(store(SECOND)).when(store(FIRST)).refused("attempt_superseded")


def test_what_is_to_be_deleted_at_the_provider_is_not_kept_any_more() -> None:
    """Somebody objected while it was fetched."""
    asked = COMPLETED.when(begin()).when(AskDeletion())
    asked.when(store()).refused("attempt_superseded")
    asked.when(begin(SECOND)).refused("nothing_to_fetch")


def test_the_provider_s_copy_is_asked_for_once_and_confirmed_once() -> None:
    """With every answer in between, and the date until which something is left."""
    NEW.when(report(STARTED)).when(AskDeletion()).refused("recording_not_completed")
    KEPT.when(ConfirmDeletion(residual_until=RESIDUAL)).refused("deletion_not_asked")
    asked = KEPT.when(AskDeletion())
    asked.then(RecordingDeletionAsked()).when(AskDeletion()).nothing_happens()
    failure = FailDeletion(attempt=1, status=409, error_code=20009)
    failed = asked.when(failure)
    failed.then(RecordingDeletionFailed(attempt=1, status=409, error_code=20009))
    failed.when(failure).nothing_happens()
    confirmed = failed.when(ConfirmDeletion(residual_until=RESIDUAL))
    confirmed.then(RecordingDeletedAtProvider(residual_until=RESIDUAL))
    assert confirmed.state.copy is ProviderCopy.deleted
    assert confirmed.state.residual_until == RESIDUAL
    confirmed.when(ConfirmDeletion(residual_until=RESIDUAL)).nothing_happens()
    confirmed.when(failure).nothing_happens()


def test_a_track_is_deleted_once_and_the_other_is_heard_on() -> None:
    """One party's erasure silences one channel."""
    COMPLETED.when(DeleteTrack(track=0, reason=Loss.erased)).refused("no_such_track")
    one = KEPT.when(DeleteTrack(track=0, reason=Loss.erased))
    one.then(RecordingTrackDeleted(track=0, reason=Loss.erased))
    one.when(DeleteTrack(track=0, reason=Loss.erased)).nothing_happens()
    one.when(DeleteTrack(track=2, reason=Loss.erased)).refused("no_such_track")
    assert one.state.can_be_heard
    assert not one.when(DeleteTrack(track=1, reason=Loss.expired)).state.can_be_heard


def test_every_listener_is_named() -> None:
    """Each request once, however often it was told; what cannot be heard, nobody heard."""
    asked = Play(purpose=Purpose.dispute, request_id=uuid4())
    COMPLETED.when(asked).refused("nothing_to_play")
    played = KEPT.when(asked)
    played.then(RecordingPlayed(purpose=Purpose.dispute, request_id=asked.request_id))
    played.when(asked).nothing_happens()
    again = Play(purpose=Purpose.dispute, request_id=uuid4())
    assert len(played.when(again).events) == 1


def test_an_absent_recording_says_why() -> None:
    """With the provider's own code."""
    *_, absent = NEW.when(report(ABSENT, error_code=31)).events
    assert isinstance(absent, RecordingAbsent)
    assert absent.error_code == 31


def test_audio_is_of_its_call_s_campaign() -> None:
    """It is named before the keys are, so that they go by its period."""
    first, second = (
        COMPLETED.when(begin()).when(structs.replace(store(), campaign="spring")).events
    )
    assert first == RecordingCampaignNamed(campaign="spring")
    assert isinstance(second, RecordingStored)
