"""The call log's SQL: pages of calls by filter, in an order that pages can walk along.

Every statement names its workspace, although row-level security stands under it.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, LiteralString, NamedTuple
from uuid import UUID

import msgspec

from adapters.event_store.values import Reference
from adapters.postgres.pool import Connection
from projections.call_log.build import Named
from projections.paging import Place

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Sort(StrEnum):
    """The order of a page. A minus means descending."""

    newest = "-started_at"
    oldest = "started_at"
    longest = "-duration"
    shortest = "duration"

    @property
    def is_by_duration(self) -> bool:
        """Whether its key is the duration, and not the start."""
        return self in (Sort.longest, Sort.shortest)


class CallRow(NamedTuple):
    """A row of the call log."""

    call_id: UUID
    version: int
    recorded_at: datetime
    started_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    ring_seconds: int | None
    talk_seconds: int | None
    duration_seconds: int | None
    direction: str | None
    outcome: str | None
    leg_count: int
    leg_statuses: list[str]
    caller: dict[str, Any] | None
    callee: dict[str, Any] | None
    sort_key: int

    @property
    def place(self) -> Place:
        """Where it stands in the order that it was asked for in."""
        return Place(self.sort_key, self.call_id)

    def reference(self, role: str) -> Reference | None:
        """Where the ``caller`` or the ``callee`` lies in the vault."""
        party: dict[str, Any] | None = getattr(self, role)
        if party is None:
            return None
        named = msgspec.convert(party, Named)
        return Reference(self.call_id, named.version, role, named.sealed)


_SELECT: Final[LiteralString] = """
    SELECT call_id, version, recorded_at, started_at, answered_at, ended_at, ring_seconds,
           talk_seconds, duration_seconds, direction, outcome, leg_count, leg_statuses,
           caller, callee,
"""
_FROM: Final[LiteralString] = "FROM call_log WHERE workspace_id = %(workspace_id)s"
_KEYS: Final[Mapping[bool, LiteralString]] = MappingProxyType(
    {
        False: "(extract(epoch FROM sort_at) * 1000000)::bigint",
        True: "coalesce(duration_seconds, -1)::bigint",
    }
)
_FILTERS: Final[Mapping[str, LiteralString]] = MappingProxyType(
    {
        "started_after": "sort_at >= %(started_after)s",
        "started_before": "sort_at < %(started_before)s",
        "subject_id": "(caller_subject = %(subject_id)s OR callee_subject = %(subject_id)s)",
        "direction": "direction = %(direction)s",
        "outcome": "outcome = %(outcome)s",
        "leg_status": "%(leg_status)s = ANY (leg_statuses)",
        "min_duration": "duration_seconds >= %(min_duration)s",
        "max_duration": "duration_seconds <= %(max_duration)s",
    }
)
_AFTER: Final[Mapping[Sort, LiteralString]] = MappingProxyType(
    {
        Sort.newest: "(sort_at, call_id) < (%(key)s, %(row_id)s)",
        Sort.oldest: "(sort_at, call_id) > (%(key)s, %(row_id)s)",
        Sort.longest: "(coalesce(duration_seconds, -1), call_id) < (%(key)s, %(row_id)s)",
        Sort.shortest: "(coalesce(duration_seconds, -1), call_id) > (%(key)s, %(row_id)s)",
    }
)
_ORDERS: Final[Mapping[Sort, LiteralString]] = MappingProxyType(
    {
        Sort.newest: "ORDER BY sort_at DESC, call_id DESC LIMIT %(limit)s",
        Sort.oldest: "ORDER BY sort_at, call_id LIMIT %(limit)s",
        Sort.longest: "ORDER BY coalesce(duration_seconds, -1) DESC, call_id DESC LIMIT %(limit)s",
        Sort.shortest: "ORDER BY coalesce(duration_seconds, -1), call_id LIMIT %(limit)s",
    }
)
_COUNT: Final[LiteralString] = """
    SELECT count(*) FROM call_log
    WHERE workspace_id = %(workspace_id)s
        AND (caller_subject = %(subject_id)s OR callee_subject = %(subject_id)s)
"""


async def find_calls(
    connection: Connection,
    workspace_id: UUID,
    filters: Mapping[str, object],
    *,
    sort: Sort = Sort.newest,
    limit: int = 50,
    after: Place | None = None,
) -> list[CallRow]:
    """The next calls that pass the filters, at most ``limit``. Filters have ``_FILTERS``' names.

    A call that nobody told the start of is filtered and sorted by when we first heard of it.
    """
    parameters = {**filters, "workspace_id": workspace_id, "limit": limit}
    if after is not None:
        key = after.key if sort.is_by_duration else _EPOCH + after.key * _MICROSECOND
        parameters |= {"key": key, "row_id": after.row_id}
    cursor = connection.cursor(binary=True)
    # Not prepared: a plan for these filters beats one for any.
    await cursor.execute(
        page_query(tuple(filters), sort, is_continued=after is not None), parameters, prepare=False
    )
    return [CallRow(*row) for row in await cursor.fetchall()]


def page_query(filters: tuple[str, ...], sort: Sort, *, is_continued: bool) -> LiteralString:
    """The statement of a page: constants of this module, put together."""
    conditions = [_FROM, *(_FILTERS[name] for name in filters)]
    if is_continued:
        conditions.append(_AFTER[sort])
    return " ".join((_SELECT, _KEYS[sort.is_by_duration], " AND ".join(conditions), _ORDERS[sort]))


async def count_calls(connection: Connection, workspace_id: UUID, subject_id: UUID) -> int:
    """How many calls the subject is the caller or the callee of."""
    parameters = {"workspace_id": workspace_id, "subject_id": subject_id}
    rows = await connection.execute(_COUNT, parameters)
    count: int = (await rows.fetchall())[0][0]
    return count
