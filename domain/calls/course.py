"""How a leg went: the set of its reports, and what they come to, whatever their order.

A provider's reports come late, twice and in any order. So a leg keeps them as a *set*, and
everything else is read off the set, in one walk over it: its ``Course``.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import msgspec

from domain.calls.words import Answerer, LegStatus


class Report(msgspec.Struct, frozen=True, gc=False):
    """One thing the provider said of a leg. Equal reports are the same report."""

    status: LegStatus
    sequence: int | None
    occurred_at: datetime | None
    answered_by: Answerer | None = None
    duration_seconds: int | None = None
    billed_minutes: int | None = None
    sip_code: int | None = None


class Course(msgspec.Struct, frozen=True, gc=False):
    """How a leg went, as far as it was reported."""

    status: LegStatus | None
    """The furthest status reported; ``None`` for a leg not yet reported."""

    end: Report | None
    """The report of its end. Of contradictory ones always the same, see ``LegStatus``."""

    answered_by: Answerer | None
    """Who or what picked up."""

    began_by: datetime | None
    """A time by which it had begun; an end tells of one that is its duration earlier."""

    firsts: Mapping[LegStatus, datetime]
    """When it first had a status, by the provider's clock."""

    @property
    def was_answered(self) -> bool:
        """Whether a party picked up. Once the leg has ended, its end alone decides that."""
        return self.status is LegStatus.answered or self.status is LegStatus.completed

    @property
    def is_live(self) -> bool:
        """Whether it was reported and has not ended."""
        return self.status is not None and self.end is None


def course_of(reports: Iterable[Report], findings: Iterable[Answerer] = ()) -> Course:
    """What these reports come to, with what was found of who picked up. Walks over them anew."""
    status: LegStatus | None = None
    end: Report | None = None
    answered_by = max(findings, key=lambda found: found.rank, default=None)
    began_by: datetime | None = None
    firsts: dict[LegStatus, datetime] = {}
    for report in reports:
        said, at, answerer = report.status, report.occurred_at, report.answered_by
        if status is None or said.rank > status.rank:
            status = said
        if said.is_terminal and (end is None or _weight(report) > _weight(end)):
            end = report
        if answerer is not None and (answered_by is None or answerer.rank > answered_by.rank):
            answered_by = answerer
        if at is not None:
            if said not in firsts or at < firsts[said]:
                firsts[said] = at
            began_by = earlier(began_by, _began_by(report, at))
    return Course(status, end, answered_by, began_by, firsts)


def earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    """The earlier of two times, as far as they are known."""
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


def later(one: datetime | None, other: datetime | None) -> datetime | None:
    """The later of two times, as far as they are known."""
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)


def _began_by(report: Report, at: datetime) -> datetime:
    return at - timedelta(seconds=report.duration_seconds) if report.duration_seconds else at


def _weight(report: Report) -> tuple[int, ...]:
    """A total order of ends, so that the choice never depends on which came first."""
    at, answerer = report.occurred_at, report.answered_by
    known = (
        report.sequence,
        int(at.timestamp() * 1_000_000) if at else None,
        answerer.rank if answerer else None,
        report.duration_seconds,
        report.billed_minutes,
        report.sip_code,
    )
    return (report.status.rank, *(-1 if number is None else number for number in known))
