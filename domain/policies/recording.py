"""Whether a recording may be kept: as the workspace had it when the recording began."""

from domain.recordings.state import Report
from domain.recordings.words import Source
from domain.workspaces.state import Settings
from domain.workspaces.words import RecordingMode


def may_be_kept(settings: Settings, report: Report | None) -> bool:
    """Whether the workspace had its calls recorded. A setting that was never set is off.

    What a caller says after the tone is a message that they leave, and no recorded call.
    """
    if report is not None and report.source is Source.message:
        return True
    policy = settings.recording
    return policy is not None and policy.mode is not RecordingMode.off
