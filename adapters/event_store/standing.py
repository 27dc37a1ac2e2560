"""What stands in the way of destruction now: holds, and what restrictions freeze."""

from typing import Final
from uuid import UUID

from adapters.postgres.pool import Connection

_WAITING_FOR: Final = """
    SELECT DISTINCT hold_id FROM held WHERE workspace_id = %(workspace)s AND (
        held_id IN (%(workspace)s, %(subject)s)
        OR held_id IN (SELECT unnest(concerns) FROM escrow WHERE subject_ids @> ARRAY[%(subject)s])
    ) ORDER BY hold_id
"""
_IN_THE_WAY: Final = """
    SELECT DISTINCT hold_id FROM held WHERE workspace_id = %s AND held_id = ANY(%s)
    ORDER BY hold_id
"""
_IS_HELD: Final = "SELECT EXISTS (SELECT 1 FROM held WHERE workspace_id = %s)"
_IS_RESTRICTED: Final = """
    SELECT EXISTS (SELECT 1 FROM subjects WHERE workspace_id = %s AND subject_id = ANY(%s)
                   AND restricted_at IS NOT NULL)
"""


async def waiting_for(connection: Connection, workspace_id: UUID, subject_id: UUID) -> list[UUID]:
    """The holds because of which something of a subject is there or stays there.

    Of a living one: those in the way of their erasure. Of an erased one: those for which values
    of theirs are in escrow. With none of them left, an erasure is whole.
    """
    parameters = {"workspace": workspace_id, "subject": subject_id}
    rows = await connection.execute(_WAITING_FOR, parameters)
    return [hold_id for (hold_id,) in await rows.fetchall()]


async def in_the_way(connection: Connection, workspace_id: UUID, *held: UUID) -> list[UUID]:
    """The holds on any of these subjects and streams, or on the workspace by its own id."""
    rows = await connection.execute(_IN_THE_WAY, (workspace_id, list(held)))
    return [hold_id for (hold_id,) in await rows.fetchall()]


async def is_kept(connection: Connection, workspace_id: UUID, *concerned: UUID) -> bool:
    """Whether a hold or a restriction keeps what concerns these subjects and streams."""
    held = await in_the_way(connection, workspace_id, *concerned, workspace_id)
    return bool(held) or await is_restricted(connection, workspace_id, *concerned)


async def is_held(connection: Connection, workspace_id: UUID) -> bool:
    """Whether a hold stands on anything of a workspace, which then does not end."""
    rows = await connection.execute(_IS_HELD, (workspace_id,))
    ((found,),) = await rows.fetchall()
    held: bool = found
    return held


async def is_restricted(connection: Connection, workspace_id: UUID, *subjects: UUID) -> bool:
    """Whether what is known of one of these is kept and not used: not read, analysed or sent."""
    rows = await connection.execute(_IS_RESTRICTED, (workspace_id, list(subjects)))
    ((found,),) = await rows.fetchall()
    restricted: bool = found
    return restricted
