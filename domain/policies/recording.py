"""Whether a recording may be kept: as the workspace had it, and as its parties agreed."""

from collections.abc import Collection, Mapping
from typing import NamedTuple
from uuid import UUID

from domain.calls.outcome import direction
from domain.calls.state import Call
from domain.calls.words import Direction
from domain.consents.words import Form
from domain.personal_data import Sealed
from domain.recordings.state import Report
from domain.recordings.words import Ground, Source
from domain.workspaces.state import Settings
from domain.workspaces.words import Consenting, RecordingMode

Granted = Mapping[UUID, Form]
"""Whose consent to recording was valid when it began, and in which form it had been given."""


class Verdict(NamedTuple):
    """Whether it may be kept; where not, on what ground it may not be kept by anybody."""

    is_kept: bool
    ground: Ground | None = None
    """``None`` where the workspace simply does not record: its provider's copy is its own."""


KEPT = Verdict(is_kept=True)


def verdict(
    settings: Settings,
    report: Report | None,
    call: Call,
    granted: Granted | None = None,
    taken_back: Collection[UUID] = (),
) -> Verdict:
    """Whether a recording of this call may be kept.

    What a caller says after the tone is a message that they leave, and no recorded call. A call
    that we did not route has no ruling: whoever is on its far side must have agreed beforehand.

    Args:
        settings: The workspace's, as they stood when the recording began.
        report: What the provider says of the recording.
        call: The call, with what its parties answered.
        granted: The consents of its parties, which they gave otherwise than in this call.
        taken_back: Who took back, by now, what they had agreed to when it began.
    """
    if call.recording.is_objected:
        return Verdict(is_kept=False, ground=Ground.objection)
    if report is not None and report.source is Source.message:
        return KEPT
    policy = settings.recording
    if policy is None or policy.mode is RecordingMode.off:
        return Verdict(is_kept=False)
    if call.recording.plan is None:
        allowed, parties = _forms(policy.mode), whose_consent(settings, report, call)
        has_agreed = bool(parties) and all(
            (granted or {}).get(party) in allowed for party in parties
        )
    else:
        has_agreed = call.recording.is_allowed
    if not has_agreed:
        return Verdict(is_kept=False, ground=Ground.no_consent)
    if {*taken_back} & {*whose_consent(settings, report, call)}:
        return Verdict(is_kept=False, ground=Ground.withdrawn)
    return KEPT


def whose_consent(settings: Settings, report: Report | None, call: Call) -> Collection[UUID]:
    """Whose consent a recording rests on: with any of it taken back, it has no ground.

    On nobody's where a caller left a message, or where the workspace did not record: then it is
    none that we keep on a consent.
    """
    is_message = report is not None and report.source is Source.message
    policy = settings.recording
    if is_message or policy is None or policy.mode is RecordingMode.off:
        return ()
    if call.recording.plan is not None:
        return far_parties(call, is_everybody=call.recording.needs_everybody)
    return far_parties(call, is_everybody=policy.consenting is not Consenting.caller)


def far_parties(call: Call, *, is_everybody: bool = True) -> Collection[UUID]:
    """Whose voices a recording of the call has, but for the workspace's own line.

    Without ``is_everybody`` only the far side: who called, or who was called.
    """
    root = call.root
    picked_up = [leg for leg in call.children if leg.course.was_answered]
    dialled = _subjects(*(leg.callee for leg in picked_up or call.children))
    if root is None:
        return dialled
    if direction(call) is Direction.inbound:
        return {*_subjects(root.caller), *(dialled if is_everybody else ())}
    return {*dialled, *(_subjects(root.callee) if is_everybody or not dialled else ())}


def _subjects(*parties: object) -> set[UUID]:
    return {party.subjects[0] for party in parties if isinstance(party, Sealed)}


def _forms(mode: RecordingMode) -> Collection[Form]:
    """An announcement may be agreed to by going on; a question by an act alone."""
    return (Form.express,) if mode is RecordingMode.asked else tuple(Form)
