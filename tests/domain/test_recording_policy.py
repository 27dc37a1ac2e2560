"""Whether a recording may be kept, by the workspace's setting."""

import pytest
from asking import ASKED

from domain.policies.recording import may_be_kept
from domain.recordings.state import Report
from domain.recordings.words import RecordingStatus, Source
from domain.workspaces.state import Settings
from domain.workspaces.words import RecordingMode, RecordingPolicy

OFF = RecordingPolicy(mode=RecordingMode.off)


def made_by(source: Source | None) -> Report:
    """A recording that is complete."""
    return Report(RecordingStatus.completed, source, 2, None, None, 42, None, None, None)


@pytest.mark.parametrize("source", [*Source, None])
def test_only_where_calls_are_recorded(source: Source | None) -> None:
    """Off, or never set, nothing is kept of a call; what a caller leaves as a message is."""
    report = made_by(source)
    assert may_be_kept(Settings(recording=ASKED), report)
    is_message = source is Source.message
    assert may_be_kept(Settings(recording=OFF), report) is is_message
    assert may_be_kept(Settings(), report) is is_message


def test_what_was_never_reported_is_no_message() -> None:
    """A recording of which nothing is known is one of a call."""
    assert not may_be_kept(Settings(), None)
