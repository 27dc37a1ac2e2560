"""What shows that something told of a leg never came: told and withheld, one report at a time."""

from itertools import combinations

import pytest
from reports import leg
from sealing import tell

from domain.calls.call import CALL
from domain.calls.commands import ReportLeg
from domain.calls.gaps import is_whole
from domain.calls.words import Direction, Step

DESK = leg("desk", "dialing@0 ringing@2 answered@9 completed@69", parent="line")


def whole(told: list[ReportLeg]) -> bool:
    """Whether nothing is missing of the only leg that these reports register."""
    call, _ = tell(CALL, told)
    (known,) = [leg for leg in call.legs.values() if leg.is_registered]
    return is_whole(known)


@pytest.mark.parametrize("count", range(1, len(DESK) + 1))
def test_only_all_of_a_dialled_legs_reports_are_whole(count: int) -> None:
    """Whichever of them are missing, it shows; only the last may be an end, and 0 the first."""
    for told in combinations(DESK, count):
        assert whole(list(told)) is (count == len(DESK))


def test_a_leg_of_one_report_is_whole_when_it_ended() -> None:
    """Where only the end is asked for, the end is number 0."""
    assert whole(leg("desk", "completed@69", parent="line"))
    assert whole(leg("line", "completed@69", direction=Direction.outbound))


def test_an_end_without_a_number_is_an_end() -> None:
    """Some callbacks have none, and so do the provider's books."""
    (end,) = leg("desk", "completed@69", parent="line")
    told = [
        ReportLeg(
            leg_id=end.leg_id, provider_id="desk", parent_id=end.parent_id, status=end.status
        )
    ]
    assert whole(told)


def test_an_inbound_call_begins_with_a_question() -> None:
    """Its first leg rang, without a number: that is the provider asking what to do with it."""
    end = leg("line", "completed@69", direction=Direction.inbound)
    (rang,) = leg("line", "ringing", direction=Direction.inbound, step=Step.dial)
    question = ReportLeg(
        leg_id=rang.leg_id, provider_id="line", direction=rang.direction, status=rang.status
    )
    assert not whole(end)
    assert not whole([question])
    assert whole([question, *end])
