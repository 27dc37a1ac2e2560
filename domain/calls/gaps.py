"""Whether something that the provider told of a leg never reached us, as far as that shows."""

from domain.calls.state import Leg
from domain.calls.words import Direction, LegStatus


def is_whole(leg: Leg) -> bool:
    """Whether nothing is missing: an end, a number below the highest, or the first question.

    The provider numbers its reports of a leg from 0 on, and asks of an inbound first leg what to
    do with it, without a number. A leg whose *last* numbered report is missing has no end.
    """
    numbers = {report.sequence for report in leg.reports if report.sequence is not None}
    return (
        leg.course.end is not None
        and numbers == set(range(len(numbers)))
        and (
            leg.parent_id is not None or leg.direction is not Direction.inbound or _was_asked(leg)
        )
    )


def _was_asked(leg: Leg) -> bool:
    """Whether the provider asked what to do with the leg: then it rang, and had no number."""
    return any(r.status is LegStatus.ringing and r.sequence is None for r in leg.reports)
