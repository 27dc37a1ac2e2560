"""The rules of a call, one story each: what a report of a leg adds to what is known."""

from decimal import Decimal
from itertools import combinations

import pytest
from msgspec import structs
from reports import at, leg, leg_of, party, report
from scenario import Scenario
from sealing import sealed

from domain.calls.call import CALL
from domain.calls.commands import PriceLeg, ReportLeg
from domain.calls.events import (
    CallCampaignNamed,
    CallRouted,
    LegAnswered,
    LegDescribed,
    LegDialed,
    LegEnded,
    LegPriced,
    LegQueued,
    LegRang,
    LegRegistered,
)
from domain.calls.state import Call, Leg
from domain.calls.words import Answerer, Direction, LegStatus, Step
from domain.messages import Event
from domain.personal_data import Category, Clear, Sealed

LINE = leg_of("line")
DESK = leg_of("desk")
REGISTERED = LegRegistered(leg_id=LINE, provider_id="line")
EVENTS = {
    LegStatus.queued: LegQueued,
    LegStatus.dialing: LegDialed,
    LegStatus.ringing: LegRang,
    LegStatus.answered: LegAnswered,
}


def ended(status: LegStatus, moment: float, sequence: int | None = 0) -> LegEnded:
    """The first leg's end."""
    return LegEnded(leg_id=LINE, status=status, occurred_at=at(moment), sequence=sequence)


def _unknown(event: Event) -> Clear:
    """What nobody understood of the report that led to this event."""
    fields = structs.asdict(event)["unknown_fields"]
    assert isinstance(fields, Clear)
    return fields


@pytest.mark.parametrize("status", EVENTS)
def test_a_first_report_registers_its_leg(status: LegStatus) -> None:
    """A leg is registered by whichever report of it comes first, then reported."""
    Scenario(CALL).when(report("line", f"{status}@3")).then(
        structs.replace(REGISTERED, occurred_at=at(3)),
        EVENTS[status](leg_id=LINE, sequence=0, occurred_at=at(3)),
    )


@pytest.mark.parametrize("status", [status for status in LegStatus if status.is_terminal])
def test_an_end_keeps_what_it_is_billed_by(status: LegStatus) -> None:
    """Every terminal status ends the leg, with its durations, its code and who picked up."""
    command = ReportLeg(
        leg_id=LINE,
        provider_id="line",
        status=status,
        duration_seconds=61,
        billed_minutes=2,
        sip_code=200,
        answered_by=Answerer.fax,
    )
    Scenario(CALL).given(REGISTERED).when(command).then(
        LegEnded(
            leg_id=LINE,
            status=status,
            duration_seconds=61,
            billed_minutes=2,
            sip_code=200,
            answered_by=Answerer.fax,
        )
    )


def test_a_repeat_says_nothing() -> None:
    """The same report again is not a second event, nor a second registration."""
    again = report("line", "ringing@3")
    Scenario(CALL).when(again).when(again).nothing_happens()


def test_a_retried_step_is_taken_once() -> None:
    """Twilio may ask twice what to do; the answer is a step of the call once."""
    (asked,) = leg("line", "ringing", direction=Direction.inbound, step=Step.dial)
    first = Scenario(CALL).when(asked)
    assert first.events[-1] == CallRouted(leg_id=LINE, step=Step.dial)
    first.when(asked).nothing_happens()


def test_another_step_is_another_event() -> None:
    """A call that was put through and then sent to voicemail took two steps."""
    dialed = CallRouted(leg_id=LINE, step=Step.dial)
    rang = LegRang(leg_id=LINE, sequence=0)
    (asked,) = leg("line", "ringing", step=Step.voicemail)
    Scenario(CALL).given(REGISTERED, rang, dialed).when(asked).then(
        CallRouted(leg_id=LINE, step=Step.voicemail)
    )


def test_a_late_report_takes_nothing_back() -> None:
    """A report that comes after the end is kept with its own time; the leg stays ended."""
    end = ended(LegStatus.no_answer, 30, 2)
    late = Scenario(CALL).given(REGISTERED, end).when(report("line", "answered@20"))
    late.then(LegAnswered(leg_id=LINE, sequence=0, occurred_at=at(20)))
    line = late.state.legs[LINE]
    assert (line.course.status, line.course.end.occurred_at) == (LegStatus.no_answer, at(30))
    assert not line.course.was_answered
    assert not line.course.is_live


@pytest.mark.parametrize("first", [0, 1])
def test_of_two_ends_the_billed_one_holds(first: int) -> None:
    """Contradictory ends are settled the same way whichever came first."""
    ends = [ended(LegStatus.failed, 30), ended(LegStatus.completed, 29)]
    story = Scenario(CALL).given(REGISTERED, ends[first], ends[1 - first])
    assert story.state.legs[LINE].course.end.status is LegStatus.completed


@pytest.mark.parametrize(("less", "more"), list(combinations((None, *Answerer), 2)))
def test_ends_that_differ_only_in_who_answered(less: Answerer | None, more: Answerer) -> None:
    """There is no tie between two different ends: the more certain finding is the end's."""
    ends = [
        structs.replace(ended(LegStatus.completed, 30), answered_by=found)
        for found in (less, more)
    ]
    line = Scenario(CALL).given(REGISTERED, *ends).state.legs[LINE]
    assert line.course.end.answered_by is line.course.answered_by is more


def test_a_child_before_its_parent_gets_the_parent_a_place() -> None:
    """The parent is the first leg at once, unregistered and not live, so it ends nothing."""
    story = Scenario(CALL).when(report("desk", "ringing@4", parent="line"))
    root = story.state.root
    assert (root.leg_id, root.is_registered, root.course.is_live) == (LINE, False, False)
    assert root.course.status is None
    assert [child.leg_id for child in story.state.children] == [DESK]


def test_a_parent_after_its_child_takes_its_place() -> None:
    """The parent's own first report registers it; the child stays what it was."""
    child = Scenario(CALL).when(report("desk", "ringing@4", parent="line"))
    story = child.when(report("line", "ringing@1"))
    assert [event.name for event in story.events] == ["call.leg_registered", "call.leg_rang"]
    assert story.state.root.is_registered
    assert story.state.legs[DESK] == child.state.legs[DESK]


def test_a_parent_before_its_child_keeps_its_place() -> None:
    """A child does not displace a parent that was registered already."""
    story = Scenario(CALL).when(report("line", "ringing@1"))
    parent = story.state.root
    assert story.when(report("desk", "ringing@4", parent="line")).state.root == parent


def test_a_leg_is_described_once_more_is_known() -> None:
    """A poor first report is made good by a richer one: parties and direction, each once."""
    caller, callee = party("+32470000001"), party("+32470000002")
    rich = ReportLeg(
        leg_id=LINE,
        provider_id="line",
        status=LegStatus.ringing,
        direction=Direction.inbound,
        caller=caller,
        callee=callee,
    )
    story = Scenario(CALL).given(REGISTERED).when(rich)
    story.then(
        LegDescribed(leg_id=LINE, direction=Direction.inbound, caller=caller, callee=callee),
        LegRang(leg_id=LINE),
    )
    story.when(rich).nothing_happens()


def test_what_is_known_is_not_described_again() -> None:
    """A party that is known stays; only what was missing is added."""
    first, other, callee = party("+32470000001"), party("+32470000003"), party("+32470000002")
    known = structs.replace(REGISTERED, caller=first)
    story = (
        Scenario(CALL)
        .given(known)
        .when(
            ReportLeg(
                leg_id=LINE,
                provider_id="line",
                status=LegStatus.ringing,
                caller=other,
                callee=callee,
            )
        )
    )
    assert story.events[0] == LegDescribed(leg_id=LINE, callee=callee)
    assert story.state.legs[LINE].caller is first


def test_a_description_adds_and_replaces_nothing() -> None:
    """Whatever a later description says, what was known of a leg stays."""
    caller, callee = sealed(structs.replace(REGISTERED, caller=party())).caller, party()
    known = {"direction": Direction.inbound, "caller": caller, "callee": callee}
    other = {"direction": Direction.outbound, "caller": party(), "callee": party()}
    first, second = (LegDescribed(leg_id=LINE, **update) for update in (known, other))
    line = Scenario(CALL).given(REGISTERED, first, second).state.legs[LINE]
    assert (line.direction, line.caller, line.callee) == tuple(known.values())


def test_a_bare_report_describes_nothing() -> None:
    """Three fields are enough to end a leg; what they do not say stays as it was."""
    known = structs.replace(REGISTERED, caller=party(), direction=Direction.inbound)
    bare = ReportLeg(leg_id=LINE, provider_id="line", status=LegStatus.completed)
    Scenario(CALL).given(known).when(bare).then(LegEnded(leg_id=LINE, status=LegStatus.completed))


def test_unknown_fields_belong_to_both_parties() -> None:
    """They may speak of either, so the erasure of either erases them."""
    caller, callee = party("+32470000001"), party("+32470000002")
    (told,) = leg("line", "ringing", caller=caller, callee=callee)
    fields = Clear({"fields": [["X", "y"]]}, Category.unclassified)
    story = Scenario(CALL).when(structs.replace(told, unknown_fields=fields))
    kept = _unknown(story.events[-1])
    assert kept.value is fields.value
    assert kept.about == (caller, callee)


def test_later_unknown_fields_belong_to_the_parties_known_by_then() -> None:
    """A report without parties is about the leg's own, as they lie sealed in the history."""
    known = sealed(structs.replace(REGISTERED, caller=party()))
    fields = Clear({"fields": [["X", "y"]]}, Category.unclassified)
    told = structs.replace(report("line", "ringing"), unknown_fields=fields)
    story = Scenario(CALL).given(known).when(told)
    (owner,) = _unknown(story.events[-1]).about
    assert isinstance(owner, Sealed)
    assert owner == known.caller


def test_unknown_fields_of_nobody() -> None:
    """Where no party is known at all, nobody is named as their owner."""
    fields = Clear({"fields": [["X", "y"]]}, Category.unclassified)
    told = structs.replace(report("line", "ringing"), unknown_fields=fields)
    assert _unknown(Scenario(CALL).when(told).events[-1]).about == ()


def test_nothing_is_known_before_the_first_report() -> None:
    """An empty call has no first leg and no others."""
    assert (Call().root, Call().children) == (None, ())


def test_a_price_is_written_down_once() -> None:
    """The same price again says nothing; another one takes its place; it changes nothing else."""
    dear = PriceLeg(leg_id=LINE, amount=Decimal("0.0170"), currency="USD")
    cheap = PriceLeg(leg_id=LINE, amount=Decimal("0.0085"), currency="USD")
    story = Scenario(CALL).given(REGISTERED, ended(LegStatus.completed, 60))
    before = story.state.legs[LINE]
    priced = story.when(dear).then(
        LegPriced(leg_id=LINE, amount=Decimal("0.0170"), currency="USD")
    )
    priced.when(dear).nothing_happens()
    after = priced.when(cheap).state.legs[LINE]
    assert after.price == (Decimal("0.0085"), "USD")
    assert unpriced(after) == unpriced(before)


def unpriced(leg: Leg) -> Leg:
    """A leg without its price."""
    return structs.replace(leg, price=None)


def test_a_report_after_the_price_keeps_it() -> None:
    """A late report of the leg leaves its price as it is."""
    priced = LegPriced(leg_id=LINE, amount=Decimal("0.0170"), currency="USD")
    story = Scenario(CALL).given(REGISTERED, priced).when(report("line", "completed@9"))
    assert story.state.legs[LINE].price == (Decimal("0.0170"), "USD")


def test_what_nobody_reported_has_no_price() -> None:
    """Neither a leg that is unknown, nor one that only its child has told us of."""
    price = PriceLeg(leg_id=LINE, amount=Decimal(1), currency="USD")
    Scenario(CALL).when(price).refused("price_of_unknown_leg")
    Scenario(CALL).when(report("desk", "ringing", parent="line")).when(price).refused(
        "price_of_unknown_leg"
    )


@pytest.mark.parametrize("status", LegStatus)
def test_the_books_word_counts_where_nobody_told_us(status: LegStatus) -> None:
    """Said afterwards and second hand, it fills a gap, and adds nothing to what was reported."""
    books = structs.replace(report("line", f"{status}@63"), sequence=None, second_hand=True)
    unheard = Scenario(CALL).given(REGISTERED).when(books)
    assert [event.occurred_at for event in unheard.events] == [at(63)]
    heard = Scenario(CALL).when(report("line", f"{status}@60"))
    heard.when(books).nothing_happens()


def test_any_end_is_an_end() -> None:
    """Whatever the books call it: of two ends the one that was reported stands alone."""
    books = structs.replace(report("line", "failed@63"), sequence=None, second_hand=True)
    Scenario(CALL).when(report("line", "completed@60")).when(books).nothing_happens()


def test_a_call_is_of_the_campaign_that_was_named_first() -> None:
    """It is named before anything else is said, so that all of it goes by its period."""
    named = structs.replace(report("line", "ringing"), campaign="spring")
    story = Scenario(CALL).when(named)
    assert story.events[0] == CallCampaignNamed(campaign="spring")
    again = story.when(structs.replace(named, campaign="autumn"))
    assert again.state.campaign == "spring"
    again.when(named).nothing_happens()
    assert Scenario(CALL).when(report("line", "ringing")).when(named).state.campaign == "spring"
