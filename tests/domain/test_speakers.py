"""Whose voices a recording has: a key too many is a pity, one too few outlives an erasure."""

from collections.abc import Iterable

from reports import leg, party
from sealing import seal, tell

from domain.calls.call import CALL
from domain.calls.commands import ReportLeg
from domain.calls.speakers import MOST, Speakers, speakers
from domain.calls.words import Direction
from domain.personal_data import Clear

CALLER, DESK = party("+32470000001"), party("client:desk")
NUMBER, COLLEAGUE = party("+3225550100"), party("client:colleague")
INBOUND, OUTBOUND = Direction.inbound, Direction.outbound
TALKED, RANG_OUT = "answered@9 completed@60", "ringing@2 canceled@30"


def heard(*told: Iterable[ReportLeg]) -> Speakers | None:
    """Who is heard in the call that these legs make."""
    call, _ = tell(CALL, [report for one in told for report in one])
    return speakers(call)


def are(first: Iterable[Clear], second: Iterable[Clear]) -> Speakers:
    """These, as the history names them."""
    return Speakers(tuple(map(seal, first)), tuple(map(seal, second)))


def line(direction: Direction = INBOUND, callee: Clear = NUMBER) -> list[ReportLeg]:
    """The first leg of a call."""
    return leg("line", TALKED, direction=direction, caller=CALLER, callee=callee)


def dialed(name: str, callee: Clear, story: str = TALKED) -> list[ReportLeg]:
    """A leg that the first one dialled."""
    return leg(name, story, parent="line", direction=OUTBOUND, caller=NUMBER, callee=callee)


def test_a_call_that_was_put_through() -> None:
    """Who called, and who picked up; whoever's telephone only rang is not heard."""
    found = heard(line(), dialed("a", COLLEAGUE, RANG_OUT), dialed("b", DESK))
    assert found == are([CALLER], [DESK])
    assert found is not None
    assert found.all == (seal(CALLER), seal(DESK))


def test_the_order_of_the_callbacks_is_no_matter() -> None:
    """A child's often come before its parent's."""
    assert heard(dialed("b", DESK), line()) == are([CALLER], [DESK])


def test_a_call_that_was_handed_on_has_everybody() -> None:
    """Each who picked up, after the other, up to a bound."""
    found = heard(line(), dialed("a", COLLEAGUE), dialed("b", DESK))
    assert found == are([CALLER], [COLLEAGUE, DESK])
    many = [dialed(f"leg {n}", party(f"client:{n}")) for n in range(9)]
    crowd = heard(line(), *many)
    assert crowd is not None
    assert len(crowd.second) == len(crowd.all) == MOST
    assert crowd.all[0] == seal(CALLER)


def test_a_message_has_the_caller_and_our_own_end() -> None:
    """Nobody was dialled: what is heard beside the caller is the workspace's announcement."""
    assert heard(line()) == are([CALLER], [NUMBER])


def test_an_outbound_call_names_all_who_may_be_on_its_first_leg() -> None:
    """Whom we called, or an agent who called through us: the call alone does not tell which."""
    assert heard(line(OUTBOUND)) == are([CALLER, NUMBER], [CALLER])
    assert heard(line(OUTBOUND), dialed("a", DESK)) == are([CALLER, NUMBER], [DESK])


def test_where_one_is_unknown_the_other_locks_both() -> None:
    """A channel that nobody locked could be heard after every erasure."""
    alone = leg("line", TALKED, direction=INBOUND, caller=CALLER)
    assert heard(alone) == are([CALLER], [CALLER])
    only_child = dialed("a", DESK)
    assert heard(only_child) == are([DESK], [DESK])


def test_of_a_call_that_names_nobody_nobody_is_known() -> None:
    """There is nothing to lock its audio with."""
    assert heard(leg("line", TALKED)) is None
    assert heard() is None


def test_somebody_who_calls_themselves_is_one() -> None:
    """One person, one lock."""
    found = heard(line(callee=CALLER))
    assert found is not None
    assert found.all == (seal(CALLER),)
