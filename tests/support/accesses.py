"""Access entries as tests make them, and as the owner sees them in the database."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from cells import Address

from adapters.wiring import now
from domain.accesses import AccessEntry, AccessPurpose, Origin, Reader

MARK: Final = "readsSomething"
"""An operation that nothing else on the wire is called."""

READER: Final = Reader(
    "api_key:test", AccessPurpose.dispute, MARK, UUID(int=9), Origin("192.0.2.77", "Browser/1.0")
)


def entry(address: Address, number: int, at: datetime | None = None) -> AccessEntry:
    """Somebody read something of one subject."""
    return AccessEntry(
        UUID(int=number), address.workspace_id, at or now(), READER, [UUID(int=1)], [UUID(int=2)]
    )


async def stored(address: Address) -> list[tuple[Any, ...]]:
    """Every entry of the cell, the oldest first: id, reader, purpose, operation, subjects."""
    return await address.sql(
        "SELECT access_id, reader, purpose, operation, subjects FROM access_entries "
        "ORDER BY accessed_at, access_id"
    )
