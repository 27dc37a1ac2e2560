"""Whenever a consent is withdrawn, what rested on it goes (GDPR Art. 7(3), 17(1)(b)).

What was done until then was lawful and stays said in the history: that it was recorded, by which
rule and on whose consent; who spoke, and when. What goes is the audio, and the text.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from domain.calls.state import Call
from domain.consents.consent import Consent, is_taken_back
from domain.consents.words import Purpose
from domain.personal_data import Sealed
from domain.policies.recording import whose_consent
from domain.recordings.commands import Forbid
from domain.recordings.state import Report
from domain.recordings.words import Ground
from domain.transcriptions.state import Segment, Transcription
from domain.workspaces.state import Settings

FOLLOWED: Final = frozenset({Purpose.recording, Purpose.transcription})
"""The purposes on whose consent something is kept that goes with it."""


def prohibition(
    consent: Consent,
    subject_id: UUID,
    settings: Settings,
    report: Report | None,
    call: Call,
    began: datetime,
) -> Forbid | None:
    """What a withdrawal asks of a recording; ``None`` of one that it leaves alone.

    Args:
        consent: The subject's to being recorded, by all that is known now.
        subject_id: Who withdrew.
        settings: The workspace's, as they stood when the recording began.
        report: What the provider says of the recording.
        call: The call that it is of.
        began: When the recording began.
    """
    rests = subject_id in whose_consent(settings, report, call)
    return Forbid(ground=Ground.withdrawn) if rests and is_taken_back(consent, began) else None


def segments_taken_back(
    consent: Consent, subject_id: UUID, transcription: Transcription, began: datetime
) -> Sequence[Segment]:
    """The segments that a withdrawal takes: those in which this subject is heard.

    Args:
        consent: The subject's to being transcribed, by all that is known now.
        subject_id: Who withdrew.
        transcription: What was heard.
        began: When the call began, for what has no time of its own.
    """
    return [
        segment
        for segment in transcription.segments.values()
        if subject_id in _heard_in(segment)
        and is_taken_back(consent, segment.occurred_at or began)
    ]


def _heard_in(segment: Segment) -> set[UUID]:
    """Whoever locks a text of the segment: where they are not told apart, all who may be heard."""
    locks = (lock for one in segment.versions for lock in (one.text, one.share))
    return {who for lock in locks if isinstance(lock, Sealed) for who in lock.subjects}
