"""Whether a transcription may be kept: as the workspace had it when it was spoken."""

from domain.transcriptions.words import Kind
from domain.workspaces.state import Settings
from domain.workspaces.words import RecordingMode


def may_be_transcribed(settings: Settings, kind: Kind) -> bool:
    """Whether the workspace had it recorded, transcribed and, for some, analysed. Unset is off.

    A message that a caller leaves is recorded by leaving it. A service that analyses the
    conversation takes the setting for that, too.
    """
    transcription, recording, ai = settings.transcription, settings.recording, settings.ai
    if transcription is None or not transcription.is_on:
        return False
    if kind is Kind.intelligence and (ai is None or not ai.is_on):
        return False
    is_recording = recording is not None and recording.mode is not RecordingMode.off
    return kind is Kind.message or is_recording
