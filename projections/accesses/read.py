"""The access entries of one subject, page by page, as they were written down."""

from datetime import UTC, datetime, timedelta
from typing import Final, LiteralString, NamedTuple
from uuid import UUID

import orjson

from adapters.keys.workspace_key import StaleKey, WorkspaceKey
from adapters.postgres.pool import Connection
from domain.accesses import AccessPurpose, Origin
from projections.paging import Place

_FIND: Final[LiteralString] = """
    SELECT access_id, accessed_at, reader, purpose, operation, request_id, streams, origin
    FROM accesses_to(%s, %s, %s, %s, %s, %s, %s)
"""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class AccessFilter(NamedTuple):
    """Which accesses."""

    since: datetime | None = None
    until: datetime | None = None
    """Before this time."""

    purpose: AccessPurpose | None = None


class AccessRow(NamedTuple):
    """One access to a subject's values. Whose else they were is not in it."""

    access_id: UUID
    accessed_at: datetime
    reader: str
    purpose: str
    operation: str
    request_id: UUID
    streams: list[UUID]
    origin: bytes | None

    @property
    def place(self) -> Place:
        """Where it stands: the newest come first."""
        return Place((self.accessed_at - _EPOCH) // _MICROSECOND, self.access_id)

    def opened_origin(self, key: WorkspaceKey) -> Origin | None:
        """Where the reader came from; ``None`` also where the key's epoch is over since."""
        if self.origin is None:
            return None
        try:
            return Origin(**orjson.loads(key.unwrap_origin(self.origin, self.access_id)))
        except StaleKey:
            return None


async def accesses_to(
    connection: Connection,
    subject_id: UUID,
    filters: AccessFilter,
    *,
    limit: int,
    after: Place | None = None,
) -> list[AccessRow]:
    """The accesses to a subject of this snapshot's workspace, the newest first."""
    before = (None, None) if after is None else (_EPOCH + after.key * _MICROSECOND, after.row_id)
    parameters = (subject_id, *filters, *before, limit)
    rows = await connection.execute(_FIND, parameters)
    return [AccessRow(*row) for row in await rows.fetchall()]
