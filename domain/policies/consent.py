"""Whether a call is recorded, and whose consent that takes, before anybody is put through.

Pure: the workspace's policy, where the parties are, and where the caller's consent stands decide.
An unknown place is the strictest (``domain.consents.jurisdictions``). What is decided is written
down with the rule and the version of the table, so that it can be shown years later (Art. 7(1)).
"""

from collections.abc import Collection
from datetime import date
from typing import Final, NamedTuple

from domain.calls.words import PlanReason, RecordingPlan
from domain.consents.jurisdictions import Consents, Ruling, recording_consent
from domain.consents.words import Standing
from domain.workspaces.words import Consenting, Prompt, RecordingMode, RecordingPolicy

_PLANS: Final = {
    (RecordingMode.announced, False): RecordingPlan.announce_to_caller,
    (RecordingMode.announced, True): RecordingPlan.announce_to_everybody,
    (RecordingMode.asked, False): RecordingPlan.ask_caller,
    (RecordingMode.asked, True): RecordingPlan.ask_everybody,
}


class Plan(NamedTuple):
    """What is done, why, and the ruling that was asked for, if it was."""

    what: RecordingPlan
    reason: PlanReason
    ruling: Ruling | None = None


def plan(
    policy: RecordingPolicy | None,
    places: Collection[str | None],
    day: date,
    caller_stands: Standing | None = None,
    *,
    caller_is_known: bool = True,
) -> Plan:
    """What is done about recording a call.

    Args:
        policy: The workspace's; one that was never set is off.
        places: Where each party is, as far as it is known (ISO 3166).
        day: On which day, for the table's rules have dates.
        caller_stands: Where the caller's own consent to being recorded stands.
        caller_is_known: Whether there is somebody whose consent could be shown.
    """
    if policy is None or policy.mode is RecordingMode.off:
        return Plan(RecordingPlan.none, PlanReason.not_enabled)
    if not (_can_be_said(policy.prompt) and _can_be_said(callee_prompt(policy))):
        return Plan(RecordingPlan.none, PlanReason.no_text)
    if not caller_is_known:
        return Plan(RecordingPlan.none, PlanReason.nobody_to_ask)
    if caller_stands is Standing.withdrawn:
        return Plan(RecordingPlan.none, PlanReason.withdrawn)
    if policy.consenting in (Consenting.caller, Consenting.everybody):
        is_everybody, ruling = policy.consenting is Consenting.everybody, None
        reason = PlanReason.workspace
    else:
        ruling = recording_consent(places, day)
        is_everybody = ruling.consents is Consents.all_parties
        reason = PlanReason.jurisdiction
    return Plan(_PLANS[policy.mode, is_everybody], reason, ruling)


def callee_prompt(policy: RecordingPolicy) -> Prompt | None:
    """What whoever picks up is told or asked."""
    return policy.callee_prompt or policy.prompt


def _can_be_said(prompt: Prompt | None) -> bool:
    return prompt is not None and prompt.text is not None
