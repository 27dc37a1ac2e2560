"""Whenever a consent is withdrawn, what rested on it goes (GDPR Art. 7(3), 17(1)(b)).

What was done until then was lawful and stays said in the history: that it was recorded, by which
rule and on whose consent. What goes is the audio.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from domain.calls.state import Call
from domain.consents.consent import Consent, is_taken_back
from domain.consents.words import Purpose
from domain.policies.recording import whose_consent
from domain.recordings.commands import Forbid
from domain.recordings.state import Report
from domain.recordings.words import Ground
from domain.workspaces.state import Settings

FOLLOWED: Final = frozenset({Purpose.recording})
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
