"""The message log's SQL: pages of messages by filter, in an order that pages can walk along."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, LiteralString, NamedTuple
from uuid import UUID

import msgspec

from adapters.event_store.values import Reference
from adapters.postgres.pool import Connection
from domain.errors import NotFound
from projections.call_log.build import Named
from projections.paging import Place

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class MessageSort(StrEnum):
    """The order of a page. A minus means descending."""

    newest = "-recorded_at"
    oldest = "recorded_at"


class MessageRow(NamedTuple):
    """A row of the message log."""

    message_id: UUID
    version: int
    first_recorded_at: datetime
    recorded_at: datetime
    direction: str | None
    status: str | None
    error_code: int | None
    segments: int | None
    media: int | None
    opt_out: str | None
    sender: dict[str, Any] | None
    recipient: dict[str, Any] | None
    sort_key: int

    @property
    def place(self) -> Place:
        """Where it stands in the order of time."""
        return Place(self.sort_key, self.message_id)

    def reference(self, role: str) -> Reference | None:
        """Where the ``sender`` or the ``recipient`` lies in the vault."""
        party: dict[str, Any] | None = getattr(self, role)
        if party is None:
            return None
        named = msgspec.convert(party, Named)
        return Reference(self.message_id, named.version, role, named.sealed)


_SELECT: Final[LiteralString] = """
    SELECT message_id, version, first_recorded_at, recorded_at, direction, status, error_code,
           segments, media, opt_out, sender, recipient,
           (extract(epoch FROM first_recorded_at) * 1000000)::bigint
    FROM message_log WHERE workspace_id = %(workspace_id)s
"""
_FILTERS: Final[Mapping[str, LiteralString]] = MappingProxyType(
    {
        "message_id": "message_id = %(message_id)s",
        "recorded_after": "first_recorded_at >= %(recorded_after)s",
        "recorded_before": "first_recorded_at < %(recorded_before)s",
        "subject_id": "(sender_subject = %(subject_id)s OR recipient_subject = %(subject_id)s)",
        "direction": "direction = %(direction)s",
        "status": "status = %(status)s",
        "error_code": "error_code = %(error_code)s",
    }
)
_AFTER: Final[Mapping[MessageSort, LiteralString]] = MappingProxyType(
    {
        MessageSort.newest: "(first_recorded_at, message_id) < (%(key)s, %(row_id)s)",
        MessageSort.oldest: "(first_recorded_at, message_id) > (%(key)s, %(row_id)s)",
    }
)
_ORDERS: Final[Mapping[MessageSort, LiteralString]] = MappingProxyType(
    {
        MessageSort.newest: "ORDER BY first_recorded_at DESC, message_id DESC LIMIT %(limit)s",
        MessageSort.oldest: "ORDER BY first_recorded_at, message_id LIMIT %(limit)s",
    }
)


async def find_messages(
    connection: Connection,
    workspace_id: UUID,
    filters: Mapping[str, object],
    *,
    sort: MessageSort = MessageSort.newest,
    limit: int = 50,
    after: Place | None = None,
) -> list[MessageRow]:
    """The next messages that pass the filters, at most ``limit``, by when we first heard of them.

    Filters have ``_FILTERS``' names.
    """
    parameters = {**filters, "workspace_id": workspace_id, "limit": limit}
    conditions = [_SELECT, *(_FILTERS[name] for name in filters)]
    if after is not None:
        parameters |= {"key": _EPOCH + after.key * _MICROSECOND, "row_id": after.row_id}
        conditions.append(_AFTER[sort])
    query: LiteralString = " ".join((" AND ".join(conditions), _ORDERS[sort]))
    cursor = connection.cursor(binary=True)
    # Not prepared: a plan for these filters beats one for any.
    await cursor.execute(query, parameters, prepare=False)
    return [MessageRow(*row) for row in await cursor.fetchall()]


async def read_message(connection: Connection, workspace_id: UUID, message_id: UUID) -> MessageRow:
    """One message; ``NotFound`` where the workspace has none by that id."""
    found = await find_messages(connection, workspace_id, {"message_id": message_id}, limit=1)
    if not found:
        raise NotFound("message")
    return found[0]
