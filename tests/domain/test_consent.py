"""The rules of a consent, one story each."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from consent_stories import CLICKED, PRESSED, SUBJECT_ID, WRITTEN, said
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from reports import at
from scenario import Scenario
from sealing import sealed, tell
from strategies import disorders

from domain.consents.commands import (
    AskConsent,
    ConsentCommand,
    GiveConsent,
    RefuseConsent,
    WithdrawConsent,
)
from domain.consents.consent import CONSENT, SAME_CLICK, Consent, last_by, standing_at, valid_at
from domain.consents.events import (
    ConsentAsked,
    ConsentGiven,
    ConsentRefused,
    ConsentStated,
    ConsentWithdrawn,
)
from domain.consents.words import (
    Channel,
    Cookies,
    Form,
    Marketing,
    Purpose,
    Standing,
    is_kind_of,
)
from domain.errors import Refused
from domain.personal_data import Category, Clear

SAYINGS: dict[type[ConsentCommand], type[ConsentStated]] = {
    AskConsent: ConsentAsked,
    GiveConsent: ConsentGiven,
    RefuseConsent: ConsentRefused,
    WithdrawConsent: ConsentWithdrawn,
}


def consent(*commands: ConsentCommand) -> Consent:
    """The consent after all of these were said, in this order."""
    return tell(CONSENT, commands)[0]


@pytest.mark.parametrize("command", SAYINGS)
def test_what_is_said_is_kept_with_its_evidence(command: type[ConsentCommand]) -> None:
    """Each statement is an event with its time, its subject, its purpose and how it was said."""
    words = Clear({"text": "fine by me"}, Category.consent_evidence, subject=SUBJECT_ID)
    (event,) = CONSENT.decide(CONSENT.initial, said(command, 7, words=words))
    assert type(event) is SAYINGS[command]
    assert (event.occurred_at, event.subject_id, event.purpose) == (
        at(7),
        SUBJECT_ID,
        Purpose.recording,
    )
    assert event.evidence is PRESSED
    assert event.words is words


@pytest.mark.parametrize("command", SAYINGS)
def test_what_was_said_before_says_nothing_new(command: type[ConsentCommand]) -> None:
    """The same statement again, by a retry or with words beside it, is not a second event."""
    words = Clear({"text": "as I said"}, Category.consent_evidence, subject=SUBJECT_ID)
    story = Scenario(CONSENT).when(said(command, 7)).when(said(command, 7))
    story.nothing_happens().when(said(command, 7, words=words)).nothing_happens()


@pytest.mark.parametrize(
    "more", [{"evidence": WRITTEN}, {"form": Form.implied}, {"expires_at": at(900)}]
)
def test_whatever_else_is_said_is_new(more: dict[str, Any]) -> None:
    """Other evidence, another form or another end is another statement, at the same moment too."""
    first = Scenario(CONSENT).when(said(GiveConsent, 7))
    assert len(first.when(said(GiveConsent, 7, **more)).events) == 1
    assert len(first.when(said(GiveConsent, 8)).events) == 1


def test_a_consent_is_expressed_or_implied() -> None:
    """A yes is express unless it is said to be implied; the event says which."""
    for form in Form:
        (event,) = CONSENT.decide(CONSENT.initial, said(GiveConsent, 3, form=form))
        assert isinstance(event, ConsentGiven)
        assert event.form is form
    assert said(GiveConsent, 3).form is Form.express


@pytest.mark.parametrize(
    ("purpose", "kind"),
    [
        (Purpose.marketing, Marketing.newsletter),
        (Purpose.cookies, Cookies.analytics),
        (Purpose.sharing, "hubspot"),
        (Purpose.ai_analysis, None),
    ],
)
def test_silence_is_no_consent_outside_a_call(purpose: Purpose, kind: str | None) -> None:
    """Going on is a consent to recording at most (GDPR Recital 32): elsewhere an act is needed."""
    implied = said(GiveConsent, 1, purpose, kind, form=Form.implied)
    Scenario(CONSENT).when(implied).refused("implied_consent_not_enough")
    assert Scenario(CONSENT).when(said(GiveConsent, 1, purpose, kind)).events


@pytest.mark.parametrize("command", SAYINGS)
def test_necessary_cookies_are_no_matter_of_consent(command: type[ConsentCommand]) -> None:
    """They can be neither agreed to nor refused, and whoever tries is told so."""
    asked = said(command, 1, Purpose.cookies, Cookies.necessary)
    Scenario(CONSENT).when(asked).refused("necessary_cookies_need_no_consent")


@pytest.mark.parametrize(
    ("purpose", "kind"),
    [
        (Purpose.recording, "newsletter"),
        (Purpose.marketing, None),
        (Purpose.marketing, "analytics"),
        (Purpose.cookies, "newsletter"),
        (Purpose.sharing, None),
        (Purpose.sharing, "+32470000001"),
        (Purpose.sharing, "somebody@example.com"),
        (Purpose.sharing, ""),
    ],
)
def test_a_kind_fits_its_purpose(purpose: Purpose, kind: str | None) -> None:
    """A purpose has the kinds that it has; what looks like a number is the name of nothing."""
    assert not is_kind_of(purpose, kind)
    Scenario(CONSENT).when(said(WithdrawConsent, 1, purpose, kind)).refused(
        "kind_does_not_fit_purpose"
    )


def test_a_consent_ends_after_it_began() -> None:
    """One that would expire before it was given is a mistake."""
    for second in (7, 3):
        early = said(GiveConsent, 7, expires_at=at(second))
        Scenario(CONSENT).when(early).refused("expires_before_it_begins")


@pytest.mark.parametrize("command", [AskConsent, GiveConsent])
def test_nothing_begins_for_who_is_erased(command: type[ConsentCommand]) -> None:
    """After an erasure nobody is asked and nothing is given, whatever was said before."""
    asked = structs.replace(said(command, 7), is_erased=True)
    Scenario(CONSENT).when(asked).refused("subject_erased")
    given_before = Scenario(CONSENT).when(said(GiveConsent, 1))
    given_before.when(asked).refused("subject_erased")


@pytest.mark.parametrize("command", [RefuseConsent, WithdrawConsent])
def test_an_end_is_always_heard(command: type[ConsentCommand]) -> None:
    """After an erasure a no and a withdrawal are accepted."""
    asked = structs.replace(said(command, 7), is_erased=True)
    story = Scenario(CONSENT).when(said(GiveConsent, 1)).when(asked)
    assert [type(event) for event in story.events] == [SAYINGS[command]]
    assert not valid_at(story.state, at(8))


def test_a_consent_holds_from_when_it_was_given_until_it_is_withdrawn() -> None:
    """Valid at T-1 and not at T+1: what was done before a withdrawal stays lawful."""
    told = consent(said(AskConsent, 0), said(GiveConsent, 10), said(WithdrawConsent, 60))
    moments = {0: False, 9.9: False, 10: True, 59.9: True, 60: False, 61: False}
    assert {moment: valid_at(told, at(moment)) for moment in moments} == moments


def test_where_a_consent_stands() -> None:
    """Asked, given, expired, refused, given again, withdrawn: at each moment what held then."""
    told = consent(
        said(AskConsent, 1),
        said(GiveConsent, 10, expires_at=at(20)),
        said(RefuseConsent, 30),
        said(GiveConsent, 40),
        said(AskConsent, 50),
        said(WithdrawConsent, 60),
    )
    stood = [standing_at(told, at(moment)) for moment in (0, 1, 10, 20, 30, 40, 50, 60)]
    assert stood == [
        None,
        Standing.asked,
        Standing.given,
        Standing.expired,
        Standing.refused,
        Standing.given,
        Standing.given,
        Standing.withdrawn,
    ]


def test_who_never_agreed_can_object() -> None:
    """A withdrawal needs no consent before it: it is an objection then (Art. 21)."""
    told = consent(said(WithdrawConsent, 5, Purpose.marketing, Marketing.calls))
    assert standing_at(told, at(5)) is Standing.withdrawn


def test_of_two_answers_at_one_moment_the_stricter_holds() -> None:
    """Whichever was heard first; and of two ends of a consent the earlier."""
    for weaker, stricter in pairwise(SAYINGS):
        for order in ((weaker, stricter), (stricter, weaker)):
            last = last_by(consent(*(said(command, 9) for command in order)))
            assert type(last) is SAYINGS[stricter]
    for ends in ((at(20), None), (None, at(20)), (at(20), at(30)), (at(30), at(20))):
        told = consent(*(said(GiveConsent, 9, expires_at=end) for end in ends))
        assert not valid_at(told, at(25))


def test_a_link_clicked_again_says_nothing_new() -> None:
    """Within the hour, as long as nothing came between; a later one, or another way, is heard."""
    clicked = said(WithdrawConsent, 10, evidence=CLICKED)
    hour = SAME_CLICK / timedelta(seconds=1)
    story = Scenario(CONSENT).when(clicked)
    again = said(WithdrawConsent, 9 + hour, evidence=CLICKED)
    story.when(again).nothing_happens()
    assert story.when(said(WithdrawConsent, 10 + hour, evidence=CLICKED)).events
    assert story.when(said(WithdrawConsent, 11)).events
    assert story.when(said(GiveConsent, 20)).when(again).events


STATEMENTS = st.lists(
    st.builds(
        said,
        st.sampled_from(tuple(SAYINGS)),
        st.integers(0, 6),
        evidence=st.sampled_from((PRESSED, WRITTEN)),
    )
    | st.builds(said, st.just(GiveConsent), st.integers(0, 6), expires_at=st.just(at(8))),
    max_size=8,
)


@given(said_once=STATEMENTS, data=st.data())
def test_any_order_and_repetition_is_the_same_consent(
    said_once: Sequence[ConsentCommand], data: st.DataObject
) -> None:
    """Late, twice or in disorder: the same consent, and the same answer at every moment."""
    disorder = data.draw(disorders(said_once)) if said_once else []
    once, disordered = consent(*said_once), consent(*disorder)
    assert disordered == once
    for second in range(10):
        assert standing_at(disordered, at(second)) is standing_at(once, at(second))


@given(told=STATEMENTS, moment=st.integers(0, 9))
def test_what_is_said_later_changes_nothing_of_before(
    told: Sequence[ConsentCommand], moment: int
) -> None:
    """Where a consent stood is told by what was said by then, whatever follows."""
    by_then = [command for command in told if command.occurred_at <= at(moment)]
    assert standing_at(consent(*told), at(moment)) is standing_at(consent(*by_then), at(moment))


def test_nobody_s_words_are_remembered() -> None:
    """The state that a writer keeps in memory holds no reference to what somebody said."""
    words = Clear({"text": "call me Ishmael"}, Category.consent_evidence, subject=SUBJECT_ID)
    (event,) = CONSENT.decide(CONSENT.initial, said(GiveConsent, 1, words=words))
    (kept,) = CONSENT.evolve(CONSENT.initial, sealed(event)).said
    assert kept.words is None
    assert b"Ishmael" not in msgspec.json.encode(kept)


def test_all_channels_are_equal() -> None:
    """By link, in an account or by letter: each closes the gate."""
    for channel in Channel:
        by = structs.replace(WRITTEN, channel=channel)
        told = consent(said(GiveConsent, 1), said(WithdrawConsent, 2, evidence=by))
        assert not valid_at(told, at(2))


def test_a_refusal_names_its_rule_and_nobody() -> None:
    """A kind that is refused may be somebody's number: it is not quoted."""
    with pytest.raises(Refused) as refusal:
        CONSENT.decide(CONSENT.initial, said(GiveConsent, 1, Purpose.sharing, "+32470000001"))
    assert "32470000001" not in str(refusal.value)
