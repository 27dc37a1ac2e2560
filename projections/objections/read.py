"""Finding the calls to whose recording somebody objects."""

from typing import Final, NamedTuple
from uuid import UUID

from adapters.postgres.pool import Connection

AT_ONCE: Final = 200
_OPEN: Final = """
    SELECT workspace_id, call_id FROM objections WHERE open_legs <> '{}'
    ORDER BY first_recorded_at LIMIT %s
"""


class Objected(NamedTuple):
    """Which call, and whose."""

    workspace_id: UUID
    call_id: UUID


async def open_objections(connection: Connection) -> list[Objected]:
    """The calls of a cell with an objection that is not met yet, the oldest first."""
    rows = await connection.execute(_OPEN, (AT_ONCE,))
    return [Objected(*row) for row in await rows.fetchall()]
