"""The rules of settings, dial targets and integrations, one story each."""

from collections.abc import Callable

import pytest
from asking import ASKED, SAID, change
from reports import at, party
from scenario import Scenario
from sealing import seal

from domain.messages import Event
from domain.personal_data import Category, Clear
from domain.workspaces.commands import (
    DisableIntegration,
    EnableIntegration,
    RemoveDialTarget,
    SetDialTarget,
)
from domain.workspaces.events import (
    AiPolicySet,
    DialTargetRemoved,
    DialTargetSet,
    IntegrationDisabled,
    IntegrationEnabled,
    MfaPolicySet,
    ProfileSet,
    ProviderDeletionSet,
    RecordingPolicySet,
    RegionSet,
    RetentionPeriodCleared,
    RetentionPeriodSet,
    RoutingSet,
    TranscriptionPolicySet,
)
from domain.workspaces.state import Settings
from domain.workspaces.words import (
    AiPolicy,
    Integration,
    Kept,
    MfaLevel,
    MfaPolicy,
    ProfileName,
    ProviderCopy,
    ProviderDeletion,
    RecordingMode,
    RecordingPolicy,
    Region,
    Residence,
    RetentionPeriod,
    Routing,
    RoutingRule,
    RoutingStep,
    Terms,
    TranscriptionPolicy,
)
from domain.workspaces.workspace import WORKSPACE

STORY = Scenario(WORKSPACE)
NUMBER = party()
DESK = DialTargetSet(**SAID, target="front_desk", number=seal(NUMBER))
TO_DESK = RoutingRule(step=RoutingStep.dial, targets=("front_desk",))
TERMS = Terms(version="1", text_sha256="cd" * 32)
EVERY_SETTING = [
    ("profile", ProfileName.callnex, ProfileSet),
    ("recording", ASKED, RecordingPolicySet),
    ("recording", RecordingPolicy(mode=RecordingMode.off), RecordingPolicySet),
    ("transcription", TranscriptionPolicy(is_on=True), TranscriptionPolicySet),
    ("ai", AiPolicy(is_on=False), AiPolicySet),
    ("routing", Routing(time_zone="UTC", rules=()), RoutingSet),
    ("region", Residence(region=Region.eu, country="BE"), RegionSet),
    ("mfa", MfaPolicy(level=MfaLevel.required, steps_up=True), MfaPolicySet),
    (
        "provider_deletion",
        ProviderDeletion(recordings=ProviderCopy.kept, transcriptions=ProviderCopy.kept),
        ProviderDeletionSet,
    ),
]


def kept(days: int | None, campaign: str | None = None) -> RetentionPeriod:
    """A period for recordings."""
    return RetentionPeriod(category=Kept.recordings, campaign=campaign, days=days)


@pytest.mark.parametrize(("name", "value", "event"), EVERY_SETTING)
def test_a_setting_is_set_and_says_why(
    name: str, value: object, event: Callable[..., Event]
) -> None:
    """Each has an event of its own, which says the whole of it, and why."""
    note = Clear({"text": "as Anne asked"}, Category.account)
    story = STORY.when(change(**{name: value}, note=note))
    story.then(event(**SAID, note=note, setting=value))
    assert getattr(story.state.settings, name) == value


@pytest.mark.parametrize(("name", "value", "event"), EVERY_SETTING)
def test_a_setting_that_stays_says_nothing(
    name: str, value: object, event: Callable[..., Event]
) -> None:
    """Set to what it is, for another reason and later, nothing happens."""
    STORY.given(event(**SAID, setting=value)).when(
        change(**{name: value}, occurred_at=at(9))
    ).nothing_happens()


def test_what_was_never_set_is_off() -> None:
    """No setting has a default that records, sends or keeps anything."""
    assert STORY.state.settings == Settings()
    assert {getattr(Settings(), name) for name, _, _ in EVERY_SETTING} == {None}


def test_several_settings_change_together_or_not_at_all() -> None:
    """One refusal among them and none is set."""
    both = change(recording=ASKED, transcription=TranscriptionPolicy(is_on=True))
    STORY.when(both).then(
        RecordingPolicySet(**SAID, setting=ASKED),
        TranscriptionPolicySet(**SAID, setting=TranscriptionPolicy(is_on=True)),
    )
    silent = RecordingPolicy(mode=RecordingMode.announced)
    STORY.when(change(recording=silent, ai=AiPolicy(is_on=True))).refused(
        "recording_without_announcement"
    )


def test_two_administrators_do_not_overwrite_each_other() -> None:
    """Who has seen an older version is refused; who has seen this one is not."""
    once = STORY.given(RecordingPolicySet(**SAID, setting=ASKED))
    off = RecordingPolicy(mode=RecordingMode.off)
    once.when(change(recording=off, expected_version=0)).refused("changed_meanwhile")
    once.when(change(recording=off, expected_version=1)).then(
        RecordingPolicySet(**SAID, setting=off)
    )


def test_a_period_is_set_for_the_workspace_and_for_a_campaign() -> None:
    """Each stands beside the other; the same again says nothing; clearing takes one away."""
    both = STORY.when(change(retention=(kept(60), kept(30, "spring")))).then(
        RetentionPeriodSet(**SAID, category=Kept.recordings, days=60),
        RetentionPeriodSet(**SAID, category=Kept.recordings, days=30, campaign="spring"),
    )
    both.when(change(retention=(kept(30, "spring"), kept(60)))).nothing_happens()
    both.when(change(retention=(kept(None, "spring"), kept(None, "autumn")))).then(
        RetentionPeriodCleared(**SAID, category=Kept.recordings, campaign="spring")
    )


@pytest.mark.parametrize(
    ("profile", "category", "days"),
    [
        (ProfileName.callnest, Kept.recordings, 45),
        (ProfileName.baseline, Kept.recordings, 91),
        (ProfileName.baseline, Kept.recordings, 0),
        (ProfileName.callnest, Kept.call_metadata, 364),
        (ProfileName.callnest, Kept.call_metadata, 731),
        (ProfileName.callnex, Kept.access_entries, 31),
        (ProfileName.callnex, Kept.invoices, 30),
        (ProfileName.callnex, Kept.account, 90),
    ],
)
def test_a_period_beyond_the_policy_is_refused(
    profile: ProfileName, category: Kept, days: int
) -> None:
    """What was published binds: no workspace chooses longer, and none shortens the law's."""
    period = RetentionPeriod(category=category, days=days)
    STORY.given(ProfileSet(**SAID, setting=profile)).when(change(retention=(period,))).refused(
        "retention_period_not_allowed"
    )


def test_a_policy_that_allows_less_does_not_slip_under_periods_that_stand() -> None:
    """45 days are none of CallNest's choices: the period goes with the change, or first."""
    chosen = STORY.given(RetentionPeriodSet(**SAID, category=Kept.recordings, days=45))
    chosen.when(change(profile=ProfileName.callnest)).refused("retention_period_not_allowed")
    chosen.when(change(profile=ProfileName.callnest, retention=(kept(30),))).then(
        ProfileSet(**SAID, setting=ProfileName.callnest),
        RetentionPeriodSet(**SAID, category=Kept.recordings, days=30),
    )


def test_a_dial_target_is_somebody_s_number() -> None:
    """Known to be the same person's, it says nothing new; else it is set anew."""
    ask = SetDialTarget(**SAID, target="front_desk", number=NUMBER)
    STORY.when(ask).then(DialTargetSet(**SAID, target="front_desk", number=NUMBER))
    known = STORY.given(DESK)
    (owner,) = seal(NUMBER).subjects
    same = SetDialTarget(**SAID, target="front_desk", number=NUMBER, subject_id=owner)
    known.when(same).nothing_happens()
    assert known.when(ask).events
    assert known.when(
        SetDialTarget(**SAID, target="back_office", number=NUMBER, subject_id=owner)
    ).events


def test_a_dial_target_stays_while_a_rule_dials_it() -> None:
    """A call is never routed to nobody by the removal of a number."""
    remove = RemoveDialTarget(**SAID, target="front_desk")
    STORY.when(remove).nothing_happens()
    STORY.given(DESK).when(remove).then(DialTargetRemoved(**SAID, target="front_desk"))
    routing = Routing(time_zone="UTC", rules=(TO_DESK,))
    STORY.given(DESK, RoutingSet(**SAID, setting=routing)).when(remove).refused(
        "dial_target_in_use"
    )


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (RoutingRule(step=RoutingStep.dial), "dialling_needs_targets"),
        (RoutingRule(step=RoutingStep.reject, targets=("front_desk",)), "dialling_needs_targets"),
        (
            RoutingRule(
                step=RoutingStep.dial, targets=("front_desk",), unanswered=RoutingStep.dial
            ),
            "unanswered_cannot_dial",
        ),
        (RoutingRule(step=RoutingStep.dial, targets=("nobody",)), "no_such_dial_target"),
        (
            RoutingRule(step=RoutingStep.queue, unanswered=RoutingStep.conference),
            "unanswered_cannot_dial",
        ),
        (
            RoutingRule(step=RoutingStep.voicemail, room="support"),
            "room_needs_queue_or_conference",
        ),
    ],
)
def test_a_rule_must_be_possible_to_follow(rule: RoutingRule, code: str) -> None:
    """A rule dials targets that there are, and only such a rule names any."""
    routing = Routing(time_zone="Europe/Brussels", rules=(TO_DESK, rule))
    STORY.given(DESK).when(change(routing=routing)).refused(code)


def test_an_integration_is_enabled_on_terms() -> None:
    """The same terms and fields say nothing new; other ones do; disabling ends it."""
    enable = EnableIntegration(**SAID, integration="crm", setting=Integration(terms=TERMS))
    enabled = STORY.when(enable).then(
        IntegrationEnabled(**SAID, integration="crm", setting=Integration(terms=TERMS))
    )
    enabled.when(enable).nothing_happens()
    more = Integration(terms=TERMS, fields=("outcome",))
    enabled.when(EnableIntegration(**SAID, integration="crm", setting=more)).then(
        IntegrationEnabled(**SAID, integration="crm", setting=more)
    )
    disable = DisableIntegration(**SAID, integration="crm")
    gone = enabled.when(disable).then(IntegrationDisabled(**SAID, integration="crm"))
    gone.when(disable).nothing_happens()
    assert gone.state.settings == Settings()
