"""Whether a call is recorded and whose consent that takes: by policy, places and what stands."""

from datetime import date

import pytest
from prompts import prompt

from domain.calls.words import PlanReason, RecordingPlan
from domain.consents.jurisdictions import TABLE
from domain.consents.words import Standing
from domain.policies.consent import callee_prompt, plan
from domain.workspaces.words import Consenting, Prompt, RecordingMode, RecordingPolicy

TODAY = date(2026, 3, 2)
ASKED, ANNOUNCED, OFF = RecordingMode.asked, RecordingMode.announced, RecordingMode.off


def policy(
    mode: RecordingMode = ASKED, consenting: Consenting | None = None, said: Prompt | None = None
) -> RecordingPolicy:
    """A workspace's policy, with a text to say."""
    return RecordingPolicy(mode=mode, consenting=consenting, prompt=said or prompt())


@pytest.mark.parametrize(
    ("mode", "consenting", "places", "expected"),
    [
        (ASKED, Consenting.caller, [None], RecordingPlan.ask_caller),
        (ASKED, Consenting.everybody, ["ES"], RecordingPlan.ask_everybody),
        (ASKED, Consenting.strictest, ["ES", "GB"], RecordingPlan.ask_caller),
        (ASKED, Consenting.strictest, ["ES", "DE"], RecordingPlan.ask_everybody),
        (ASKED, None, ["ES", "US-CA"], RecordingPlan.ask_everybody),
        (ASKED, None, ["ES", None], RecordingPlan.ask_everybody),  # unknown is everybody
        (ASKED, None, ["ES", "BE"], RecordingPlan.ask_everybody),  # no row
        (ANNOUNCED, Consenting.caller, [None], RecordingPlan.announce_to_caller),
        (ANNOUNCED, None, ["NL"], RecordingPlan.announce_to_caller),
        (ANNOUNCED, None, ["FR"], RecordingPlan.announce_to_everybody),
    ],
)
def test_whose_consent_it_takes(
    mode: RecordingMode,
    consenting: Consenting | None,
    places: list[str | None],
    expected: RecordingPlan,
) -> None:
    """The workspace's word, or the strictest place's; the table's version is told with it."""
    found = plan(policy(mode, consenting), places, TODAY)
    assert found.what is expected
    by_table = consenting in (None, Consenting.strictest)
    assert found.reason is (PlanReason.jurisdiction if by_table else PlanReason.workspace)
    assert (found.ruling is not None) is by_table
    if found.ruling is not None:
        assert found.ruling.table_version == TABLE.version


@pytest.mark.parametrize("wanted", [None, policy(OFF)])
def test_off_is_off(wanted: RecordingPolicy | None) -> None:
    """And a policy that was never set is off."""
    assert plan(wanted, ["ES"], TODAY).what is RecordingPlan.none


def test_without_a_text_nothing_is_said_and_nothing_recorded() -> None:
    """A hash alone can be compared and not be spoken."""
    mute = Prompt(prompt_id="recorded", version=1, language="en", text_sha256="ab" * 32)
    found = plan(policy(said=mute), ["ES"], TODAY)
    assert (found.what, found.reason) == (RecordingPlan.none, PlanReason.no_text)


def test_nobody_is_asked_whose_consent_could_not_be_shown() -> None:
    """Where the provider names no caller at all."""
    found = plan(policy(), ["ES"], TODAY, caller_is_known=False)
    assert (found.what, found.reason) == (RecordingPlan.none, PlanReason.nobody_to_ask)


@pytest.mark.parametrize("standing", [*Standing, None])
def test_a_withdrawal_stands_until_something_else_is_said(standing: Standing | None) -> None:
    """Whoever took it back is neither asked nor recorded; a no to one call is one to that call."""
    found = plan(policy(consenting=Consenting.caller), ["ES"], TODAY, standing)
    withdrawn = standing is Standing.withdrawn
    assert found.what is (RecordingPlan.none if withdrawn else RecordingPlan.ask_caller)


def test_whoever_picks_up_has_a_text_of_their_own_or_the_callers() -> None:
    """The caller's where none is set."""
    own = prompt("for_agents", "This call may be recorded: press 1 to agree.")
    assert callee_prompt(policy()) == prompt()
    with_own = RecordingPolicy(mode=ASKED, prompt=prompt(), callee_prompt=own)
    assert callee_prompt(with_own) == own
