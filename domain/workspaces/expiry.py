"""Which buckets have come to the end of their period. Pure.

A bucket holds what was kept in one UTC day, and its period counts from the end of that day: so
nothing goes before its time, and everything within a day of it.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from domain.personal_data import Category
from domain.workspaces.profiles import Period, Start, Unit
from domain.workspaces.retention import KEPT_AS, Level, Ruling
from domain.workspaces.state import Workspace
from domain.workspaces.words import Kept


class Living(NamedTuple):
    """What is left of the buckets of one category and campaign."""

    category: Category
    campaign: str | None
    oldest: date


class Rule(NamedTuple):
    """By what something goes, while no hold and no restriction stands."""

    level: Level
    period: Period
    source: str


class Due(NamedTuple):
    """Those of them up to and with a day are to go, and by which rule."""

    category: Category
    campaign: str | None
    last_day: date
    level: Level
    period: Period
    source: str


def due(workspace: Workspace, living: Iterable[Living], today: date) -> Iterator[Due]:
    """Which of a workspace's buckets are due, by the rules of that UTC day.

    Of a workspace whose key is destroyed all are, by the promise that was made at its closure.
    Holds are no matter of buckets: what they keep is taken out of a bucket before it goes.
    """
    is_ended = workspace.closure is not None and workspace.closure.is_final
    for one in living:
        rule = _account(workspace, today) if is_ended else rule_for(workspace, one, today)
        if rule is None:
            continue
        last_day = today if is_ended else rule.period.over(today)
        if one.oldest <= last_day:
            yield Due(one.category, one.campaign, last_day, *rule)


def due_again(workspace: Workspace, bucket: Living) -> Due:
    """That a bucket goes once more, which had come to its end in a database that is lost.

    It names the rule of that day: which it went by then is in the history that is lost.
    """
    retention = workspace.settings.retention
    ruling = retention.explain(KEPT_AS[bucket.category], bucket.campaign, bucket.oldest).ruling
    period = ruling.period or Period(0, Unit.days)
    return Due(
        bucket.category, bucket.campaign, bucket.oldest, ruling.level, period, ruling.source
    )


def rule_for(workspace: Workspace, living: Living, today: date) -> Rule | None:
    """By what these go; ``None`` for what is not counted from when it was kept."""
    retention = workspace.settings.retention
    found = retention.explain(KEPT_AS[living.category], living.campaign, today)
    return _rule(found.ruling) if found.start is Start.kept else None


def _account(workspace: Workspace, today: date) -> Rule | None:
    return _rule(workspace.settings.retention.explain(Kept.account, None, today).ruling)


def _rule(ruling: Ruling) -> Rule | None:
    return Rule(ruling.level, ruling.period, ruling.source) if ruling.period else None
