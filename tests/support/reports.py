"""Reports of legs, told in one line each, for tests that speak our words and not Twilio's.

    leg("desk", "dialing@0 ringing@2 answered@9 completed@69", parent="line", seconds=60)

is the four commands of a leg that was dialled at second 0, rang at 2, and so on. A status
without an ``@`` is one whose time nobody told.
"""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from domain.calls.commands import ReportLeg
from domain.calls.words import Answerer, Direction, LegStatus, Step
from domain.identifiers import leg_id
from domain.personal_data import Category, Clear

WORKSPACE: Final = UUID("5b0f1c9e-3f4e-4d0a-9a57-0c5a4f3c2d10")
START: Final = datetime(2026, 3, 2, 13, 58, 7, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """That many seconds after the start of the test's call."""
    return START + timedelta(seconds=seconds)


def leg_of(name: str) -> UUID:
    """The id of the leg that a test calls by this name."""
    return leg_id(WORKSPACE, "test", name)


def party(address: str = "+32470000001") -> Clear:
    """Somebody at one end of a leg."""
    return Clear({"address": address}, Category.call_metadata, lookup=f"tel:{address}")


def leg(  # noqa: PLR0913 - a leg's end has that many facets
    name: str,
    story: str,
    *,
    parent: str | None = None,
    direction: Direction | None = None,
    seconds: int | None = None,
    sip: int | None = None,
    by: Answerer | None = None,
    step: Step | None = None,
    caller: Clear | None = None,
    callee: Clear | None = None,
) -> list[ReportLeg]:
    """A leg's reports in the order of the story; ``step`` comes with the first of them."""
    if parent is not None:
        direction = direction or Direction.outbound
    told = [word.partition("@") for word in story.split()]
    return [
        ReportLeg(
            leg_id=leg_of(name),
            provider_id=name,
            parent_id=leg_of(parent) if parent else None,
            parent_provider_id=parent,
            direction=direction,
            status=LegStatus[status],
            sequence=number,
            occurred_at=at(float(moment)) if moment else None,
            caller=caller,
            callee=callee,
            answered_by=by if LegStatus[status].rank >= LegStatus.answered.rank else None,
            duration_seconds=seconds if LegStatus[status].is_terminal else None,
            sip_code=sip if LegStatus[status].is_terminal else None,
            step=step if number == 0 else None,
        )
        for number, (status, _, moment) in enumerate(told)
    ]


def report(name: str, story: str, *, parent: str | None = None) -> ReportLeg:
    """The only report of a leg whose story is one status."""
    (command,) = leg(name, story, parent=parent)
    return command
